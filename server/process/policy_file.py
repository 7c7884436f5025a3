"""Reads the policy file, which only its owner may be able to change."""

from __future__ import annotations

import os
import stat
import tomllib
from pathlib import Path

from server.core.policy_reading import PolicyUnreadableError, rules_in
from server.core.policy_rules import PolicyRule
from shared.errors import UsageError

OTHERS_WRITE = 0o022
"""The bits of a file's mode by which its group, or anybody, may write it."""
MAX_BYTES = 1_000_000


def read_policy(file: Path, *, must_exist: bool) -> tuple[PolicyRule, ...]:
    """The rules of ``file``; none if it is not there and need not be.

    Raises:
        UsageError: if it cannot be read, others may write it, or it says what cannot be done. The sentence names the
            file and, where it is one of them, the rule.
    """
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        if must_exist:
            raise UsageError(f"There is no policy file {file}. Write one, or take the setting policy away.") from None
        return ()
    except OSError as error:
        raise _unusable(file, f"it cannot be read: {error.strerror}") from error
    try:
        _check(file, os.fstat(descriptor))
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            text = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise _unusable(file, f"it cannot be read: {error.strerror}") from error
    finally:
        os.close(descriptor)
    if len(text) > MAX_BYTES:
        raise _unusable(file, f"it is longer than {MAX_BYTES:,} bytes")
    try:
        return rules_in(tomllib.loads(text.decode()))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _unusable(file, f"it is no TOML: {error}") from error
    except PolicyUnreadableError as error:
        raise UsageError(f"The policy file {file}, {error}") from error


def _check(file: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise _unusable(file, "it is no file")
    if found.st_uid not in {0, os.geteuid()}:
        raise _unusable(file, "it belongs to another user, who could change what runs here")
    if found.st_mode & OTHERS_WRITE:
        raise _unusable(file, f"others may write it. Take that away: chmod go-w {file}")


def _unusable(file: Path, why: str) -> UsageError:
    return UsageError(f"The policy file {file} cannot be used: {why}.")
