"""One sentence of a screen: what was done or went wrong last; as long as there is neither, what is looked at."""

from __future__ import annotations

from textual.widgets import Static

from shared.errors import RingbackError


class ToldLine(Static):
    """What went wrong has the class ``-wrong``, and a sign of its own."""

    def __init__(self, about: str, *, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(about, id=id, markup=False)
        self._about = about
        self._is_about = True

    def look_at(self, about: str) -> None:
        """The person looks at this now."""
        self._about = about
        if self._is_about:
            self.update(about)

    def complain(self, error: RingbackError) -> None:
        """It went wrong."""
        self.tell(str(error), is_wrong=True)

    def tell(self, sentence: str, *, is_wrong: bool = False) -> None:
        """What was done or went wrong; empty once that is of the past."""
        self._is_about = not sentence
        self.set_class(is_wrong, "-wrong")
        self.update(f"\N{MULTIPLICATION SIGN} {sentence}" if is_wrong else sentence or self._about)
