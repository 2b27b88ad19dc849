"""Ids that tell nothing: the number of a row, sealed with this installation's key.

Nobody can count up from one id to the next, or see from two of them how many lie between; and no table is needed to
open them. One AES block each (a permutation of 128 bits), of: the type, two numbers and a person, and a zero byte.
"""

from __future__ import annotations

import hashlib
import re
import struct
from functools import cache

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from django.conf import settings

_BLOCK = struct.Struct(">cQHIx")
_ID = re.compile(r"[0-9a-f]{32}")


@cache
def _cipher(secret: str) -> Cipher[ECB]:
    key = hashlib.sha256(b"fhir ids\0" + secret.encode()).digest()[:16]
    return Cipher(AES(key), ECB())          # one block, never a message: a mode has nothing to add


def seal(kind: str, number: int, part: int = 0, person: int = 0) -> str:
    """32 hexadecimal digits for row `number` of the type whose letter is `kind`. `part` < 65536, `person` < 2³²."""
    encryptor = _cipher(settings.SECRET_KEY).encryptor()
    return encryptor.update(_BLOCK.pack(kind.encode(), number, part, person)).hex()


def unseal(kind: str, id: str) -> tuple[int, int, int] | None:
    """number, part and person; None where it is not an id of that type that was sealed here."""
    if not _ID.fullmatch(id):
        return None
    block = _cipher(settings.SECRET_KEY).decryptor().update(bytes.fromhex(id))
    letter, number, part, person = _BLOCK.unpack(block)
    return (number, part, person) if letter == kind.encode() and block[15] == 0 and number < 1 << 48 else None


def number(kind: str, id: str) -> int | None:
    """The row's number alone."""
    found = unseal(kind, id)
    return found[0] if found and found[1:] == (0, 0) else None
