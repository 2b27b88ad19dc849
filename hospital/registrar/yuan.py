"""Money for people to read; everywhere else it is fen."""

from __future__ import annotations


def yuan(fen: int | None) -> str:
    """2550 is ¥25.50; nothing for None."""
    return "" if fen is None else f"¥{fen // 100}.{fen % 100:02d}"
