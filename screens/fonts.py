"""The faces the machine writes with: Noto Sans CJK SC for words, Material Icons for signs.

Debian ships Noto Sans CJK as a collection whose first face is the Japanese one, and that is the one SDL2_ttf loads:
Japanese forms of 直, 骨, 门 in a Chinese hospital. So the simplified Chinese face is taken out of the collection once,
at set-up: `python -m screens.fonts`.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
COLLECTIONS = Path("/usr/share/fonts/opentype/noto")
ICONS = Path("/usr/share/fonts/truetype/material-design-icons-iconfont/MaterialIcons-Regular.ttf")
FACE = "Noto Sans CJK SC"


class FontsMissing(Exception):
    """A face is not on this machine; the message says what to do."""


@dataclass(frozen=True)
class Fonts:
    """Paths of the faces."""

    regular: Path
    bold: Path
    icons: Path


def folder() -> Path:
    """Where the extracted faces lie: $KIOSK_STATE/fonts, or var/fonts of the checkout."""
    state = os.environ.get("KIOSK_STATE")
    return Path(state, "fonts") if state else CHECKOUT / "var" / "fonts"


def find() -> Fonts:
    """The faces. Raises FontsMissing."""
    for place in (folder(), CHECKOUT / "var" / "fonts"):
        fonts = Fonts(place / "NotoSansSC-Regular.otf", place / "NotoSansSC-Bold.otf", ICONS)
        if fonts.regular.exists() and fonts.bold.exists():
            break
    else:
        raise FontsMissing(f"The Chinese face is not in {folder()}: run `python -m screens.fonts` once.")
    if not ICONS.exists():
        raise FontsMissing(f"{ICONS} is missing: apt-get install fonts-material-design-icons-iconfont")
    return fonts


def extract() -> Path:
    """Takes the simplified Chinese faces out of Debian's collections; done before, it does nothing.

    Raises FontsMissing when the collections are not installed.
    """
    target = folder()
    target.mkdir(parents=True, exist_ok=True)
    for weight in ("Regular", "Bold"):
        _extract(COLLECTIONS / f"NotoSansCJK-{weight}.ttc", target / f"NotoSansSC-{weight}.otf")
    return target


def _extract(collection: Path, target: Path) -> None:
    from fontTools.ttLib import TTCollection

    if target.exists():
        return
    if not collection.exists():
        raise FontsMissing(f"{collection} is missing: apt-get install fonts-noto-cjk")
    with TTCollection(collection, lazy=True) as faces:
        face = next(face for face in faces if face["name"].getDebugName(1) == FACE)
        half_written = target.with_suffix(".part")
        face.save(half_written)
    half_written.replace(target)


if __name__ == "__main__":
    try:
        print(extract())
        find()
    except FontsMissing as missing:
        sys.exit(str(missing))
