"""The ways in: listener, door, connection, ACP."""
