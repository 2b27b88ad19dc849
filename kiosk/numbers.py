"""Numbers people carry: citizen numbers, phones, payment codes; which of them a scanned code is."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

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


CHECKS: Mapping[str, Callable[[str], bool]] = {
    "": lambda text: True,
    "citizen": lambda text: is_id_number(text.upper()),
    "wallet": lambda text: wallet_of(text) is not None,
}


@dataclass(frozen=True)
class CodeRule:
    """How a kind of code (requests.CodeKind) is known: a regular expression for the whole code, "" for none of this kind
    here, and what else must hold, by its name in `CHECKS`."""

    kind: str
    form: str
    check: str = ""

    def fits(self, text: str) -> bool:
        return bool(self.form and re.fullmatch(self.form, text) and CHECKS[self.check](text))


RULES = (
    CodeRule("visit_card", r"V\d{12}"),
    # A citizen number of provinces 11-15 has the form of a WeChat code too: birth date and check digit decide first.
    CodeRule("id_number", r"[0-9]{17}[0-9Xx]", "citizen"),
    CodeRule("payment", r"[0-9]{16,24}", "wallet"),
    # 医保电子凭证. No document says how long it is; 28 digits is what people see. The hospital's insurance bureau knows.
    CodeRule("insurance_code", r"[0-9]{28}"),
    # 电子健康卡: the card's number, the kind of QR code, and what the region adds, between colons.
    CodeRule("health_card", r"[0-9A-Za-z]{32,64}(:[^:]*)+"),
)
"""What is tried, in this order. Forms that differ from hospital to hospital are settings of the same names."""


def code_rules(**forms: str) -> tuple[CodeRule, ...]:
    """`RULES` with this hospital's own forms, by kind."""
    return tuple(replace(rule, form=forms.get(rule.kind, rule.form)) for rule in RULES)


def kind_of_code(text: str, rules: Sequence[CodeRule] = RULES, asked: Collection[str] = ()) -> str:
    """The kind of the first rule that fits, or rubbish. What the page asked for is tried first: where two kinds have one
    form, the person holds out what they were told to."""
    by_wish = sorted(rules, key=lambda rule: rule.kind not in asked)
    return next((rule.kind for rule in by_wish if rule.fits(text)), "rubbish")
