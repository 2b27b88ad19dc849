"""Believable scenes for every page: what a person in a large hospital really sees, long and short. All invented."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from kiosk.asides import card
from kiosk.care import Half, Kind, Order, OrderState, Practitioner, Segment, Session
from kiosk.requests import (Choose, ChooseFrom, ChooseTime, Confirm, Done, EnterNumber, Identify, Option, Pay, PROOFS,
                            READERS, Row, TakeCard, Trouble, Waiting, Ways, Welcome)
from kiosk.mouth import CardLeft
from kiosk.visit import Scene
from kiosk.words import Name, Text, say
from service_scenes import service_scenes

HOSPITAL = Name("临江市第一人民医院", "Linjiang First People's Hospital")
ZONE = dt.timezone(dt.timedelta(hours=8))
NOW = dt.datetime(2026, 11, 21, 8, 47, 31, tzinfo=ZONE)
PLANTED = "欧阳修竹"      # the person whose traces must not be found

DEPARTMENTS = (
    ("03.04", "心血管内科", "Cardiology", True), ("03.02", "消化内科", "Gastroenterology", True),
    ("03.01", "呼吸与危重症医学科", "Respiratory and Critical Care Medicine", True), ("07", "儿科", "Paediatrics", True),
    ("05", "妇产科", "Obstetrics and Gynaecology", True), ("04.03", "骨科", "Orthopaedics", True),
    ("03.03", "神经内科", "Neurology", False), ("03.07", "内分泌科", "Endocrinology", False),
    ("11", "耳鼻咽喉头颈外科", "Otorhinolaryngology, Head and Neck Surgery", False), ("10", "眼科", "Ophthalmology", False),
    ("12", "口腔科", "Dentistry", False), ("13", "皮肤科", "Dermatology", False), ("04.01", "普通外科", "General Surgery", False),
    ("04.04", "泌尿外科", "Urology", False), ("03.06", "肾病内科", "Nephrology", False), ("19", "肿瘤科", "Oncology", False),
    ("50", "中医科", "Traditional Chinese Medicine", False), ("21", "康复医学科", "Rehabilitation Medicine", False),
)
SPECIALITIES = (
    Name("高血压、冠心病的介入治疗", "Hypertension, coronary intervention"), Name("心律失常", "Arrhythmia"),
    Name("先天性心脏病、心力衰竭、心肌病的诊断与综合治疗", "Congenital heart disease, heart failure and cardiomyopathy"),
)
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章"
PINYIN = ("Zhao Qian Sun Li Zhou Wu Zheng Wang Feng Chen Chu Wei Jiang Shen Han Yang Zhu Qin You Xu He Lü Shi Zhang "
          "Kong Cao Yan Hua Jin Wei Tao Jiang Qi Xie Zou Yu Bai Shui Dou Zhang").split()
RANKS = (Name("主任医师", "Chief physician"), Name("副主任医师", "Associate chief physician"),
         Name("主治医师", "Attending physician"))
LEFT = Name("余 12", "12 left")
FULL = Name("约满", "Full")


def departments() -> tuple[Option[str], ...]:
    return tuple(
        Option(code, Name(zh, en), note=Name(f"门诊楼 {2 + at % 4} 层", f"Outpatient Building, floor {2 + at % 4}"),
               badge=Name("重点", "Key") if key else None, icon=f"department.{code}", enabled=at != 9,
               why=Name("今天停诊", "Closed today") if at == 9 else None)
        for at, (code, zh, en, key) in enumerate(DEPARTMENTS))


def doctors() -> tuple[Option[int], ...]:
    return tuple(
        Option(at, Name(f"{surname}{'文静海山'[at % 4]}{'明' if at % 3 else ''}", f"{pinyin} Wenjing"),
               note=Name(f"{RANKS[at % 3].zh}　{SPECIALITIES[at % 3].zh}", f"{RANKS[at % 3].en}. {SPECIALITIES[at % 3].en}"),
               badge=LEFT if at % 5 != 4 else FULL, icon="doctor", enabled=at % 5 != 4, why=FULL)
        for at, (surname, pinyin) in enumerate(zip(SURNAMES, PINYIN, strict=True)))


def kinds() -> tuple[Option[str], ...]:
    return (
        Option("general", Name("普通门诊", "General clinic"),
               Name("由当班医生接诊，等候时间较短", "The doctor on duty; the wait is shorter"), Name("12.50元", "¥12.50"), "general"),
        Option("expert", Name("专家门诊", "Expert clinic"), Name("由专家接诊", "An expert sees you"), Name("62.50元", "¥62.50"),
               "person"),
        Option("special", Name("专科门诊", "Special clinic"), Name("针对专门疾病", "For particular conditions"),
               Name("32.50元", "¥32.50"), "records", enabled=False, why=Name("今日已满", "Full today")),
    )


def session(day: int, half: Half, kind: Kind = Kind.GENERAL, count: int = 8, full: bool = False) -> Session:
    date = NOW.date() + dt.timedelta(days=day)
    start = dt.datetime.combine(date, dt.time(8 if half is Half.AM else 13, 0 if half is Half.AM else 30), ZONE)
    step = dt.timedelta(minutes=30)
    lefts = [0 if full or (at + day) % 5 == 3 else 2 + (at * 7 + day) % 11 for at in range(count)]
    segments = tuple(Segment(f"s{day}{half}{at}", start + at * step, start + (at + 1) * step, left)
                     for at, left in enumerate(lefts))
    doctor = Practitioner(3, Name("王海明", "Wang Haiming"), "chief", SPECIALITIES[0]) if kind is Kind.EXPERT else None
    return Session(day * 10 + (half is Half.PM), 7, date, half, kind, doctor, 1250, sum(lefts), segments)


def fortnight() -> tuple[Session, ...]:
    return tuple(session(day, half, full=day == 3) for day in range(14) for half in Half if day not in (1, 8))


SERVICES = tuple(Option(value, Name(zh, en), Name(zh_note, en_note), icon=icon)
                 for value, icon, zh, en, zh_note, en_note in (
    ("register", "register", "挂号", "See a doctor", "今天看病，或预约以后的号", "Today, or book for later"),
    ("checkin", "checkin", "签到", "Check in", "已有预约，到了先签到", "You have a booking for today"),
    ("waiting", "queue", "候诊查询", "My place in line", "前面还有几位，要等多久", "How many before me, how long"),
    ("collect", "ticket", "预约取号", "Collect a ticket", "手机、电话或医生约的号", "Booked by phone, online or by your doctor"),
    ("examine", "examine", "检查预约", "Book an examination", "医生开的检查，约个时间", "Choose a time for what the doctor ordered"),
    ("blood", "blood", "采血预约", "Book a blood draw", "约好时间，少排队", "A time of your own, a shorter wait"),
    ("cancel", "cancel", "退号退费", "Cancel a booking", "退掉已挂的号，钱原路退回", "The money goes back the way it came"),
    ("reprint", "reprint", "补打凭条", "Print again", "再打印一次今天的凭条", "A ticket of today, once more"),
    ("enroll", "enroll", "建档", "First visit", "第一次来本院看病", "Open your file at this hospital"),
))
CLOSED = tuple(replace(service, enabled=False, why=Name("暂时不能办理", "Not possible now")) for service in SERVICES)
WAYS: dict[str, tuple[tuple[str, ...], tuple[str, ...], Text | None]] = {
    "two": (("idcard", "stripe"), ("idcard", "visit_card"), None),
    "three": (("idcard", "social", "scanner"), PROOFS[:-1], say("identify.withheld")),
    "four": (("idcard", "social", "visit_card_reader"), PROOFS, None),
    "all": (READERS, PROOFS, None),
    "without-idcard": (READERS[1:], PROOFS, None),
    "typed-only": ((), PROOFS, None),
    "none": ((), (), None),
}
"""What machines have, what their hospitals take, and what was wrong."""
WELCOME = Welcome(Name("您好，请选择要办理的业务", "Welcome. What would you like to do?"), SERVICES)
TRAIL = (Name("心血管内科", "Cardiology"), Name("王海明 主任医师", "Wang Haiming, chief physician"),
         Name("11月23日 09:30", "Mon 23 Nov 09:30"))
WAY_BACK = Name("钱会原路退回您的付款账户，一般当天到账。", "The money goes back the way it came, usually within the day.")
ORDER = Order("K20261121084731000042", "h1", "wechat", 6250, "weixin://wxpay/bizpayurl?pr=Qd8ePz0zz&v=0123456789abcdef",
              NOW + dt.timedelta(minutes=5), OrderState.OPEN, None)
BOOKING_ROWS = (
    Row(Name("姓名", "Name"), say("person", who=PLANTED)), Row(Name("科室", "Department"), Name("心血管内科", "Cardiology")),
    Row(Name("医生", "Doctor"), Name("王海明 主任医师", "Wang Haiming, chief physician")),
    Row(Name("就诊时间", "Time"), Name("11月23日 周一 09:30–10:00", "Mon 23 Nov 09:30–10:00")),
    Row(Name("就诊地点", "Place"), Name("门诊楼 3 层 B 区 12 诊室", "Outpatient Building, floor 3, area B, room 12")),
)
FEE = Row(Name("挂号费", "Fee"), say("sum", fee=6250), strong=True)
BOOKINGS = tuple(
    Option(at, Name(f"{zh}　王海明 主任医师", f"{en}, Wang Haiming"), Name("11月23日 周一 09:30–10:00", "Mon 23 Nov 09:30–10:00"),
           Name(f"{at + 17} 号", f"No. {at + 17}"), "booking") for at, (_, zh, en, _) in enumerate(DEPARTMENTS[:3]))
BAD_NUMBER = Name("号码不对，请对照身份证检查每一位。", "The number is not right. Please compare every digit with the card.")
CARD_MOVED = Name("刚才没有读完，请把卡放好，等一下再拿开。",
                  "The card was moved too soon. Please put it back and leave it there for a moment.")
TAKEN = Name("刚才那个时间被别人挂走了，请另选一个时间。没有扣费。",
             "Somebody else has just taken that time. Please choose another; nothing was charged.")
NO_SERVER = Name("暂时连接不上医院系统，请到人工窗口办理，或稍候再来。",
                 "The hospital's system cannot be reached. Please go to a staffed window, or come back later.")


def scene(ask: object, **more: object) -> Scene:
    """In the middle of a visit."""
    return Scene(ask, 7, **({"can_back": True, "can_leave": True} | more))       # type: ignore[arg-type]


def all_scenes() -> dict[str, Scene]:
    """Every page, by a name for its picture."""
    return patients_scenes() | service_scenes()


def patients_scenes() -> dict[str, Scene]:
    today = NOW.date()
    return {
        "take-card": Scene(TakeCard(), 7),
        "card-kept": Scene(card(CardLeft.KEPT), 7),
        "welcome": Scene(WELCOME, 1),
        "welcome-closed": Scene(replace(WELCOME, services=CLOSED, notices=(NO_SERVER,)), 1),
        "welcome-cards": Scene(WELCOME.here(Ways(READERS)), 1),
        "welcome-typing": Scene(WELCOME.here(Ways(())), 1),
        "welcome-complaint": Scene(WELCOME, 1, complaint=CARD_MOVED),
        "attend": scene(Choose(Name(f"{PLANTED[0]}***，您好！要办理什么？", "Hello O***. What would you like to do?"), SERVICES[:3])),
        "present": scene(Identify(Name("请把身份证放在读卡区", "Please place your ID card on the reader"))),
        **{f"present-{name}": scene(Identify().here(Ways(readers, accepts)), complaint=complaint)
           for name, (readers, accepts, complaint) in WAYS.items()},
        "present-idcard": scene(Identify(Name("请把身份证放在读卡区", "Please place your ID card on the reader"), ("idcard",)),
                                complaint=CARD_MOVED, trail=TRAIL[:1]),
        "choose-departments": scene(Choose(Name("请选择科室", "Choose a department"), departments())),
        "choose-kinds": scene(Choose(Name("请选择普通门诊或专家门诊", "General or expert clinic?"), kinds()), trail=TRAIL[:1]),
        "choose-doctors": scene(Choose(Name("请选择医生", "Choose a doctor"), doctors(), layout="people"), trail=TRAIL[:1]),
        "time": scene(ChooseTime(Name("请选择就诊时间", "Choose a time"), fortnight(), TRAIL[1]), trail=TRAIL[:2]),
        "time-few": scene(ChooseTime(Name("请选择就诊时间", "Choose a time"), (session(0, Half.PM, Kind.EXPERT, 2),)),
                          trail=TRAIL[:2], complaint=TAKEN),
        "keypad-id": scene(EnterNumber(Name("请输入身份证号码", "Type your ID number"), "id_number",
                                       Name("共 18 位，最后一位可能是 X", "18 characters; the last may be X")), complaint=BAD_NUMBER),
        "keypad-phone": scene(EnterNumber(Name("请输入监护人的手机号码", "Type the guardian's mobile number"), "phone")),
        "confirm-person": scene(Confirm(Name("请确认是您本人", "Is this you?"), (
            Row(Name("姓名", "Name"), say("person", who=PLANTED)), Row(Name("证件号码", "ID number"), "999999********0018"),
            Row(Name("手机号码", "Mobile"), "199****0018")), Name("是我本人", "Yes, that is me"), Name("不是我", "No"))),
        "confirm-fee": scene(Confirm(Name("请核对", "Please check"), (*BOOKING_ROWS, FEE), Name("去支付", "Go to payment")),
                             trail=TRAIL),
        "confirm-danger": scene(Confirm(
            Name("确定要退这个号吗？", "Cancel this booking?"), (*BOOKING_ROWS, FEE), Name("确定退号", "Yes, cancel it"),
            Name("不退了", "No, keep it"), WAY_BACK, danger=True)),
        "pay": scene(Pay(Name("请用微信扫码支付", "Please pay with WeChat"), ORDER, BOOKING_ROWS[1:4]), trail=TRAIL,
                     ends_at=287.0),
        "pay-unknown": scene(Pay(Name("请用微信扫码支付", "Please pay with WeChat"), ORDER), ends_at=287.0, complaint=Name(
            "正在核对支付结果，请不要重复付款。", "Checking with the bank. Please do not pay twice.")),
        "pay-ways": scene(Pay(Name("请用支付宝扫码支付", "Please pay with Alipay"), replace(
            ORDER, channel="alipay", channels=("wechat", "alipay")), BOOKING_ROWS[1:4]), trail=TRAIL, ends_at=287.0),
        "pay-password": scene(Pay(Name("请在手机上确认付款", "Please confirm on your phone"), replace(
            ORDER, code_url=""), BOOKING_ROWS[1:4]), trail=TRAIL, ends_at=28.0),
        "wait": Scene(Waiting(Name("正在为您留号", "Keeping a place for you")), 9, trail=TRAIL[:2]),
        "list": scene(ChooseFrom(Name("请选择要退的号", "Which booking do you want to cancel?"), BOOKINGS)),
        "done-ticket": scene(Done(
            Name("挂号成功", "You are registered"),
            (Row(Name("排队号", "Queue number"), "128", strong=True), *BOOKING_ROWS[3:],
             Row(Name("请在此前到达", "Arrive by"), "09:20")),
            Name("请取走凭条，到候诊区等候叫号。", "Please take your ticket and wait in the waiting area."))),
        "done-refund": scene(Done(
            Name("已退号", "Your booking is cancelled"),
            (Row(Name("退款金额", "Refund"), say("sum", fee=6250), strong=True),
             Row(Name("退款单号", "Refund number"), "R20261121084731000042")), WAY_BACK, "refund")),
        "trouble-printer": scene(Trouble(Name("凭条没有打印出来", "The ticket was not printed"), Name(
            "打印机没有纸了，您办的事已经办好。请记下号码，或到另一台自助机放身份证打印。",
            "The printer is out of paper. What you did is done. Please note the number, or place your ID card at another "
            "machine to print it."), (Option("again", Name("再打印一次", "Print again"), icon="printer"),
                                      Option("without", Name("不要凭条了", "No ticket"), icon="home")), "paper",
            (Row(Name("排队号", "Queue number"), "128", strong=True), *BOOKING_ROWS[1:2], BOOKING_ROWS[3]))),
        "trouble-slow": scene(Trouble(Name("医院系统还没有回答", "The hospital has not answered yet"), Name(
            "我们还不知道结果。请不要重复付款。可以再等一会儿；先离开也可以，系统会继续核对：要么办成，要么全额退款。",
            "We do not know the result yet. Please do not pay twice. You may wait, or leave: the system goes on checking, "
            "and you will have either the booking or all your money back."), (
                Option("wait", Name("再等一会儿", "Wait a little"), icon="wait"),
                Option("leave", Name("先离开", "Leave now"), icon="home")), "cloud_off")),
        "still": scene(ChooseTime(Name("请选择就诊时间", "Choose a time"), (session(today.day % 3, Half.AM),)), seconds_left=17),
    }
