"""The merchant's application: made on the first start, kept in two folders: the twin's own key lies in `<name>-twin`."""

import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding, NoEncryption, PrivateFormat, PublicFormat, load_pem_private_key)


@dataclass(frozen=True)
class Account:
    """What Alipay knows of the merchant, and its own key for this merchant."""

    app_id: str
    seller_id: str
    merchant_key: rsa.RSAPublicKey = field(repr=False)
    own_key: rsa.RSAPrivateKey = field(repr=False)


def settle(folder: Path, gateway: str, notify_url: str) -> Account:
    """Make the keys if there are none, and write where the twin listens now (`gateway`) into account.json."""
    own_folder = folder.with_name(folder.name + "-twin")
    for place in (folder, own_folder):
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
    words_file, merchant_file = folder / "account.json", folder / "app_private_key.pem"
    own_file = own_folder / "alipay_private_key.pem"
    if not (words_file.exists() and own_file.exists()):
        _write(merchant_file, _pem(_new_key()))
        own = _new_key()
        _write(own_file, _pem(own))
        _write(folder / "alipay_public_key.pem",
               own.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii"))
        _write(words_file, json.dumps({"app_id": f"2021{_digits(12)}", "seller_id": f"2088{_digits(12)}"}))
    words = json.loads(words_file.read_text("utf-8")) | {"gateway": gateway, "notify_url": notify_url}
    _write(words_file, json.dumps(words, indent=2) + "\n")
    return Account(words["app_id"], words["seller_id"], _read(merchant_file).public_key(), _read(own_file))


def _digits(count: int) -> str:
    return "".join(secrets.choice("0123456789") for _ in range(count))


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


def _read(file: Path) -> rsa.RSAPrivateKey:
    key = load_pem_private_key(file.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError(f"{file.name} is no RSA key")
    return key


def _write(file: Path, text: str) -> None:
    """Readable by the owner only, and never half written."""
    new = file.with_name(file.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)
    new.replace(file)
