"""Reads the frames in tests/vectors/: a line `@<id> <kind> <note>`, then lines of hex."""

from __future__ import annotations

from pathlib import Path


def vectors(name: str) -> dict[str, bytes]:
    """The vectors of one file, by id."""
    text = (Path(__file__).parent / "vectors" / f"{name}.vec").read_text(encoding="utf-8")
    found: dict[str, bytes] = {}
    for part in text.split("@")[1:]:
        head, _, body = part.partition("\n")
        found[head.split()[0]] = bytes.fromhex(body)
    return found
