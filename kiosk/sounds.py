"""Short sounds, by ALSA's own player: for the service menu's test, and for whoever looks away from the screen.

A sound is a file of assets/sounds. There is none to wait for: it is begun, and ends by itself.
"""

from __future__ import annotations

import shutil
import subprocess
from importlib import resources

PLAYER = "aplay"          # Debian: alsa-utils
MIXER = "amixer"          # of the same package
LONGEST = 5.0             # seconds


class Silent(Exception):
    """It could not be played. The message is a word or two for a technician."""


def play(name: str, volume: int) -> None:
    """Play a sound to its end, `volume` percent loud. Raises Silent."""
    player = shutil.which(PLAYER)
    if player is None:
        raise Silent(f"no {PLAYER}")
    mixer = shutil.which(MIXER)
    if mixer is not None:
        _run([mixer, "-q", "sset", "Master", f"{volume}%"])     # a card without such a knob has one on its box
    with resources.as_file(resources.files("assets").joinpath("sounds", f"{name}.wav")) as file:
        if not _run([player, "-q", str(file)]):
            raise Silent("no loudspeaker")


def _run(command: list[str]) -> bool:
    try:
        return subprocess.run(command, timeout=LONGEST, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
