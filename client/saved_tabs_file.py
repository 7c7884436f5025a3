"""The file in which the tabs outlive the program: ``tabs.json``, its lock, and what is set aside of it."""

from __future__ import annotations

import fcntl
import logging
import os
from contextlib import suppress
from pathlib import Path

from client.core.saved_tabs import SavedTabs, UnfitFileError, read_tabs

NAME = "tabs.json"
LOCK = "tabs.lock"
NEW = "tabs.new"
UNFIT = "tabs.unreadable"
PUT_AWAY = "tabs.before"
MOST_SET_ASIDE = 100

logger = logging.getLogger(__name__)


class SavedTabsFile:
    """Belongs to one program at a time, from :meth:`hold` until :meth:`close` or its end.

    ``remark`` is a sentence for the person about a file that could not be read.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock: int | None = None
        self.remark: str | None = None

    def hold(self) -> bool:
        """Make the file this program's; false if another one has it, or if there can be none."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self._folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            self.remark = (
                f"These tabs are not saved, and the saved ones stay away: {self._folder / LOCK} cannot be opened "
                f"({error.strerror}). See whose it is, then start again."
            )
            logger.warning("%s", self.remark)
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            logger.info(
                "another program has the saved tabs in %s; the ones of this program are not saved", self._folder
            )
            return False
        self._lock = lock
        return True

    def read(self) -> SavedTabs:
        """The tabs as they were left; none if there is no file, or it had to be set aside."""
        try:
            return read_tabs((self._folder / NAME).read_bytes())
        except FileNotFoundError:
            return SavedTabs()
        except (UnfitFileError, OSError) as error:
            reason = str(error) if isinstance(error, UnfitFileError) else (error.strerror or "it cannot be read")
            aside = self._set_aside(UNFIT)
            where = "It could not be set aside." if aside is None else f"It is kept as {aside}."
            self.remark = f"The saved tabs could not be read: {reason}. {where}"
            logger.warning("%s", self.remark)
            return SavedTabs()

    def put_away(self) -> None:
        """The tabs of before are not wanted now; they are kept beside."""
        if (self._folder / NAME).exists():
            logger.info("the tabs of before are kept as %s", self._set_aside(PUT_AWAY))

    def write(self, data: bytes) -> None:
        """Replace what is saved, so that after a crash at any moment either the old or the new is there, in full.

        Raises:
            OSError: if it cannot be written; what was saved before is still there.
        """
        new = self._folder / NEW
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o600)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        new.replace(self._folder / NAME)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def close(self) -> None:
        """Another program may have the file now."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _set_aside(self, name: str) -> Path | None:
        for number in range(1, MOST_SET_ASIDE + 1):
            aside = self._folder / f"{name}.{number}"
            if not aside.exists() or number == MOST_SET_ASIDE:
                with suppress(OSError):
                    return (self._folder / NAME).rename(aside)
        return None
