"""Pure decisions of the client: events in, changes out."""
