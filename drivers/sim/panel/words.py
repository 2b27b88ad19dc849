"""The panel's words, Chinese and English, and the codes that lie on its table."""

from __future__ import annotations

PHRASES: dict[str, tuple[str, str]] = {
    "title": ("自助机试验台", "Kiosk bench"),
    "other": ("English", "中文"),
    "kiosk": ("自助机", "The kiosk"),
    "no_picture": ("没有画面", "No picture"),
    "desk": ("桌面", "The desk"),
    "put_here": ("点一张卡，放到读卡器上", "Choose a card to put on the reader"),
    "lift": ("拿走", "Take it away"),
    "any_code": ("任意码的内容", "Contents of any code"),
    "show": ("出示", "Show"),
    "rubbish": ("无意义的码", "Rubbish"),
    "half": ("半个码", "Half a code"),
    "both": ("同时两个码", "Two codes at once"),
    "no_tickets": ("还没有凭条", "No tickets yet"),
    "hanging": ("正在打印", "Printing"),
    "tear": ("撕下", "Tear off"),
    "roll": ("换新纸卷", "New roll"),
    "phone": ("患者的手机", "The patient's phone"),
    "nothing_to_pay": ("没有待付款的订单", "Nothing to pay"),
    "phone_away": ("支付平台没有回答", "The payment side does not answer"),
    "pay": ("付款", "Pay"),
    "refuse": ("付款失败", "Payment fails"),
    "late": ("很晚才付款", "Pay late"),
    "payer_wechat": ("出示微信付款码", "Show a WeChat payment code"),
    "payer_alipay": ("出示支付宝付款码", "Show an Alipay payment code"),
    "faults": ("故障", "Faults"),
    "heal": ("全部恢复正常", "All well again"),
    "do": ("执行", "Do"),
    "well": ("正常", "Well"),
    "trouble": ("有故障", "Trouble"),
    "unplugged": ("已拔掉", "Unplugged"),
    "invented": ("卡上的人和号码都是虚构的", "All people and numbers are invented"),
}

# What the cards of the deck are called.
KINDS: dict[str, tuple[str, str]] = {
    "resident": ("居民身份证", "Resident ID card"),
    "hmt": ("港澳台居民居住证", "HK, Macao, Taiwan permit"),
    "foreigner": ("外国人永久居留身份证", "Foreigner's permanent residence"),
    "expired": ("身份证，已过期", "ID card, expired"),
    "stranger": ("身份证，本院无档案", "ID card, unknown here"),
    "damaged": ("身份证，已损坏", "ID card, damaged"),
    "forged": ("身份证，验证不过", "ID card, not authentic"),
}

# Codes to hold before the scanner: contents, and what it is.
CODES: tuple[tuple[str, tuple[str, str]], ...] = (
    ("V000000000001", ("就诊卡", "Visit card")),
    ("V000000000002", ("另一张就诊卡", "Another visit card")),
    ("130000000000000001", ("付款码（18 位）", "Payment code (18 digits)")),
    ("9900000000000000000000000001", ("医保码（28 位）", "Insurance code (28 digits)")),
    ("0000000000000000000000000000000000000000000000000000000000000001:1", ("电子健康卡", "Electronic health card")),
)
