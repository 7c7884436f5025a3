"""How shared state stands in Redis, and the three steps that are made there in one go.

A person has one hash. Under each key it holds an entry: a version with what is kept (or that nothing is), or a floor: a
version without a word about what is kept, which says that anything older is wrong. Under the empty name it holds its
token: the generation it was made in, and what makes it unique. A hash of another generation counts as none.

What a reader brings from the database late may be old; so it brings the token that it found before it asked the
database. A writer's step needs none: it never makes an entry where there was none, which would claim that it is the
newest, but a floor, and so nothing older that is still on its way can come after it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from server.state.store import Stored

LIFE = 3600
"""How long a person's hash lives from its making, in seconds: far less than the database keeps traces."""

_FLOOR, _NOTHING, _DOCUMENT = b"f", b"n", b"d"
_NEVER = b"-"


@dataclass(frozen=True, slots=True)
class Script:
    """One step in Redis' own language."""

    text: str

    @property
    def sha(self) -> str:
        """The name that Redis gives it."""
        return hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()


READ = Script("""
local generation = redis.call('GET', KEYS[1])
if not generation then
  generation = ARGV[1]
  redis.call('SET', KEYS[1], generation)
end
local found = redis.call('HMGET', KEYS[2], '', ARGV[2])
if found[1] and string.sub(found[1], 1, #generation + 1) == generation .. ' ' then
  return found
end
local token = generation .. ' ' .. ARGV[1]
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[2], '', token)
redis.call('EXPIRE', KEYS[2], ARGV[3])
return {token, false}
""")
"""Keys: the generation, the person. Arguments: something unique, the key, LIFE. Gives the token and the entry."""

FILL = Script("""
local found = redis.call('HMGET', KEYS[1], '', ARGV[2])
if found[1] ~= ARGV[1] then return 0 end
if found[2] then
  local there, version = tonumber(string.match(found[2], '^%d+')), tonumber(string.match(ARGV[3], '^%d+'))
  local is_floor = string.match(found[2], '^%d+ f')
  if there > version or (there == version and not is_floor) then return 0 end
end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
return 1
""")
"""What a reader found in the database. Key: the person. Arguments: the token found before that, the key, the entry."""

PUT = Script("""
local found = redis.call('HMGET', KEYS[1], '', ARGV[1])
if not found[1] then return 0 end
local entry, version = ARGV[2], string.match(ARGV[2], '^%d+')
if found[2] and tonumber(string.match(found[2], '^%d+')) >= tonumber(version) then return 0 end
if not found[2] or string.match(found[2], '^%d+ f') then entry = version .. ' f -\\n' end
redis.call('HSET', KEYS[1], ARGV[1], entry)
return 1
""")
"""What a writer wrote, or may have written, to the database. Key: the person. Arguments: the key, the entry."""


def entry_of(stored: Stored) -> bytes:
    """What is kept, as it stands in Redis."""
    kind = _NOTHING if stored.document is None else _DOCUMENT
    end = _NEVER if stored.expires_at is None else repr(stored.expires_at).encode()
    return b"%d %b %b\n%b" % (stored.version, kind, end, (stored.document or "").encode())


def floor_at(version: int) -> bytes:
    """An entry that says only: whatever is older than ``version`` is wrong."""
    return b"%d %b %b\n" % (version, _FLOOR, _NEVER)


def answer_in(told: object) -> tuple[bytes, Stored | None]:
    """What ``READ`` told: the token, and what is kept; ``None`` where Redis does not know.

    Raises:
        ValueError: if it is nothing that our scripts write.
    """
    match told:
        case [bytes() as token, None]:
            return token, None
        case [bytes() as token, bytes() as entry]:
            return token, _stored_in(entry)
        case _:
            raise ValueError("no answer about shared state")


def _stored_in(entry: bytes) -> Stored | None:
    head, _, document = entry.partition(b"\n")
    version, kind, end = head.split(b" ")
    if kind == _FLOOR:
        return None
    if kind not in {_NOTHING, _DOCUMENT}:
        raise ValueError("no entry of shared state")
    return Stored(None if kind == _NOTHING else document.decode(), int(version), None if end == _NEVER else float(end))
