"""Signatures and encryption of API v3, read from the manual (pay.weixin.qq.com: 如何生成签名, 如何验证签名)."""

import base64
import binascii
import json
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from hospital.sim.wechat.account import Account
from hospital.sim.wechat.refusal import Refusal

SCHEME = "WECHATPAY2-SHA256-RSA2048"
FRESH = 300    # s
_FIELD = re.compile(r'([a-z_]+)="([^"]*)"')


def request_text(method: str, target: str, timestamp: str, nonce: str, body: str) -> str:
    """The five lines a merchant signs. target: path and query as sent; body: "" when there is none."""
    return f"{method}\n{target}\n{timestamp}\n{nonce}\n{body}\n"


def message_text(timestamp: str, nonce: str, body: str) -> str:
    """The three lines WeChat Pay signs, in answers and notifications."""
    return f"{timestamp}\n{nonce}\n{body}\n"


class Seal:
    """Signs what WeChat Pay says and checks what the merchant says."""

    def __init__(self, account: Account, clock: Callable[[], float] = time.time) -> None:
        self._account = account
        self._clock = clock
        self._lock = threading.Lock()
        self._nonces: dict[str, float] = {}  # seen -> when it may be forgotten

    def sign(self, body: bytes, fault: str = "") -> dict[str, str]:
        """The headers that go with this body. fault: "forge_signature", "test_signature", "stale" or ""."""
        timestamp = str(int(self._clock()) - (FRESH + 60 if fault == "stale" else 0))
        nonce = secrets.token_hex(16)
        said = body + b" " if fault == "forge_signature" else body
        text = message_text(timestamp, nonce, said.decode("utf-8"))
        signature = base64.b64encode(self._account.own_key.sign(text.encode("utf-8"), PKCS1v15(), SHA256()))
        prefix = "WECHATPAY/SIGNTEST/" if fault == "test_signature" else ""
        return {
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": prefix + signature.decode("ascii"),
            "Wechatpay-Serial": self._account.public_key_id,
            "Wechatpay-Signature-Type": SCHEME}

    def check(self, method: str, target: str, authorization: str, body: bytes) -> None:
        """Raise Refusal unless the merchant signed this very request, lately, and for the first time."""
        scheme, _, rest = authorization.partition(" ")
        fields = dict(_FIELD.findall(rest))
        if scheme != SCHEME or fields.keys() != {"mchid", "nonce_str", "timestamp", "serial_no", "signature"}:
            raise Refusal("SIGN_ERROR", "Http头Authorization值格式错误")
        if fields["mchid"] != self._account.mchid:
            raise Refusal("MCH_NOT_EXISTS")
        if fields["serial_no"] != self._account.serial_no:
            raise Refusal("SIGN_ERROR", "商户证书序列号有误")
        timestamp, nonce = fields["timestamp"], fields["nonce_str"]
        if not timestamp.isdecimal() or abs(self._clock() - int(timestamp)) > FRESH:
            raise Refusal("SIGN_ERROR", "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟")
        try:
            text = request_text(method, target, timestamp, nonce, body.decode("utf-8"))
            signature = base64.b64decode(fields["signature"], validate=True)
            self._account.merchant_key.verify(signature, text.encode("utf-8"), PKCS1v15(), SHA256())
        except (InvalidSignature, binascii.Error, UnicodeDecodeError) as error:
            raise Refusal("SIGN_ERROR") from error
        self._first_time(nonce)

    def lock(self, words: Mapping[str, Any], kind: str) -> dict[str, str]:
        """The encrypted resource of a notification. kind: "transaction" or "refund"."""
        nonce = secrets.token_hex(6)
        plain = json.dumps(words, ensure_ascii=False).encode("utf-8")
        sealed = AESGCM(self._account.apiv3_key).encrypt(nonce.encode("ascii"), plain, kind.encode("ascii"))
        return {
            "algorithm": "AEAD_AES_256_GCM",
            "original_type": kind,
            "associated_data": kind,
            "nonce": nonce,
            "ciphertext": base64.b64encode(sealed).decode("ascii")}

    def _first_time(self, nonce: str) -> None:
        now = self._clock()
        with self._lock:
            self._nonces = {seen: until for seen, until in self._nonces.items() if until > now}
            if nonce in self._nonces:
                raise Refusal("SIGN_ERROR", "nonce_str重复")
            self._nonces[nonce] = now + 2 * FRESH
