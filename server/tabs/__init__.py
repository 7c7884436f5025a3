"""Tabs as the server sees them: what is told to one, what it is asked, and who is there."""
