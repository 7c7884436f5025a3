"""The embedded server: gate, sessions, agent, storage."""
