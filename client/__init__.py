"""The screen: a Textual program whose tabs each hold a line of their own to the server."""
