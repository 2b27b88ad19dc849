"""Everybody's books of a play, side by side: what the patient was told, what the hospital has, what the payment side has,
and what is on paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Row = Mapping[str, Any]


def disagreements(books: Mapping[str, Any]) -> list[str]:
    """A sentence for each thing that one book says and another does not. `others`: codes of bookings that are not the
    patient's; their papers came out elsewhere."""
    hospital, texts = books["hospital"], [_text(sheet) for sheet in books["paper"]]
    mine = {**hospital, **{what: [one for one in hospital[what] if one[code] not in books["others"]]
                           for what, code in (("appointments", "code"), ("places", "appointment"))}}
    said = [text for page in books["patient"]["told"] for text in page["texts"]]
    found = [*_money(mine, books["payment"], said), *_numbers(mine, books["patient"]["told"], texts)]
    for one in mine["appointments"]:
        found += _tickets(one, mine, [text for text in texts if one["code"] in text and "签到凭条" not in text])
    for one in mine["places"]:
        found += _slips(one, [text for text in texts if (one["appointment"] or "") in text and "签到凭条" in text])
    for one in mine["examinations"]:
        found += _exams(one, texts, said)
    if not mine["appointments"] and not mine["examinations"]:
        found.append("Nothing was booked.")
    return found


def _text(sheet: Row) -> str:
    return "\n".join((sheet["text"], *(code["data"] for code in sheet["codes"])))


def _money(hospital: Row, payment: list[Row], said: list[str]) -> Iterator[str]:
    """What was kept is the fee of what stands; what went back, its owner was told."""
    charged = {order["order_no"]: order["amount"] for order in payment if order["paid_at"]}
    returned = {order["order_no"]: sum(refund["amount"] for refund in order["refunds"]) for order in payment}
    for order in hospital["orders"]:
        kept = charged.get(order["no"], 0) - returned.get(order["no"], 0)
        booked = [one for one in hospital["appointments"]
                  if one["code"] == order["appointment"] and one["state"] != "cancelled"]
        if kept != sum(one["fee"] for one in booked):
            yield f"Order {order['no']}: {kept} fen were kept, {len(booked)} bookings stand for it."
    for no in charged.keys() - {order["no"] for order in hospital["orders"]}:
        yield f"Order {no} was paid, and the hospital does not know it."
    bought = {order["appointment"] for order in hospital["orders"]}
    for one in hospital["appointments"]:
        if one["fee"] and not one["due"] and one["code"] not in bought:
            yield f"Booking {one['code']} was never paid."
    for refund in hospital["refunds"]:
        if not any(f"{refund['amount'] // 100}.{refund['amount'] % 100:02d}" in text for text in said):
            yield f"Refund {refund['no']}: the patient was not told its sum."


def _numbers(hospital: Row, told: list[Row], texts: list[str]) -> Iterator[str]:
    """Each number on a page is one that the hospital gave, for a visit or in a line; or had given before a visit changed."""
    given = {str(one["number"]) for what in ("appointments", "places") for one in hospital[what]}
    changed = [one["code"] for one in hospital["appointments"] if one["changed"]]
    before = {word for text in texts for code in changed if code in text for word in text.split()}
    for page in told:
        number = page["number"]
        if number and number.isdigit() and number not in given | before:
            yield f"The patient was told number {number}, the hospital gave {', '.join(sorted(given))}."


def _tickets(one: Row, hospital: Row, mine: list[str]) -> Iterator[str]:
    """The papers of a booking: as many as the hospital knows of, one original, and the last as the booking is now."""
    issued = [sheet for sheet in hospital["papers"]
              if sheet["appointment"] == one["code"] and sheet["outcome"] == "printed"]
    if len(mine) != len(issued):
        yield f"Booking {one['code']}: {len(mine)} papers were printed, the hospital knows of {len(issued)}."
    tickets = [text for text in mine if "挂号凭条" in text]
    originals = [text for text in tickets if "补打" not in text]
    if len(originals) > 1 or not originals and (one["channel"] == "kiosk" or tickets):
        yield f"Booking {one['code']} has {len(originals)} original tickets."
    for what, words in (("number", str(one["number"])), ("file", one["record_no"])):
        if tickets and words not in tickets[-1].split():
            yield f"Booking {one['code']}: {what} {words} is not on its ticket."


def _slips(one: Row, mine: list[str]) -> Iterator[str]:
    """A place in a line has a slip, and every slip its number."""
    if not mine or any(str(one["number"]) not in text.split() for text in mine):
        yield f"Place {one['number']} of {one['department']}: {len(mine)} slips were printed, not each with its number."


def _exams(one: Row, texts: list[str], said: list[str]) -> Iterator[str]:
    mine = [text for text in texts if one["code"] in text]
    if len(mine) != one["slips"]:
        yield f"Examination {one['code']}: {len(mine)} slips were printed, the hospital issued {one['slips']}."
    if not any(one["code"] in text.replace("\n", "") for text in said):
        yield f"Examination {one['code']}: the patient was not told its number."
