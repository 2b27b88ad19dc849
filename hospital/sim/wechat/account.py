"""The merchant's account: made on the first start, kept in two folders.

The merchant's folder is what the merchant's server reads; the twin's folder (beside it, `<name>-twin`) holds
the key only WeChat Pay may have.
"""

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
    """What WeChat Pay knows of the merchant, and its own key pair for this merchant."""

    appid: str
    mchid: str
    serial_no: str
    public_key_id: str
    apiv3_key: bytes = field(repr=False)  # 32 bytes
    merchant_key: rsa.RSAPublicKey = field(repr=False)
    own_key: rsa.RSAPrivateKey = field(repr=False)


def settle(folder: Path, gateway: str, notify_url: str) -> Account:
    """Make the keys if there are none, and write where the twin listens now (`gateway`) into account.json."""
    own_folder = folder.with_name(folder.name + "-twin")
    for place in (folder, own_folder):
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
    words_file, merchant_file = folder / "account.json", folder / "apiclient_key.pem"
    own_file, key_file = own_folder / "wechatpay_private_key.pem", folder / "apiv3.key"
    if not (words_file.exists() and own_file.exists()):
        _write(key_file, secrets.token_hex(16))
        _write(merchant_file, _private_pem(_new_key()))
        own = _new_key()
        _write(own_file, _private_pem(own))
        _write(folder / "wechatpay_public_key.pem", _public_pem(own.public_key()))
        _write(words_file, json.dumps(_new_words()))
    words = json.loads(words_file.read_text("utf-8")) | {"gateway": gateway, "notify_url": notify_url}
    _write(words_file, json.dumps(words, indent=2) + "\n")
    return Account(
        words["appid"], words["mchid"], words["serial_no"], words["public_key_id"],
        apiv3_key=key_file.read_bytes().strip(),
        merchant_key=_read_key(merchant_file).public_key(),
        own_key=_read_key(own_file))


def _new_words() -> dict[str, str]:
    """Invented numbers in the shapes of real ones."""
    mchid = "1999" + "".join(secrets.choice("0123456789") for _ in range(6))
    return {
        "appid": "wx" + secrets.token_hex(8),
        "mchid": mchid,
        "serial_no": secrets.token_hex(20).upper(),
        "public_key_id": f"PUB_KEY_ID_0{mchid}{secrets.token_hex(9).upper()}"}


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _private_pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


def _public_pem(key: rsa.RSAPublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def _read_key(file: Path) -> rsa.RSAPrivateKey:
    key = load_pem_private_key(file.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError(f"{file.name} is no RSA key")
    return key


def _write(file: Path, text: str) -> None:
    """Readable by the owner only from its first byte on, and never half written for a server that reads just
    now.
    """
    new = file.with_name(file.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)
    new.replace(file)
