"""How booking went, as a table, as pictures and as CSV."""

from __future__ import annotations

import csv as files

from django.http import HttpRequest, HttpResponse

from hospital.console import figures, pictures
from hospital.console.door import page as page_for, show
from hospital.console.figures import Row
from hospital.console.span import Span
from hospital.console.words import Both, language

_DRAWN = 31     # more bars than this are a table
_COLUMNS = (
    (Both("应约", "Wanted"), "wanted"), (Both("已约", "Booked"), "booked"), (Both("成功率%", "Success %"), "success"),
    (Both("失败", "Lost"), "lost"), (Both("失败率%", "Failure %"), "failure"), (Both("退号", "Given back"), "cancelled"),
    (Both("应到", "Due"), "due"), (Both("爽约", "Missed"), "missed"), (Both("爽约率%", "No-show %"), "no_show"),
    (Both("号源", "Places"), "places"), (Both("剩余", "Left"), "left"))


@page_for("statistics")
def page(request: HttpRequest) -> HttpResponse:
    """?first, last (days of the visits), by (one of figures.BY)"""
    span, by = Span.of(request, back=6, on=7), _by(request)
    rows, speaks = figures.rows(span.first, span.last, by), language(request)
    whole = figures.rows(span.first, span.last, figures.HOSPITAL)
    return show(request, "statistics.html", span=span, by=by, ways=figures.BY, columns=_COLUMNS,
                rows=[(row.label, _cells(row)) for row in rows], whole=whole[0] if whole else Row(figures.BY["hospital"]),
                drawn=_pictures(rows[:_DRAWN], speaks) if by != figures.HOSPITAL else [])


@page_for("statistics")
def csv(request: HttpRequest) -> HttpResponse:
    """The same table, for a spreadsheet: UTF-8 with the mark that makes one read it so."""
    span, by, speaks = Span.of(request, back=6, on=7), _by(request), language(request)
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="booking-{by}-{span.first}-{span.last}.csv"'
    sheet = files.writer(response)
    sheet.writerow([figures.BY[by].say(speaks), *(title.say(speaks) for title, _ in _COLUMNS)])
    for row in figures.rows(span.first, span.last, by):
        sheet.writerow([_harmless(row.label.say(speaks)), *_cells(row)])
    return response


def _by(request: HttpRequest) -> str:
    wanted = request.GET.get("by", "")
    return wanted if wanted in figures.BY else figures.DAY


def _cells(row: Row) -> list[str]:
    values = (getattr(row, name) for _, name in _COLUMNS)
    return ["" if value is None else f"{value:g}" for value in values]


def _harmless(label: str) -> str:
    """A spreadsheet takes a cell that begins so for a formula."""
    return f"'{label}" if label[:1] in "=+-@\t\r" else label


def _pictures(rows: list[Row], speaks: str) -> list[pictures.Bars]:
    def drawn(title: Both, values: list[tuple[Row, float | None, float]], unit: str = "") -> pictures.Bars | None:
        some = [(row.label.say(speaks), value, part) for row, value, part in values if value is not None]
        return pictures.bars(title.say(speaks), some, unit) if any(value for _, value, _ in some) else None

    found = (drawn(Both("预约成功率", "Booking success"), [(row, row.success, 0) for row in rows], "%"),
             drawn(Both("爽约率", "No-shows"), [(row, row.no_show, 0) for row in rows], "%"),
             drawn(Both("预约失败", "Lost bookings"), [(row, row.lost, 0) for row in rows]),
             drawn(Both("号源（实心为剩余）", "Places (solid: left)"), [(row, row.places, row.left or 0) for row in rows]))
    return [one for one in found if one is not None]
