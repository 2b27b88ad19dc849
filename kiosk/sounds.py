"""Short sounds, by ALSA's own player: for the service menu's test, and for whoever looks away from the screen.

A sound is a file of assets/sounds. There is none to wait for: it is begun, and ends by itself.
"""

from __future__ import annotations

import shutil
import subprocess
from importlib import resources

PLAYER = "aplay"          # Debian: alsa-utils
LONGEST = 5.0             # seconds


class Silent(Exception):
    """It could not be played. The message is a word or two for a technician."""


def play(name: str) -> None:
    """Play a sound to its end. Raises Silent."""
    player = shutil.which(PLAYER)
    if player is None:
        raise Silent(f"no {PLAYER}")
    with resources.as_file(resources.files("assets").joinpath("sounds", f"{name}.wav")) as file:
        try:
            ended = subprocess.run([player, "-q", str(file)], timeout=LONGEST, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except (OSError, subprocess.TimeoutExpired):
            raise Silent(PLAYER) from None
    if ended.returncode:
        raise Silent("no loudspeaker")
