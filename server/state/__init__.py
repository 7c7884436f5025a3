"""The shared state of a person: what their tools keep for them, across conversations."""
