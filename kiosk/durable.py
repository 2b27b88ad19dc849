"""Small files that are whole after a power cut."""

from __future__ import annotations

import json
import os
from pathlib import Path


def save(path: Path, data: object) -> None:
    """`data` as JSON; see `write`."""
    write(path, json.dumps(data, ensure_ascii=False, indent=1).encode())


def write(path: Path, data: bytes) -> None:
    """The file is the old one or the new one, whatever happens meanwhile, and readable by its owner only."""
    fresh = path.with_suffix(".new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.rename(fresh, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)         # the new name, too
    finally:
        os.close(folder)
