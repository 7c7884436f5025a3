"""What all tests share: hypothesis without deadlines, since machines are shared and noisy."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("ringback", deadline=None)
settings.load_profile("ringback")
