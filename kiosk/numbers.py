"""Numbers people carry: citizen numbers, phones, payment codes; which of them a scanned code is."""

from __future__ import annotations

import datetime as dt
import re

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def is_id_number(text: str) -> bool:
    """Eighteen characters, a real birth date at 7-14, and the check digit of GB 11643 (ISO 7064 MOD 11-2)."""
    if not re.fullmatch(r"[1-9][0-9]{16}[0-9X]", text) or born(text) is None:
        return False
    return "10X98765432"[sum(int(digit) * weight for digit, weight in zip(text, WEIGHTS)) % 11] == text[17]


def born(number: str) -> dt.date | None:
    """The birth date inside a citizen number; None when there is no such day."""
    try:
        return dt.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def is_phone(text: str) -> bool:
    """A mobile number of mainland China: 11 digits from 13 to 19."""
    return re.fullmatch(r"1[3-9][0-9]{9}", text) is not None


WALLETS = {"wechat": r"1[0-5][0-9]{16}", "alipay": r"(?:2[5-9]|30)[0-9]{14,22}", "unionpay": r"62[0-9]{17}"}
"""Payers' codes (付款码): WeChat 18 digits from 10-15, Alipay 16-24 from 25-30, UnionPay 19 from 62."""


def wallet_of(text: str) -> str | None:
    """Whose payer's code this is, by its first digits and length; None: nobody's."""
    return next((wallet for wallet, form in WALLETS.items() if re.fullmatch(form, text)), None)


def kind_of_code(text: str, visit_card: str) -> str:
    """visit_card, id_number, payment or rubbish (requests.CodeKind), by rules in a fixed order.

    A citizen number of provinces 11-15 has the form of a WeChat code too: the birth date and the check digit decide
    first. `visit_card` is the hospital's own pattern (a regular expression for the whole code).
    """
    if re.fullmatch(visit_card, text):
        return "visit_card"
    if is_id_number(text.upper()):
        return "id_number"
    return "payment" if wallet_of(text) else "rubbish"
