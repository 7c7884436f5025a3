"""Pure decisions of the server: events in, effects out."""
