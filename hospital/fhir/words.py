"""The words that FHIR leaves to us: one address space for code systems, identifiers and extensions; and small pieces."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hospital.clock import local

NS = "https://hospital-kiosk.example/fhir"
HL7 = "http://hl7.org/fhir/StructureDefinition"
ID_NUMBER = f"{NS}/id-number"           # of an identity document (公民身份号码, GB 11643, or a permit)
RECORD_NO = f"{NS}/record-no"           # 病案号
VISIT_CARD = f"{NS}/visit-card"         # 就诊卡号
NUMBER = f"{NS}/kiosk-number"           # how the kiosk API names the same thing; told to kiosks only
CODE = f"{NS}/appointment-code"         # 预约号, as printed
DEPARTMENT = f"{NS}/department"
CLINIC = f"{NS}/clinic"                 # general, special, expert

Resource = dict[str, Any]


def extension(name: str, **value: Any) -> Resource:
    """extension("fee", valueMoney=…), or extension("place", extension=[…])"""
    return {"url": f"{NS}/{name}", **value}


def moment(at: dt.datetime) -> str:
    """A FHIR instant, on the hospital's wall clock."""
    return local(at).isoformat(timespec="milliseconds")


def yuan(fen: int) -> Resource:
    """Money: FHIR counts in yuan, as a decimal with two places (4217:CNY)."""
    return {"value": round(fen / 100, 2), "currency": "CNY"}


def bilingual(zh: str, en: str) -> Resource:
    """What stands beside a Chinese string (`_name`): the same in English, by HL7's own translation extension."""
    return {"extension": [{"url": f"{HL7}/translation", "extension": [
        {"url": "lang", "valueCode": "en"}, {"url": "content", "valueString": en}]}]} if en and en != zh else {}


def masked(shown: str) -> Resource:
    """What stands in a value's place where the whole of it is not told, and what of it may be shown."""
    return {"extension": [{"url": f"{HL7}/data-absent-reason", "valueCode": "masked"},
                          {"url": f"{HL7}/rendered-value", "valueString": shown}]}


def coded(system: str, code: str, text: str) -> Resource:
    return {"coding": [{"system": system, "code": code, "display": text}], "text": text}


def without_nothing(resource: Resource) -> Resource:
    """FHIR knows no empty lists, objects or strings: what is not said is left out."""
    return {name: value for name, value in resource.items() if value not in (None, "", [], {})}
