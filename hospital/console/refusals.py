"""What a refusal of the books means to the person at the page."""

from __future__ import annotations

from hospital.console.words import Both
from hospital.refusal import Refusal

_WORDS = {
    "not_sitting": Both("您没有在此诊室坐诊，请重新开诊。", "You do not sit in this room; please begin again."),
    "room_taken": Both("该诊室已有医生坐诊。", "Another doctor sits in this room."),
    "session_stopped": Both("该出诊已停诊。", "This session was stopped."),
    "moved_on": Both("页面已过时：患者已经换了。未再叫号。", "The page was out of date: the patient had changed. Nobody was called."),
    "paused": Both("已暂停叫号，请先继续。", "Calling is paused; resume first."),
    "nobody_called": Both("诊室里现在没有被叫的患者。", "Nobody is called into the room now."),
    "not_missed": Both("该患者没有过号。", "This patient has not missed a call."),
    "session_over": Both("该科室今天没有出诊了。", "Nobody sits in that department today any more."),
    "too_early": Both("还不到签到时间。", "It is too early to check in."),
    "changed": Both("患者还没有答复停替换诊，请先登记答复。", "The patient has not answered the change of doctor or time yet."),
    "already_cancelled": Both("已退号。", "It was given back."),
    "wrong_day": Both("不是今天的预约。", "It is not booked for today."),
    "unpaid": Both("挂号费未交，请先到自助机或窗口交费。", "The fee is due: at a machine or at the window, first."),
    "slot_full": Both("该时段的号已满，请选别的时段。", "This segment is full; please choose another."),
    "unknown_segment": Both("该时段已不可选。", "This segment can no longer be chosen."),
    "past": Both("该时段已过。", "This segment is over."),
    "already_booked": Both("患者当日同一午别已有该科预约。", "The patient has a booking there for the same half day."),
    "daily_limit": Both("患者当日预约已达上限。", "The patient has as many bookings for that day as are allowed."),
    "booking_limit": Both("患者预约次数已达上限。", "The patient has as many bookings as are allowed."),
    "held_too_often": Both("患者一小时内多次占号未约，请稍后再试。", "Held too often within the hour without booking; later again."),
    "blacklisted": Both("患者爽约过多，只能当日挂号。", "After too many missed visits the patient registers on the day only."),
    "held_elsewhere": Both("患者正在另一台设备上挂号。", "The patient is booking at another machine."),
    "exam_fixed": Both("已经开始或已完成，不能改。", "It has begun, or is done: it cannot be changed."),
    "fasting_apart": Both("两次空腹检查相隔太久。", "Two fasting tests would be too far apart."),
    "other_booking": Both("与患者的另一个预约重叠。", "It overlaps another booking of this patient."),
    "first_other": Both("有一项检查要先做。", "Another examination has to come first."),
    "too_young": Both("这个年龄须由医生预约。", "At this age a doctor books it."),
    "turn_over": Both("该患者的状态已经改变，请看最新名单。", "This line has changed; look at the list again."),
    "busy_elsewhere": Both("医生这段时间已有出诊。", "The doctor works elsewhere at that time."),
    "stands_already": Both("这个时间已有（或已停）同一出诊。", "The same session stands there already, or was stopped."),
    "reviewed_already": Both("该出诊已审核开放，请停诊、替诊或换诊。", "It was reviewed and is open: stop, substitute or move it."),
    "no_doctor": Both("普通门诊没有固定医生，不能替诊。", "A general clinic has no doctor to stand in for."),
    "other_rank": Both("替诊医生的职称须相同。", "A stand-in has the same rank."),
    "other_department": Both("替诊医生不在该科室出诊。", "That doctor does not work in this department."),
    "other_session": Both("只能换到同一医生以后的出诊。", "Only to a later session of the same doctor."),
    "offer_over": Both("患者已经答复，或已过期。", "It was answered already, or is over."),
}
_OTHERWISE = Both("没有办成：{code}。", "It was not done: {code}.")


def words(refusal: Refusal) -> Both:
    known = _WORDS.get(refusal.code)
    return known or Both(_OTHERWISE.zh.format(code=refusal.code), _OTHERWISE.en.format(code=refusal.code))
