"""Draws every page in every language, size and orientation, measures it, and keeps the pictures.

    python tests/gallery.py --out DIR [--portrait | --landscape] [--pages welcome,pay]

Kivy has one window to a process, so an orientation is a process. Faults are printed one a line; none is good.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(Path(__file__).resolve().parent)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--portrait", action="store_true")
    which.add_argument("--landscape", action="store_true")
    parser.add_argument("--pages", default="")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)

    from kiosk import app
    app.configure(app.Window(1920, 1080) if options.landscape else app.Window(1080, 1920))
    faults = list(draw_all(options.out, "landscape" if options.landscape else "portrait", options.pages))
    print("\n".join(faults))
    return 1 if faults else 0


def draw_all(out: Path, orientation: str, pages: str) -> Iterator[str]:
    """Draws and measures; the faults."""
    from kivy.base import EventLoop
    from kivy.core.window import Window

    import inspection
    import scenes
    from kiosk.visit import Comfort, Size
    from kiosk.words import Language
    from screens.face import Face

    face = Face(inspection.Deaf(), scenes.HOSPITAL, now=lambda: 0.0, wall=lambda: scenes.NOW)
    Window.add_widget(face)
    EventLoop.window = Window
    wanted = tuple(pages.split(","))
    for name, scene in scenes.all_scenes().items():
        if not name.startswith(wanted):
            continue
        for language in Language:
            for size in Size:
                face.show(replace(scene, comfort=Comfort(language, size)))
                inspection.prepare(face, name)
                EventLoop.idle()
                EventLoop.idle()        # what a page does after its first frame: the payment code
                picture = f"{name}-{orientation}-{language}-{size}"
                inspection.save(out / f"{picture}.png")
                yield from (f"{picture}: {fault}" for fault in inspection.faults(face))


if __name__ == "__main__":
    sys.exit(main())
