"""What somebody who has the disk and the machine's key can read of what was sealed: whole, or only its beginning."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from kiosk.seal import HEAD, MARK, NONCE, TAG, sealing_key


def remains(data: bytes, key: bytes) -> Iterator[bytes]:
    """Everything sealed that begins somewhere in these bytes, in clear. Where its end is gone (the end of a page, another
    row on top of it), what can still be deciphered, and noise behind it: GCM is counter mode, whose parts stand alone."""
    secret = AES(sealing_key(key))
    for found in re.finditer(re.escape(MARK), data):
        at = found.start()
        if len(data) < at + HEAD.size + NONCE:
            continue
        _, deflated, length = HEAD.unpack_from(data, at)
        nonce = data[at + HEAD.size:at + HEAD.size + NONCE]
        body = data[at + HEAD.size + NONCE:][:max(length - TAG, 0)]
        clear = Cipher(secret, CTR(nonce + (2).to_bytes(4))).decryptor().update(body)      # 1 is the tag's own
        yield _inflated(clear) if deflated else clear


def _inflated(packed: bytes) -> bytes:
    """As far as it goes."""
    reader, clear = zlib.decompressobj(), b""
    for at in range(0, len(packed), 16):
        try:
            clear += reader.decompress(packed[at:at + 16])
        except zlib.error:
            break
    return clear
