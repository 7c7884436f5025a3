"""Commands that work on the data of a server, one file each."""
