"""Personal data as it may be seen over a shoulder."""

from __future__ import annotations


def mask_name(name: str) -> str:
    """The family name stays, the rest is stars: 测试甲 becomes 测**."""
    return name[:1] + "*" * (len(name) - 1)


def mask_phone(phone: str) -> str:
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 8 else "*" * len(phone)


def mask_id(number: str) -> str:
    """The last four places stay, as on the kiosk's screen."""
    return "*" * max(len(number) - 4, 0) + number[-4:]
