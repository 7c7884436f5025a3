"""How servers tell each other things."""
