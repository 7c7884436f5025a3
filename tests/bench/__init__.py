"""Benchmarks: `python -m tests.bench` runs them all, peers and the floor beside us, and prints one table each."""
