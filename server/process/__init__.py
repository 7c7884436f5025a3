"""The process around the server: settings, the data folder, its files and the command that manages keys."""
