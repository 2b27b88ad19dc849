"""The channels' bills of a day, read from their own files into rows of one kind.

WeChat Pay (pay.weixin.qq.com, format of the trade bill): UTF-8, comma separated; a header, the rows, a second header and
one line of totals; every value, but no header, begins with a back-quote; sums in yuan. The order of columns may change, so
they are found by name.

Alipay: a zip of two GBK files, details and summary; lines that begin with # are remarks; values are padded with tabs; what
went back is negative.
"""

import csv
import io
import zipfile
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from typing import NamedTuple

from hospital.payments.sums import fen

_CHINA = timezone(timedelta(hours=8))
_MOST = 64 * 1024 * 1024        # bytes of a bill unpacked: more is no bill of a hospital


class RowKind(StrEnum):
    PAYMENT = "payment"
    REFUND = "refund"
    REVOKED = "revoked"         # a payer's code reversed after it had been paid: all of it went back


class BillRow(NamedTuple):
    """One line of a bill. Sums in fen, always positive; `refund_no` is empty but for refunds."""

    kind: RowKind
    order_no: str
    refund_no: str
    transaction: str
    amount: int
    at: datetime


def wechat_rows(text: str) -> list[BillRow]:
    """Raises ValueError when it is not a whole bill: totals that are not those of its rows, a missing column."""
    lines = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    end = next((at for at, line in enumerate(lines) if at and line and not line[0].startswith("`")), None)
    if end is None or len(lines) <= end + 1:
        raise ValueError("no totals")
    rows = [_wechat_row(dict(zip(lines[0], map(_bare, line), strict=True))) for line in lines[1:end]]
    totals = dict(zip(lines[end], map(_bare, lines[end + 1]), strict=True))
    came = sum(row.amount for row in rows if row.kind == RowKind.PAYMENT)
    if int(_column(totals, "总交易单数")) != len(rows) or fen(_column(totals, "订单总金额")) != came:
        raise ValueError("the totals are not those of the rows")
    return rows


def _wechat_row(words: Mapping[str, str]) -> BillRow:
    state = _column(words, "交易状态")
    kind = {"SUCCESS": RowKind.PAYMENT, "REFUND": RowKind.REFUND, "REVOKED": RowKind.REVOKED}[state]
    amount = _column(words, "订单金额" if kind == RowKind.PAYMENT else "申请退款金额")
    refund_no = _column(words, "商户退款单号") if kind == RowKind.REFUND else ""
    return BillRow(kind, _column(words, "商户订单号"), refund_no, _column(words, "微信订单号"), fen(amount),
                   _moment(_column(words, "交易时间")))


def alipay_rows(packed: bytes) -> list[BillRow]:
    """Raises ValueError when it is not a bill, or not a whole one."""
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            details = next(one for one in archive.infolist() if "汇总" not in _name(one))
            if details.file_size > _MOST:
                raise ValueError("too large")
            text = archive.read(details).decode("gbk")
    except (zipfile.BadZipFile, StopIteration, UnicodeDecodeError) as error:
        raise ValueError("not a bill") from error
    if "列表结束" not in text:
        raise ValueError("the end is missing")
    lines = csv.reader(line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    header = [word.strip() for word in next(lines, [])]
    return [_alipay_row(dict(zip(header, (value.strip() for value in line), strict=True))) for line in lines]


def _alipay_row(words: Mapping[str, str]) -> BillRow:
    refund_no = _column(words, "退款批次号/请求号")
    kind = {"交易": RowKind.PAYMENT, "退款": RowKind.REFUND}[_column(words, "业务类型")]
    return BillRow(kind, _column(words, "商户订单号"), refund_no if kind == RowKind.REFUND else "",
                   _column(words, "支付宝交易号"), fen(_column(words, "订单金额（元）").removeprefix("-")),
                   _moment(_column(words, "完成时间")))


def _name(entry: zipfile.ZipInfo) -> str:
    """Names in such a zip are GBK, which the format does not know: they come as code page 437."""
    return entry.filename if entry.flag_bits & 0x800 else entry.filename.encode("cp437").decode("gbk", "replace")


def _column(words: Mapping[str, str], name: str) -> str:
    if name not in words:
        raise ValueError(f"no column {name}")
    return words[name]


def _bare(value: str) -> str:
    return value.removeprefix("`").strip()


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=_CHINA)
