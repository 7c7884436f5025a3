"""What client and server agree on: ids, frames, errors, tool specs. Nothing here does I/O."""
