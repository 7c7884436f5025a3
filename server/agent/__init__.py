"""The only room that knows google.adk."""
