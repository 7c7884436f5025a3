"""Turns, who holds them, and what a conversation keeps."""
