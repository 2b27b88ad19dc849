"""Pictures of figures, drawn as SVG on the server: bars with their numbers written on them, so that colour says nothing
that is not also said in letters."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

_LABEL, _BAR, _STEP, _NUMBER = 190, 470, 34, 120      # user units


@dataclass(frozen=True)
class Bar:
    y: int
    label: str
    width: float        # of the bar, user units
    text: str           # the number, as people read it
    inside: float       # of the part in another pattern


@dataclass(frozen=True)
class Bars:
    title: str
    bars: list[Bar]
    ticks: list[tuple[float, str]]
    height: int
    width: int = _LABEL + _BAR + _NUMBER
    left: int = _LABEL
    thick: int = _STEP - 12

    @property
    def foot(self) -> int:
        return self.height - 22


def bars(title: str, rows: list[tuple[str, float, float]], unit: str = "") -> Bars:
    """Horizontal bars. rows: (label, value, the part of it in another pattern); all >= 0."""
    top = _nice(max((value for _, value, _ in rows), default=0))
    if unit == "%":
        top = 100
    scale = _BAR / top
    drawn = [Bar(at * _STEP + 8, label, value * scale, f"{value:g}{unit}", part * scale)
             for at, (label, value, part) in enumerate(rows)]
    ticks = [(_LABEL + _BAR * quarter / 4, f"{top * quarter / 4:g}{unit}") for quarter in range(5)]
    return Bars(title, drawn, ticks, len(rows) * _STEP + 40)


def _nice(most: float) -> int:
    """The end of the scale: 4, 8, 20, 40, 80, 200 …, so that its quarters are round."""
    end = 4
    for factor in _factors():
        end = 4 * factor
        if end >= ceil(most):
            break
    return end


def _factors() -> list[int]:
    return [lead * 10 ** power for power in range(7) for lead in (1, 2, 5)]
