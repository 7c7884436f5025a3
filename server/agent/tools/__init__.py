"""Tools that run in the server, one file each."""
