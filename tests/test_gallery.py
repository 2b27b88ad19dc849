"""Every page in every language, size and orientation: nothing cut, covered, too pale or too small to touch.

The pictures are kept in $GALLERY when that is set, for people to look at.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from virtual_screen import virtual_screen

HERE = Path(__file__).resolve().parent


@pytest.mark.parametrize("orientation", ["portrait", "landscape"])
def test_every_page_can_be_read_and_touched(orientation: str, tmp_path: Path) -> None:
    width, height = (1080, 1920) if orientation == "portrait" else (1920, 1080)
    out = Path(os.environ.get("GALLERY", tmp_path))
    with virtual_screen(width, height) as screen:
        drawn = subprocess.run([sys.executable, str(HERE / "gallery.py"), "--out", str(out), f"--{orientation}"],
                               env=os.environ | screen, capture_output=True, text=True, timeout=300)
    assert (drawn.returncode, drawn.stdout.strip(), drawn.stderr) == (0, "", "")
    assert len(list(out.glob(f"*-{orientation}-*.png"))) >= 100
