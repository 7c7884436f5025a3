"""Ringback's own two themes; every theme of Textual can be chosen too."""

from __future__ import annotations

from textual.theme import Theme

_GROUND = {
    "scrollbar-background": "transparent",
    "scrollbar-background-hover": "transparent",
    "scrollbar-background-active": "transparent",
    "scrollbar-corner-color": "transparent",
}
DARK = Theme(
    name="ringback-dark",
    primary="#7aa2f7",
    secondary="#b294f0",
    accent="#7dcfc0",
    warning="#f0b557",
    error="#f7768e",
    success="#93cf79",
    foreground="#d9dde8",
    background="#15171d",
    surface="#1c1f27",
    panel="#272b36",
    dark=True,
    variables={"scrollbar": "#3a4050", "scrollbar-hover": "#4b5368", "scrollbar-active": "#7aa2f7", **_GROUND},
)
LIGHT = Theme(
    name="ringback-light",
    primary="#2a5bd0",
    secondary="#7440b8",
    accent="#0b7a6b",
    warning="#9a5b00",
    error="#b8222d",
    success="#2c7431",
    foreground="#23262d",
    background="#fcfbf9",
    surface="#f3f1ec",
    panel="#e5e2da",
    dark=False,
    variables={"scrollbar": "#cfcbc0", "scrollbar-hover": "#b5b0a2", "scrollbar-active": "#2a5bd0", **_GROUND},
)
