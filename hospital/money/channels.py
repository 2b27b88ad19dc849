"""Which ways of paying this hospital has. Without an account there is none, and the hospital still works."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from hospital.payments.channel import Channel


@dataclass(frozen=True)
class Way:
    """A channel, and whose money must arrive there for it to count."""

    channel: Channel
    merchant: str
    appid: str


NAMES = ("wechat", "alipay")     # in the order in which they are offered
_ways: dict[str, Way | None] = {}


def way(name: str) -> Way | None:
    """The way to pay of that name; None where the hospital has no account. Read once.

    Raises what reading the account raises when there is a folder and it cannot be used.
    """
    if name not in _ways:
        _ways[name] = _read(name)
    return _ways[name]


def _read(name: str) -> Way | None:
    if name == "wechat" and settings.WECHAT_ACCOUNT:
        return _wechat()
    return _alipay() if name == "alipay" and settings.ALIPAY_ACCOUNT else None


def names() -> list[str]:
    """The ways to pay that there are."""
    return [name for name in NAMES if way(name) is not None]


def use(name: str, found: Way | None) -> None:
    """From now on, this is how `name` is paid."""
    _ways[name] = found


def _wechat() -> Way:
    # Loaded only where it is used: the library and its keys cost start-up time.
    from hospital.payments.wechat import WechatAccount, WechatChannel

    account = WechatAccount.read(Path(settings.WECHAT_ACCOUNT))
    return Way(WechatChannel(account), account.mchid, account.appid)


def _alipay() -> Way:
    from hospital.payments.alipay import AlipayAccount, AlipayChannel

    account = AlipayAccount.read(Path(settings.ALIPAY_ACCOUNT))
    return Way(AlipayChannel(account), account.seller_id, account.app_id)
