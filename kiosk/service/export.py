"""Facts and logs on a USB stick, sealed so that only the fleet team reads them: a stick is easily lost.

X25519 with a key made for this one file, HKDF-SHA256, and AES-256-GCM over the whole archive (RFC 7748, 5869, NIST SP
800-38D). Nothing is ever read from a stick.
"""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kiosk.journal import Fact
from kiosk.requests import Refused

MAGIC = b"kiosk-logs-1\n"
SIZES = (32, 12)            # bytes: the file's own public key, the nonce
SUFFIX = ".kiosklogs"
ROOM = 2 ** 20              # bytes that stay free on the stick


def write(folder: Path, name: str, key: str, facts: Sequence[Fact], texts: dict[str, str]) -> str:
    """A sealed archive of the facts and texts in a folder of the stick; its file name.

    `key`: the fleet team's X25519 public key, 32 bytes in base64. Raises Refused: no_export_key, stick_full.
    """
    if not key:
        raise Refused("no_export_key")
    sealed = seal(_archive(facts, texts), base64.b64decode(key))
    if shutil.disk_usage(folder).free < len(sealed) + ROOM:
        raise Refused("stick_full")
    file = folder / f"{name}{SUFFIX}"
    try:
        with open(file, "wb") as out:
            out.write(sealed)
            out.flush()
            os.fsync(out.fileno())       # people pull sticks out as soon as the page says "done"
    except OSError:
        raise Refused("stick_full") from None
    return file.name


def stick(root: Path) -> Path:
    """The folder of the one stick that is mounted below `root` and can be written to. Raises Refused: no_stick."""
    try:
        found = [folder for folder in sorted(root.iterdir()) if folder.is_dir() and os.access(folder, os.W_OK)]
    except OSError:
        found = []
    if not found:
        raise Refused("no_stick")
    return found[0]


def seal(data: bytes, key: bytes) -> bytes:
    """For the holder of the private key of `key` (32 bytes) alone."""
    own = X25519PrivateKey.generate()
    public = own.public_key().public_bytes_raw()
    nonce = os.urandom(SIZES[1])
    secret = own.exchange(X25519PublicKey.from_public_bytes(key))
    return MAGIC + public + nonce + AESGCM(_key(secret, public + key)).encrypt(nonce, data, MAGIC)


def unseal(sealed: bytes, key: bytes) -> bytes:
    """What was sealed, by the private key (32 bytes). Raises ValueError, or InvalidTag for another key or a changed file."""
    if not sealed.startswith(MAGIC):
        raise ValueError("this is no file of a kiosk's logs")
    rest = sealed[len(MAGIC):]
    public, nonce, body = rest[:SIZES[0]], rest[SIZES[0]:sum(SIZES)], rest[sum(SIZES):]
    own = X25519PrivateKey.from_private_bytes(key)
    secret = own.exchange(X25519PublicKey.from_public_bytes(public))
    return AESGCM(_key(secret, public + own.public_key().public_bytes_raw())).decrypt(nonce, body, MAGIC)


def _key(secret: bytes, ends: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=ends, info=MAGIC).derive(secret)


def _archive(facts: Sequence[Fact], texts: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, text in {"facts.jsonl": "".join(_lines(facts)), **texts}.items():
            data = text.encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def _lines(facts: Sequence[Fact]) -> Iterator[str]:
    for fact in facts:
        yield json.dumps({"id": fact.id, "at": fact.at, "kind": fact.kind, **fact.data}, ensure_ascii=False) + "\n"
