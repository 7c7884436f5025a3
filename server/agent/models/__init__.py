"""The models: which one answers, and the scripted demo model."""
