"""One WebSocket as a tab sees it."""
