"""Who lives in the town, and what its hospital offers. All invented."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from drivers.contract import CardKind, IdCard, SocialCard
from kiosk import care
from kiosk.words import Name


@dataclass(frozen=True)
class Person:
    """Somebody of the town. `file` is the number of their file, None: a stranger to the hospital. `social`: the number of
    their social security card; `social_on_file`: the hospital knows it."""

    name: str
    number: str
    phone: str
    born: dt.date
    file: int | None = None
    visit_card: str = ""
    valid_to: dt.date | None = None
    social: str = ""
    social_on_file: bool = False

    def social_card(self, withheld: bool = False, name: str = "") -> SocialCard:
        """`withheld`: of the third generation. `name`: another name than theirs stands on it."""
        if withheld:
            return SocialCard("3.00", self.social, REGION, withheld=True)
        return SocialCard("2.00", self.social, REGION, number=self.number, name=name or self.name, sex="1", born=self.born)

    @property
    def card(self) -> IdCard:
        return IdCard(kind=CardKind.RESIDENT, name=self.name, number=self.number, sex="1", born=self.born, nation="01",
                      address="虚构省样例市测试区零号路0号", valid_from=dt.date(2016, 1, 1), valid_to=self.valid_to)


REGION = "999999"

PEOPLE = {person.name: person for person in (
    Person("测试甲", "999999199001010016", "19900000001", dt.date(1990, 1, 1), file=1, social="Z00000013"),
    Person("测试乙", "999999195002030029", "19900000002", dt.date(1950, 2, 3), file=2, visit_card="V000000000002",
           social="Z00000021", social_on_file=True),
    Person("测试戊", "999999196003030025", "19900000005", dt.date(1960, 3, 3), file=5, valid_to=dt.date(2025, 6, 1)),
    Person("测试己", "999999198505050017", "19900000006", dt.date(1985, 5, 5), social="Z0000003X"),
    Person("测试童", "99999920190909001X", "19900000007", dt.date(2019, 9, 9)),
    Person("别的人", "999999197007070010", "19900000008", dt.date(1970, 7, 7), file=8, visit_card="1000000000000007"),
)}


def patient(file: int, person: Person, phone: str) -> care.Patient:
    return care.Patient(file, f"9000{file:04d}", person.name, "1", person.born, person.number[-4:],
                        f"{phone[:3]}****{phone[-4:]}", person.visit_card or None)


def roster(today: dt.date) -> tuple[tuple[care.Department, ...], list[care.Session]]:
    """What the hospital offers: a paid clinic with a doctor, a free one, one with nothing today, one with nothing."""
    def department(id: int, code: str, zh: str, en: str, place: str, fee: int, key: bool) -> care.Department:
        return care.Department(id, code, Name(zh, en), Name(f"门诊楼{place}层A区", f"Outpatient Building, {place}F, Area A"),
                               key, 0, 0, fee, True)

    sessions: list[care.Session] = []
    zone = dt.timezone(dt.timedelta(hours=8))

    def session(department: int, days: int, start: int, kind: care.Kind, fee: int,
                doctor: care.Practitioner | None = None) -> None:
        id, day = len(sessions) + 1, today + dt.timedelta(days=days)
        begin = dt.datetime.combine(day, dt.time(start), zone)
        half = dt.timedelta(minutes=30)
        segments = tuple(care.Segment(f"{id}-{begin + at * half:%H%M}", begin + at * half, begin + (at + 1) * half, 2)
                         for at in range(2))
        sessions.append(care.Session(id, department, day, care.Half.AM if start < 12 else care.Half.PM, kind, doctor,
                                     fee, 4, segments))

    chief = care.Practitioner(1, Name("陈伯钧", "Chen Bojun"), "chief", Name("冠心病介入治疗", "coronary intervention"))
    for days in (0, 1):
        session(1, days, 9, care.Kind.GENERAL, 1000)
        session(1, days, 14, care.Kind.EXPERT, 5000, chief)
        session(2, days, 10, care.Kind.GENERAL, 0)
    session(3, 1, 9, care.Kind.GENERAL, 1200)
    return (department(1, "CARD", "心血管内科", "Cardiology", "2", 1000, True),
            department(2, "GP", "全科医学科", "General Practice", "1", 0, True),
            department(3, "DERM", "皮肤科", "Dermatology", "4", 1200, False),
            department(4, "OPHT", "眼科", "Ophthalmology", "5", 1000, False)), sessions
