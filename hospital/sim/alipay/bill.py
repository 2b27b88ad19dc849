"""The bill of a day: a zip of two GBK files, details and summary; # begins a remark, values are padded with tabs."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, timedelta

from hospital.sim.alipay.account import Account
from hospital.sim.alipay.books import Trade

HEADER = ("支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,"
          "支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,"
          "退款批次号/请求号,服务费（元）,分润（元）,备注")
SUMMARY = "门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）"


def packed(entries: list[tuple[str, Trade, str]], day: date, account: Account) -> bytes:
    """The zip; a day on which nothing happened has files without rows."""
    rows = [_row(at, trade, refund) for at, trade, refund in entries]
    came = sum(trade.amount for _, trade, refund in entries if not refund)
    back = sum(trade.refunds[refund] for _, trade, refund in entries if refund)
    counts = (sum(not refund for *_, refund in entries), sum(bool(refund) for *_, refund in entries))
    details = [*_head("业务明细", day, account), HEADER, *(",".join(row) for row in rows),
               "#-----------------------------------------业务明细列表结束------------------------------------",
               f"#交易合计：{counts[0]}笔，商家实收共{_yuan(came)}元", f"#退款合计：{counts[1]}笔，商家实收退款共{_yuan(-back)}元"]
    summary = [*_head("业务汇总", day, account), SUMMARY,
               ",".join(("\t", "合计\t", f"{counts[0]}\t", f"{counts[1]}\t", _yuan(came - back), _yuan(came - back))),
               "#----------------------------------------业务汇总列表结束-------------------------------------"]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, lines in (("业务明细", details), ("业务明细(汇总)", summary)):
            archive.writestr(f"{account.seller_id}0156_{day:%Y%m%d}_{name}.csv", "\r\n".join([*lines, ""]).encode("gbk"))
    return file.getvalue()


def _head(title: str, day: date, account: Account) -> list[str]:
    until = day + timedelta(days=1)
    return [f"#支付宝{title}查询", f"#账号：[{account.seller_id}0156]",
            f"#起始日期：[{day:%Y年%m月%d日} 00:00:00]   终止日期：[{until:%Y年%m月%d日} 00:00:00]",
            f"#-----------------------------------------{title}列表----------------------------------------"]


def _row(at: str, trade: Trade, refund: str) -> list[str]:
    amount = _yuan(-trade.refunds[refund] if refund else trade.amount)
    moments = (f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S}" for text in (trade.opened_at, at))
    return [f"{trade.trade_no}\t", f"{trade.order_no}\t", "退款\t" if refund else "交易\t",
            trade.subject.replace(",", "，") + "\t", *moments, *("\t",) * 4, "*测(159****5620)\t", amount, amount,
            *("0.00",) * 5, "\t", "0.00", "0.00",
            f"{refund}\t", "0.00", "0.00", "\t"]


def _yuan(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"
