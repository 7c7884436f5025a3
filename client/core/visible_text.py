"""What the screen uses of :mod:`shared.visible_text`."""

from __future__ import annotations

from shared.visible_text import escaped, exact, is_invisible_in, visible, visible_cells

__all__ = ["escaped", "exact", "is_invisible_in", "visible", "visible_cells"]
