"""Sums on the wire of those who count in yuan; everywhere here it is fen."""

import re

_YUAN = re.compile(r"(\d{1,9})\.(\d{2})")


def yuan(amount: int) -> str:
    """2550 fen are "25.50"."""
    return f"{amount // 100}.{amount % 100:02d}"


def fen(text: str) -> int:
    """"25.50" are 2550 fen. Raises ValueError for anything else than yuan with two decimals."""
    found = _YUAN.fullmatch(text)
    if found is None:
        raise ValueError("not a sum in yuan")
    return int(found[1]) * 100 + int(found[2])
