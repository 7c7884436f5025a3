"""Screens, one per file, each with its look beside it."""
