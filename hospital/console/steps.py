"""How a step of the trail is read. It is written down in Chinese, with the fields' own names and values."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field

from hospital.console.choices import ENGLISH
from hospital.console.words import Both
from hospital.registrar.models import Step

# What was done; what follows a "：" is what somebody typed, or a day.
ACTS = {
    "新增": "Added", "修改": "Changed", "删除": "Deleted",
    "移动排班": "Weekly session moved", "复制排班": "Weekly session copied", "新增排班": "Weekly session added",
    "停用排班": "Weekly session ended", "按模板排班": "Month planned", "复制一周": "Week copied",
    "新增单日出诊": "Session added on one date", "取消单日出诊": "Session left out on one date",
    "恢复单日出诊": "Session restored", "设置节假日": "Holiday set", "审核开放": "Reviewed and opened",
    "退回排班草稿": "Drafts discarded", "停诊": "Stopped", "替诊": "Substituted", "换诊": "Moved",
    "查看受影响患者的联系方式": "Looked at names and telephones", "电话答复": "Answered by telephone",
    "免计爽约": "No-show forgiven", "签到": "Checked in", "重新排队": "Back into the line", "开诊": "Began to sit",
    "叫下一位": "Called the next", "重叫": "Called again",
    "过号": "Skipped", "看完": "Seen", "看完，待回诊": "Seen, comes back with results", "召回": "Recalled", "转诊": "Referred",
    "暂停叫号": "Paused", "继续叫号": "Resumed", "结束坐诊": "Ended the session", "诊间预约": "Return visit booked",
    "已到": "Arrived", "完成": "Done", "未来": "Missed", "窗口数": "Windows set",
    "检查改期": "Examination moved", "取消检查": "Examination given back",
    # At /admin/.
    "审核通过，开放": "Reviewed and opened", "重新退款": "Refund tried again", "退回实收金额": "What was received is refunded",
    "已线下处理": "Settled outside of the books", "已处理": "Settled", "退号并全额退费": "Given back with the whole fee",
    "重新发送": "Sent again", "窗口已收挂号费": "Fee taken at the window", "窗口已退挂号费": "Fee given back at the window",
    # On the server itself.
    "账号与角色": "Account and roles", "登记自助机": "Kiosk registered", "登记外部系统": "Another system registered",
}
_SAID = {"同意": "yes", "不同意": "no"}
# How Django begins the lines of its own log.
_DJANGO = {"已添加": "Added", "已修改": "Changed", "已删除": "Deleted"}
_NONE, _YES_NO = Both("—", "—"), {True: Both("是", "yes"), False: Both("否", "no")}


def what(step: Step) -> Both:
    """What was done; in its own words where there is no English for it."""
    act, _, rest = step.what.partition("：")
    english = ACTS.get(act) or next((word for begin, word in _DJANGO.items() if act.startswith(begin)), act)
    return Both(step.what, f"{english}: {_SAID.get(rest, rest)}" if rest and act in ACTS else english)


def fields(step: Step) -> list[tuple[Both, Both, Both]]:
    """(field, before, after) in the fields' order, for people."""
    names = {**step.before, **step.after}
    known = {name: _field(step.thing.partition(" ")[0], name) for name in names}
    return [(_name(known[name], name), _value(known[name], step.before, name), _value(known[name], step.after, name))
            for name in names]


def _field(model: str, name: str) -> Field[Any, Any] | None:
    try:
        return apps.get_model(model)._meta.get_field(name.removesuffix("_id"))
    except (LookupError, ValueError, FieldDoesNotExist):
        return None


def _name(field: Field[Any, Any] | None, name: str) -> Both:
    return Both(str(field.verbose_name) if field else name, name.removesuffix("_id").replace("_", " "))


def _value(field: Field[Any, Any] | None, values: dict[str, Any], name: str) -> Both:
    value = values.get(name)
    if value is None or value == "":
        return _NONE
    if isinstance(value, bool):
        return _YES_NO[value]
    choices = dict(field.flatchoices) if field else {}
    if value not in choices:
        return Both(str(value), str(value))
    english = ENGLISH.get(f"{field.model._meta.label_lower}.{field.name}", {}).get(value, str(value))
    return Both(str(choices[value]), english)
