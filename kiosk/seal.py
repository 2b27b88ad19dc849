"""Answers at rest: encrypted, and known to be whole.

AES-256-GCM (NIST SP 800-38D), under a key that is derived from the machine's for this alone. The nonce is random, 96 bits:
with one key, up to 2 ** 32 messages may be sealed so (section 8.3), and a kiosk with a thousand visits a day seals some
10 ** 8 in ten years.

What is sealed begins with a mark and its length, so that whoever looks for what was left behind in a file finds it there.
"""

from __future__ import annotations

import hmac
import os
import struct
import zlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MARK = b"\xf5KS1"
HEAD = struct.Struct(">4sBI")       # the mark; deflated (1) or as it is (0); bytes of what follows the nonce
NONCE, TAG = 12, 16      # bytes
SHORT = 1000    # bytes that are not deflated: two weeks of times are a hundred kilobytes of much the same words, one answer
#                 is not worth the looking


class Unsealed(ValueError):
    """This was sealed with another key, or is not whole."""


def sealing_key(key: bytes) -> bytes:
    """What the machine's key becomes for answers: 32 bytes."""
    return hmac.digest(key, b"answers", "sha256")


class Seal:
    """Of a machine with this key (any bytes; 32 of them random)."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(sealing_key(key))

    def seal(self, clear: bytes) -> bytes:
        deflated = len(clear) > SHORT
        body = zlib.compress(clear, 1) if deflated else clear
        head, nonce = HEAD.pack(MARK, deflated, len(body) + TAG), os.urandom(NONCE)
        return b"".join((head, nonce, self._cipher.encrypt(nonce, body, head)))

    def opened(self, sealed: bytes) -> bytes:
        """Raises Unsealed."""
        head, nonce, body = sealed[:HEAD.size], sealed[HEAD.size:HEAD.size + NONCE], sealed[HEAD.size + NONCE:]
        try:
            mark, deflated, length = HEAD.unpack(head)
            if mark != MARK or length != len(body):
                raise Unsealed("not sealed by this program")
            clear = self._cipher.decrypt(nonce, body, head)
            return zlib.decompress(clear) if deflated else clear
        except (struct.error, InvalidTag, zlib.error) as bad:
            raise Unsealed("sealed with another key, or not whole") from bad
