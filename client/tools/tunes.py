"""The three tracks that always exist: short loops, made of sine waves and nothing else."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

RATE = 22_050
"""Samples a second, one channel, 16 bits."""

LOUDEST = 0.35
"""Highest peak of a loop, of 1.0: background music stays in the background."""

_FULL_SCALE = 32_767
_A4_NOTE, _A4_HERTZ, _NOTES_PER_OCTAVE = 69, 440.0, 12
_PARTIALS = ((1, 1.0), (2, 0.28), (3, 0.09))


@dataclass(frozen=True, slots=True)
class Note:
    """``pitch`` is a MIDI note number; ``start`` and ``length`` are in beats."""

    start: float
    pitch: int
    length: float
    volume: float = 1.0


@dataclass(frozen=True, slots=True)
class Tune:
    """A loop of ``beats`` beats at ``tempo`` beats a minute; ``ring`` is how long a note sounds on, in seconds."""

    title: str
    tempo: float
    beats: int
    ring: float
    notes: tuple[Note, ...]

    @property
    def seconds(self) -> float:
        """How long the loop lasts."""
        return self.beats * 60 / self.tempo


def _arpeggio(chords: tuple[tuple[int, ...], ...], beats_per_chord: int, step: float) -> tuple[Note, ...]:
    notes: list[Note] = []
    for number, chord in enumerate(chords):
        first = number * beats_per_chord
        notes.append(Note(first, chord[0] - _NOTES_PER_OCTAVE, beats_per_chord, 0.8))
        notes.extend(
            Note(first + index * step, chord[index % len(chord)], step, 0.6)
            for index in range(int(beats_per_chord / step))
        )
    return tuple(notes)


def _pads(chords: tuple[tuple[int, ...], ...], beats_per_chord: int) -> tuple[Note, ...]:
    return tuple(
        Note(number * beats_per_chord, pitch, beats_per_chord, 0.5)
        for number, chord in enumerate(chords)
        for pitch in chord
    )


TUNES: tuple[Tune, ...] = (
    Tune(
        "Morning stairs",
        96,
        16,
        0.9,
        _arpeggio(((60, 64, 67, 72), (57, 60, 64, 69), (53, 57, 60, 65), (55, 59, 62, 67)), 4, 0.5),
    ),
    Tune(
        "Slow harbour", 60, 8, 2.2, _pads(((50, 57, 62, 65), (46, 53, 58, 62), (53, 60, 65, 69), (48, 55, 60, 64)), 2)
    ),
    Tune(
        "Night train",
        120,
        16,
        0.5,
        _arpeggio(((57, 64, 60, 64), (57, 65, 60, 65), (55, 62, 59, 62), (52, 59, 56, 59)), 4, 0.25),
    ),
)


def render(tune: Tune) -> array[int]:
    """The loop as samples; the tail of its last notes is laid over its beginning, so that it closes without a click."""
    total = round(tune.seconds * RATE)
    mixed = [0.0] * total
    for note in tune.notes:
        start = round(note.start * 60 / tune.tempo * RATE)
        length = round((note.length * 60 / tune.tempo + tune.ring) * RATE)
        fading = math.exp(-3 / (tune.ring * RATE))
        for partial, loudness in _PARTIALS:
            tone = _dying_sine(_hertz(note.pitch) * partial, fading, note.volume * loudness)
            for position, value in zip(range(start, start + length), tone, strict=False):
                mixed[position % total] += value
    peak = max(map(abs, mixed)) or 1.0
    scale = LOUDEST * _FULL_SCALE / peak
    return array("h", (round(value * scale) for value in mixed))


def _hertz(pitch: int) -> float:
    return _A4_HERTZ * math.pow(2, (pitch - _A4_NOTE) / _NOTES_PER_OCTAVE)


def _dying_sine(hertz: float, fading: float, loudness: float) -> Iterator[float]:
    # By its recurrence, y[n] = 2·r·cos(w)·y[n-1] - r²·y[n-2]: two multiplications a sample and no sin().
    step = 2 * math.pi * hertz / RATE
    first, second = 2 * fading * math.cos(step), -fading * fading
    before, now = 0.0, loudness * fading * math.sin(step)
    while True:
        yield before
        before, now = now, first * now + second * before
