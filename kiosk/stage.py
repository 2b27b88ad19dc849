"""Plays journeys: hands each request to a screen or to the desk, and brings the answer back.

Everything here happens on the main thread and nothing waits: no disk, no network, no device. One visit may be in front (its
person stands here); others may still be settling behind (their person has left, or the power failed).

Cancel, time-out, home, a power cut and `kill -9` are one path: the story gets `Left` where it stands, and undoes what it
opened.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from kiosk import asides
from kiosk.around import Door, Presence, Sensed, Supplied, around
from kiosk.care import Order
from kiosk.desk import Heard, Job, News, Outcome, Recalled, Shut
from kiosk.dialogue import Cancel, Dialogue, Ears, Ports
from kiosk.journal import OpenVisit
from kiosk.mouth import CardLeft, CardOut
from kiosk.offer import EndProgram, Offer
from kiosk.play import Broken, Diverged, End, Entry, Play, Result, Story
from kiosk.requests import (Ask, DeviceNews, Do, Left, Manner, Option, OutOfService, Print, Refused, Request, Ways,
                            Welcome)
from kiosk.requests.service import EndVisit, Member
from kiosk.tickets import ReferenceSlip, Ticket
from kiosk.visit import Comfort
from kiosk.words import Text, say

BLINK = 0.15          # seconds an act may take before the person is shown what happens
SERVICE = "maintain"  # the story of the service menu


class DeskPort(Ears, Protocol):
    """What the stage asks of the desk."""

    def perform(self, job: Job) -> None: ...
    def prepare(self, entries: Sequence[Entry]) -> None: ...
    def drop(self, job: Job) -> None: ...
    def close(self, visit: str) -> None: ...
    def hold(self, visit: str, why: str) -> None: ...
    def slip(self, ticket: Ticket, comfort: Comfort) -> None: ...
    def recall(self) -> None: ...
    def left_card(self) -> CardLeft | None: ...


class Stage:
    """`stories` are the journeys by name, `tiles` what the welcome page offers, `wall` the time of day, `ways` its
    readers while all work, and what the hospital accepts."""

    def __init__(self, ports: Ports, desk: DeskPort, stories: Mapping[str, Story], tiles: tuple[Option[str], ...],
                 wall: Callable[[], dt.datetime], home: Comfort = Comfort(), patience: int = 60,
                 ways: Ways = Ways()) -> None:
        self._ports, self._desk, self._stories = ports, desk, stories
        self._offer = Offer(tiles, ways)
        self._front: Play | None = None
        self._behind: dict[str, Play] = {}
        self._jobs: dict[str, Job] = {}
        self._timer: Cancel | None = None
        self._service_wanted = self._end_wanted = False
        self.end_program: Callable[[], None] = lambda: None
        """Called when the program is to end, and nobody stands here."""
        self._recalled = False
        self.dialogue = dialogue = Dialogue(ports, desk, wall, home, patience)
        self.answer, self.back, self.leave, self.stay = dialogue.answer, dialogue.back, dialogue.leave, dialogue.stay
        self.comfort = dialogue.change

    def start(self) -> None:
        """Show the welcome page, and take up what a crash left open."""
        self._welcome()
        self.take_up()

    def take_up(self) -> None:
        """Settle what a crash left open, without anybody in front."""
        self._desk.recall()

    def receive(self, message: Any) -> None:
        """A message of the inbox."""
        match message:
            case Outcome(job, value):
                self._came(job, value)
            case Heard(serial, event):
                self.dialogue.hear(serial, event)
            case Recalled(visits):
                self._recalled = True
                for visit in visits:
                    self._take_up(visit)
            case News(what, works):
                self._news(what, works)
            case CardOut() if self._free:
                self._welcome()
            case Shut(by, what):
                self.close_for(by, what)
            case EndProgram():
                self._end_wanted = True
                if self._free:
                    self.end_program()
            case Door() | Presence() | Supplied() | Sensed():
                around(self, message, self._desk.note)

    @property
    def idle(self) -> bool:
        """Nobody stands here, and nothing is being settled."""
        return self._recalled and self._front is None and not self._behind

    @property
    def _free(self) -> bool:
        """Nobody stands here, not even to read a last page."""
        return self._front is None and isinstance(self.dialogue.asking, Welcome | OutOfService | None)

    # Welcome.

    def _welcome(self) -> None:
        if (left := self._desk.left_card()) is not None:
            self.dialogue.ask(asides.card(left), lambda _: self._welcome())
            return
        self.dialogue.fresh()
        if self._end_wanted:
            self.end_program()
        if self._service_wanted:
            self._begin(SERVICE)
        else:
            page = self._offer.page()
            self.dialogue.ask(page, self._begin if isinstance(page, Welcome) else lambda _: self._welcome())

    def _welcome_anew(self) -> None:
        """What the welcome page says has changed, while it stands."""
        asking = self.dialogue.asking
        if isinstance(asking, Welcome | OutOfService) and asking != (page := self._offer.page()):
            if type(page) is type(asking):
                self.dialogue.replace(page)
            else:
                self._welcome()

    def close_for(self, by: str, what: Mapping[str, str]) -> None:
        """Nobody is sent away: who stands here finishes. A device that is closed is, for them, one that does not work."""
        changed = self._offer.close(by, what)
        self.dialogue.meet(self._offer.ways)
        for device in changed:
            self.dialogue.tell(DeviceNews(device, device not in self._offer.missing))
        self._welcome_anew()

    def _news(self, what: str, works: bool) -> None:
        if self._offer.news(what, works):
            self._desk.note("works" if works else "fails", what=what)
        if isinstance(self.dialogue.asking, Welcome | OutOfService):
            self._welcome_anew()
        elif what not in self._offer.closed:
            self.dialogue.meet(self._offer.ways)
            self.dialogue.tell(DeviceNews(what, works))

    # The service menu.

    def serve(self) -> None:
        """Somebody wants the service menu: they get it now where nobody stands, else when the visit in front has ended. Who
        asks again cannot wait for that."""
        if SERVICE not in self._stories or self._front is not None and self._front.journey == SERVICE:
            return
        if self._free:
            self._begin(SERVICE)
        elif self._service_wanted:
            self._ask_to_end()
        else:
            self._service_wanted = True
            self.dialogue.staff(True)

    def door(self, is_open: bool) -> None:
        """Whoever opens a door wants the service menu. Who shuts it without having signed in does not; who has, works on."""
        play = self._front
        if is_open:
            self.serve()
        elif play is None or play.journey != SERVICE:
            self._service_wanted = False
            self.dialogue.staff(False)
        elif play.visit not in self._jobs and play.last(Member) is None:
            self._said(play, Left("home"))

    def _ask_to_end(self) -> None:
        """The person may have gone, and their page stand for minutes: staff may end the visit, when they have read what
        that means."""
        play = self._front
        if play is None or not isinstance(asked := play.request, Ask) or isinstance(self.dialogue.asking, EndVisit):
            return

        def decided(value: Any) -> None:
            if value is True:
                self._said(play, Left("closed"))
            else:
                self._go(play, asked)

        self.dialogue.ask(EndVisit(), decided)

    def _begin(self, journey: str) -> None:
        play = Play(uuid.uuid4().hex, journey, self._stories[journey])
        self._front = play
        if journey == SERVICE:
            self._service_wanted = False        # what is done in the menu are facts of its own
            self.dialogue.maintain()
        else:
            self._desk.note("visit", journey=journey)
        self._go(play, play.resume())

    def send_away(self) -> None:
        """Their time is over, whoever stands here: what they began is settled behind the page. A technician stays."""
        play = self._front
        if play is None:
            self._welcome()
        elif play.journey != SERVICE:
            job = self._jobs.get(play.visit)
            if job is not None:
                self._give_up(play, job, gone=True)
            else:
                self._said(play, Left("closed"))

    # The story goes on.

    def _go(self, play: Play, step: Request[Any] | End) -> None:
        match step:
            case End(why):
                self._ended(play, why)
            case Ask() if play.gone:
                self._go(play, play.answer(Left("gone")))
            case Ask():
                asked = step.here(self._offer.ways)
                self.dialogue.ask(asked, lambda value: self._said(play, value), _trail(play), play.can_back(), True)
                for what in self._offer.missing:
                    self.dialogue.tell(DeviceNews(what, False))
                if play.journey != SERVICE:         # nothing of the menu is ever written as a visit; PINs least of all
                    self._desk.prepare(play.history[play.saved:])
            case Print() if play.gone:
                self._go(play, play.answer(Refused("nobody")))
            case Do():
                self._do(play, step)

    def _said(self, play: Play, value: Any) -> None:
        if isinstance(value, Left):
            self._desk.note("left", why=value.why, page=type(play.request).__name__)
            if value.why in ("timeout", "closed"):
                self._step_aside(play)
                self._welcome()
        self._go(play, play.answer(value))

    def _ended(self, play: Play, why: BaseException | None) -> None:
        front = play is self._front
        if front and isinstance(why, Left) and why.why == "back":
            again = play.stepped_back()
            play.end()
            self._front = again
            self._go(again, self._resumed(again))
            return
        if isinstance(why, Broken):
            self._desk.note(type(why).__name__.lower(), journey=play.journey)
            self._desk.hold(play.visit, str(why))       # never guessed, never dropped: staff must look
        else:
            if play.journey != SERVICE:
                self._desk.note("end", journey=play.journey, how=_how(why))
            if play.written:
                self._desk.close(play.visit)
        self._behind.pop(play.visit, None)
        play.end()
        if front:
            self._front = None
            self._farewell(why)

    def _farewell(self, why: BaseException | None) -> None:
        if isinstance(why, Refused | Broken):
            self.dialogue.ask(asides.refused(why), lambda _: self._welcome())
        else:
            self._welcome()

    # Acts.

    def _do(self, play: Play, request: Do[Any], again: bool = False) -> None:
        entries = () if request.manner is Manner.FREE else tuple(play.unsaved())
        job = Job(play.visit, play.journey, request, play.key, play.intent(), entries, self.dialogue.comfort, again,
                  front=play is self._front)
        self._jobs[play.visit] = job
        play.written = play.written or request.manner is not Manner.FREE
        if play is self._front:
            self.dialogue.pause()
            self._after(BLINK, lambda: self._wait(play, job))
        self._desk.perform(job)

    def _came(self, job: Job, value: Any) -> None:
        play = self._front if self._front and self._front.visit == job.visit else self._behind.get(job.visit)
        if play is None or self._jobs.get(job.visit) is not job:
            return
        del self._jobs[job.visit]
        if isinstance(value, Refused):
            self._desk.note("refused", request=type(job.request).__name__, reason=value.reason)
        if play is self._front:
            self._stop()
        step = play.answer(value)
        if job.request.manner is not Manner.FREE:
            play.saved += 1                     # the desk wrote this one's outcome
        self._go(play, step)

    def _wait(self, play: Play, job: Job) -> None:
        """Between question and answer: the person sees what happens, and after the deadline gets a choice."""
        self.dialogue.wait(say(job.request.saying), _trail(play))
        self._after(job.request.deadline, lambda: self._slow(play, job))

    def _slow(self, play: Play, job: Job) -> None:
        self._desk.note("slow", request=type(job.request).__name__, reference=play.reference)

        def choose(choice: Any) -> None:
            if choice == "wait":
                self._wait(play, job)
            else:
                self._give_up(play, job, gone=isinstance(choice, Left))

        self.dialogue.ask(asides.slow(job.request), choose, _trail(play))

    def _give_up(self, play: Play, job: Job, gone: bool) -> None:
        if gone:
            self._step_aside(play)
            self._welcome()
        if job.request.manner is Manner.FREE:
            self._desk.drop(job)
            del self._jobs[play.visit]
            self._go(play, play.answer(Left("timeout" if gone else "home")))
        elif not gone:
            self._step_aside(play)
            self._leave_with_slip(play) if job.request.stake else self._welcome()

    def _leave_with_slip(self, play: Play) -> None:
        """Whoever leaves before money or a booking is certain takes the numbers along."""
        order = play.last(Order)
        slip = ReferenceSlip(play.reference, order.amount if order else None, order.no if order else None)
        self._desk.slip(slip, self.dialogue.comfort)
        self.dialogue.ask(asides.settling(slip), lambda _: self._welcome())

    # Behind the scenes: plays whose person has left.

    def _step_aside(self, play: Play) -> None:
        play.gone = True
        self._behind[play.visit] = play
        self._front = None
        self._stop()

    def _take_up(self, visit: OpenVisit) -> None:
        """After a crash: play the story again; whoever stood here has left."""
        story = self._stories.get(visit.journey)
        if visit.held or story is None:
            self._desk.note("held", journey=visit.journey, reference=visit.id[:8].upper())
            self._desk.hold(visit.id, visit.held or "no such journey")
            return
        play = Play(visit.id, visit.journey, story, visit.epoch, visit.history, saved=len(visit.history))
        play.gone = True
        self._behind[visit.id] = play
        step = self._resumed(play)
        self._desk.note("recovered", journey=visit.journey, entries=len(visit.history))
        if isinstance(step, Do) and visit.history and visit.history[-1].result is Result.INTENT:
            self._do(play, step, again=True)
        elif isinstance(step, Ask):
            self._go(play, play.answer(Left("crash")))
        else:
            self._go(play, step)

    @staticmethod
    def _resumed(play: Play) -> Request[Any] | End:
        try:
            return play.resume()
        except Diverged as why:
            return End(why)

    # Time.

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer()
            self._timer = None

    def _after(self, seconds: float, call: Callable[[], None]) -> None:
        self._stop()

        def ring() -> None:
            self._timer = None          # a timer that has rung would remember whom it rang for
            call()

        self._timer = self._ports.after(seconds, ring)


def _trail(play: Play) -> tuple[Text, ...]:
    return play.trail() if play.journey != SERVICE else ()      # a menu is gone through many times: it would say nothing


def _how(why: BaseException | None) -> str:
    match why:
        case None:
            return "done"
        case Left(why=reason):
            return f"left {reason}"
        case Refused(reason=reason):
            return f"refused {reason}"
    return type(why).__name__.lower()
