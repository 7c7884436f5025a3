"""The file with the keys of JSON Web Tokens: read at the start, and again whenever it was changed."""

from __future__ import annotations

import logging
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

from server.gateway.jwks import KeysRefusedError, VerifyingKey, read_keys

logger = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""The file is looked at no more often than this, in seconds."""

MAX_BYTES = 2**18
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH

Look = tuple[int, int, int]


class KeyFile:
    """The keys as the file at ``path`` last had them right."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Read the file.

        Raises:
            KeysRefusedError: if it cannot be read, others could change it, or a key in it must not be used.
        """
        self._path = path
        self._clock = clock
        self._looked = clock()
        self._look = self._look_now()
        self._keys = self._read()

    def current(self) -> tuple[VerifyingKey, ...]:
        """The keys. A changed file counts within :data:`LOOK_EVERY`; one that became unusable changes nothing."""
        now = self._clock()
        if now - self._looked >= LOOK_EVERY:
            self._looked = now
            look = self._look_now()
            if look != self._look:
                self._look = look
                self._read_again()
        return self._keys

    def _read_again(self) -> None:
        try:
            self._keys = self._read()
        except KeysRefusedError as error:
            logger.error("the keys of before stay in use: %s", error)  # noqa: TRY400  (expected, and said in full)
        else:
            logger.info("the keys were read again from %s", self._path)

    def _look_now(self) -> Look | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _read(self) -> tuple[VerifyingKey, ...]:
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            try:
                found = os.fstat(descriptor)
                text = os.read(descriptor, MAX_BYTES + 1)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise self._refused(f"cannot be read: {error.strerror}") from error
        self._check(found, text)
        try:
            keys = read_keys(text)
        except KeysRefusedError as error:
            raise self._refused(str(error)) from error
        if found.st_mode & stat.S_IROTH and any(isinstance(key.material, bytes) for key in keys):
            raise self._refused("holds a secret, and everybody can read it. Close it with chmod 600")
        return keys

    def _check(self, found: os.stat_result, text: bytes) -> None:
        if not stat.S_ISREG(found.st_mode):
            raise self._refused("is no file")
        if found.st_uid not in (0, os.geteuid()):
            raise self._refused("belongs to another user")
        if found.st_mode & OTHERS_WRITE:
            raise self._refused("can be changed by others. Close it with chmod go-w")
        if len(text) > MAX_BYTES:
            raise self._refused(f"is longer than {MAX_BYTES} bytes")

    def _refused(self, what: str) -> KeysRefusedError:
        return KeysRefusedError(f"The file {self._path}, with the keys for JSON Web Tokens, {what}.")
