"""What this device can do: one file per frontend tool."""
