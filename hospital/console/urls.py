from django.urls import path, register_converter

from hospital.console.views import (alarms, arrivals, boards, changes, desks, entrance, kiosks, month, noshows, room,
                                    roster, statistics, trail)


class RoomVerb:
    regex = "|".join(room.VERBS)
    to_python = to_url = staticmethod(str)


class DeskVerb(RoomVerb):
    regex = "|".join(desks.VERBS)


class ExamVerb(RoomVerb):
    regex = "|".join(desks.CHANGES)


class SessionVerb(RoomVerb):
    regex = "|".join(changes.VERBS)


class Said(RoomVerb):
    regex = "yes|no"


register_converter(RoomVerb, "room-verb")
register_converter(DeskVerb, "desk-verb")
register_converter(ExamVerb, "exam-verb")
register_converter(SessionVerb, "session-verb")
register_converter(Said, "said")

app_name = "console"
urlpatterns = [
    path("", entrance.home, name="home"),
    path("login", entrance.login, name="login"),
    path("logout", entrance.logout, name="logout"),
    path("language", entrance.language, name="language"),
    path("statistics", statistics.page, name="statistics"),
    path("statistics.csv", statistics.csv, name="statistics-csv"),
    path("kiosks", kiosks.page, name="kiosks"),
    path("trail", trail.page, name="trail"),
    path("room", room.page, name="room"),
    path("room/sit", room.sit, name="sit"),
    path("room/return", room.return_visit, name="return-visit"),
    path("room/<room-verb:verb>", room.do, name="room-verb"),
    path("arrivals", arrivals.page, name="arrivals"),
    path("arrivals/find", arrivals.find, name="arrivals-find"),
    path("arrivals/<int:appointment>/check-in", arrivals.check_in, name="arrivals-check-in"),
    path("arrivals/tickets/<int:ticket>/rejoin", arrivals.rejoin, name="arrivals-rejoin"),
    path("desks", desks.page, name="desks"),
    path("desks/turns/<int:turn>/<desk-verb:verb>", desks.turn, name="turn"),
    path("desks/bookings/<int:booking>", desks.booking, name="exam-booking"),
    path("desks/bookings/<int:booking>/<exam-verb:verb>", desks.change, name="exam-change"),
    path("desks/segments/<int:segment>/windows", desks.windows, name="windows"),
    path("roster", roster.page, name="roster"),
    path("roster/departments/<int:department>/add", roster.add, name="template-add"),
    path("roster/<int:template>/place", roster.place, name="template-place"),
    path("roster/<int:template>/end", roster.end, name="template-end"),
    path("month", month.page, name="month"),
    path("month/departments/<int:department>/plan", month.plan, name="month-plan"),
    path("month/departments/<int:department>/copy", month.copy, name="month-copy"),
    path("month/departments/<int:department>/add", month.add, name="month-add"),
    path("month/departments/<int:department>/holiday", month.holiday, name="month-holiday"),
    path("month/templates/<int:template>/omit", month.omit, name="month-omit"),
    path("month/omissions/<int:omission>/restore", month.restore, name="month-restore"),
    path("review", roster.review, name="review"),
    path("review/open", roster.open_drafts, name="review-open"),
    path("changes", changes.page, name="changes"),
    path("changes/sessions/<int:schedule>", changes.session, name="session"),
    path("changes/sessions/<int:schedule>/<session-verb:verb>", changes.do, name="session-do"),
    path("changes/<int:change>", changes.change, name="change"),
    path("changes/<int:change>/contacts", changes.contacts, name="change-contacts"),
    path("changes/offers/<uuid:offer>/<said:said>", changes.answer, name="offer"),
    path("noshows", noshows.page, name="noshows"),
    path("noshows/<int:miss>/forgive", noshows.forgive, name="forgive"),
    path("alarms", alarms.page, name="alarms"),
    path("boards", boards.page, name="boards"),
    path("board/<str:key>", boards.board, name="board"),
    path("board/<str:key>/state", boards.state, name="board-state"),
]
