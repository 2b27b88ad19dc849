"""The black and white of QR codes and CODE128 bar codes, as the printer's firmware makes them."""

from __future__ import annotations

import qrcode
from barcode.charsets import code128  # type: ignore[import-untyped]

LEVELS = {48: qrcode.constants.ERROR_CORRECT_L, 49: qrcode.constants.ERROR_CORRECT_M,
          50: qrcode.constants.ERROR_CORRECT_Q, 51: qrcode.constants.ERROR_CORRECT_H}
_SHIFT = {b"A": 101, b"B": 100, b"C": 99}      # the symbols that change the code set


def qr(data: bytes, level: int) -> tuple[tuple[bool, ...], ...]:
    """The rows of a QR code without its quiet zone. Raises ValueError when the data does not fit."""
    code = qrcode.QRCode(error_correction=LEVELS[level], box_size=1, border=0)
    code.add_data(data)
    code.make(fit=True)
    return tuple(tuple(bool(module) for module in row) for row in code.get_matrix())


def bars(data: bytes) -> tuple[str, tuple[bool, ...]]:
    """Text and modules of a CODE128 symbol from ESC/POS data, which names its code sets: {A, {B, {C.

    Raises ValueError when the data does not begin with a code set or holds what the set does not have.
    """
    if data[:1] != b"{" or data[1:2] not in _SHIFT:
        raise ValueError("CODE128 begins with its code set")
    current = data[1:2]
    values, text = [code128.START_CODES[current.decode()]], ""
    rest = data[2:]
    while rest:
        if rest[:1] == b"{" and rest[1:2] in _SHIFT:
            current, rest = rest[1:2], rest[2:]
            values.append(_SHIFT[current])
        elif rest[:2] == b"{{":
            rest, text = rest[2:], text + "{"
            values.append(_symbol(current, "{"))
        elif current == b"C":
            if rest[0] > 99:
                raise ValueError("code set C holds 0 to 99")
            values.append(rest[0])
            rest, text = rest[1:], text + f"{rest[0]:02d}"
        else:
            values.append(_symbol(current, chr(rest[0])))
            rest, text = rest[1:], text + chr(rest[0])
    values.append((values[0] + sum(i * value for i, value in enumerate(values[1:], 1))) % 103)
    modules = "".join(code128.CODES[value] for value in values) + code128.STOP + "11"
    return text, tuple(module == "1" for module in modules)


def _symbol(code_set: bytes, character: str) -> int:
    table: dict[str, int] = code128.A if code_set == b"A" else code128.B
    if character not in table:
        raise ValueError(f"{character!r} is not in code set {code_set.decode()}")
    return table[character]
