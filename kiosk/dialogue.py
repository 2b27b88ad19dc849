"""The conversation with the person in front: one question at a time, with patience.

Holds what stands on the screen, who gets the answer, the time a person has, and what was wrong with the last answer. Knows
nothing of visits, stories or acts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from kiosk.requests import Answered, Ask, Complaint, Event, Left, Pay, Waiting, Ways, Welcome
from kiosk.visit import Comfort, Scene
from kiosk.words import Text

WARNING = 20               # seconds a warned person has to say that they are still here (WCAG 2.2, 2.2.1)
PAY_TIME = (30.0, 600.0)   # bounds for a payment code's life: clocks of kiosk and hospital may differ

Cancel = Callable[[], None]


class Ports(Protocol):
    """What the shell gives: a screen, a timer, a clock (monotonic seconds)."""

    def show(self, scene: Scene) -> None: ...
    def after(self, seconds: float, call: Callable[[], None]) -> Cancel: ...
    def now(self) -> float: ...


class Ears(Protocol):
    """What of the desk a dialogue needs: the ears of a question, and the book of facts."""

    def listen(self, ask: Ask[Any], serial: int) -> None: ...
    def hush(self) -> None: ...
    def note(self, kind: str, **data: Any) -> None: ...


@dataclass
class Question:
    """What was asked, who gets the answer (a value, or `Left`), and how it is drawn now."""

    ask: Ask[Any]
    then: Callable[[Any], None]
    scene: Scene


class Dialogue:
    """`wall` is the time of day; `patience` the seconds of silence before a person is warned."""

    def __init__(self, ports: Ports, ears: Ears, wall: Callable[[], dt.datetime], home: Comfort, patience: int) -> None:
        self._ports, self._ears, self._wall = ports, ears, wall
        self._home, self._patience = home, patience
        self._serial = 0
        self._question: Question | None = None
        self._timer: Cancel | None = None
        self._held: Event | None = None
        self._staff = self._maintained = False
        self.comfort = home

    # For the stage.

    @property
    def asking(self) -> Ask[Any] | None:
        """The question that stands now."""
        return self._question.ask if self._question else None

    def ask(self, ask: Ask[Any], then: Callable[[Any], None], trail: tuple[Text, ...] = (), can_back: bool = False,
            can_leave: bool = False) -> None:
        """Put a question; `then` gets the one answer it will have."""
        ends = self._ports.now() + self._pay_time(ask) if isinstance(ask, Pay) else None
        self._put(ask, then, Scene(ask, self._next(), self.comfort, trail, can_back, can_leave,
                                   complaint=ask.wrong, ends_at=ends, staff=self._staff,
                                   maintained=self._maintained))
        question = self._question
        self._ears.listen(ask, self._serial)
        if self._held is not None and question is self._question:
            held, self._held = self._held, None
            self.hear(self._serial, held)

    def wait(self, saying: Text, trail: tuple[Text, ...] = ()) -> None:
        """Show what is happening; nothing can be answered."""
        self._put(Waiting(title=saying), lambda _: None,
                  Scene(Waiting(title=saying), self._next(), self.comfort, trail, staff=self._staff,
                        maintained=self._maintained))

    def pause(self) -> None:
        """Nothing stands to be answered; the screen stays as it is."""
        self._stop()
        self._next()
        self._question = None
        self._ears.hush()

    def fresh(self) -> None:
        """The next person: everything as at first."""
        self.comfort, self._held, self._staff, self._maintained = self._home, None, False, False

    def maintain(self) -> None:
        """Until `fresh`, staff stand here themselves."""
        self._maintained, self._staff = True, False

    def staff(self, wait: bool) -> None:
        """Staff wait until whoever stands here has finished, or do no longer: each page says so in one line."""
        self._staff = wait
        if self._question is not None and self._question.scene.staff is not wait:
            self._draw(self._question, staff=wait)

    def replace(self, ask: Ask[Any]) -> None:
        """The same question with other contents."""
        if self._question is not None:
            self._question.ask = ask
            self._draw(self._question, ask=ask)

    def meet(self, ways: Ways) -> None:
        """Another reader works, or one less: the same question, as this machine asks it now, heard where it may be."""
        question = self._question
        if question is None or isinstance(question.ask, Waiting):
            return
        if question.ask != (here := question.ask.here(ways)):
            self.replace(here)
        self._ears.listen(question.ask, question.scene.serial)

    # For the person and the world.

    def answer(self, serial: int, value: Any) -> None:
        question = self._asked(serial)
        if question is None or isinstance(question.ask, Waiting):
            return
        complaint = question.ask.check(value)
        if complaint is not None:
            self._complain(question, complaint)
        else:
            self._end(question, value)

    def back(self, serial: int) -> None:
        question = self._asked(serial)
        if question is not None and question.scene.can_back:
            self._end(question, Left("back"))

    def leave(self, serial: int) -> None:
        question = self._asked(serial)
        if question is not None and question.scene.can_leave:
            self._end(question, Left("home"))

    def stay(self, serial: int) -> None:
        """A touch that answers nothing: the time begins anew."""
        question = self._asked(serial)
        if question is not None:
            if question.scene.seconds_left is not None:
                self._draw(question, seconds_left=None)
            self._be_patient(question)

    def change(self, comfort: Comfort) -> None:
        """Another language or size: the same question, drawn again."""
        self.comfort = comfort
        if self._question is not None:
            self._draw(self._question, comfort=comfort, seconds_left=None)
            self._be_patient(self._question)

    def hear(self, serial: int, event: Event) -> None:
        """What the world says while a question stands."""
        question = self._asked(serial)
        if question is None:
            return
        match question.ask.hear(event):
            case Answered(value):
                self._end(question, value, event)
            case Complaint() as complaint:
                self._complain(question, complaint)

    def nobody(self) -> None:
        """A sensor sees nobody any more: whoever is asked is warned now. Never less than warned, for a sensor does not see a
        person who stands still. What waits by another clock (a payment, a goodbye) goes on waiting."""
        question = self._question
        if question is None or question.scene.seconds_left is not None:
            return
        if isinstance(question.ask, Welcome):
            self._refresh(question)
        elif question.ask.patience and question.ask.silence() is None and question.scene.ends_at is None:
            self._warn(question, WARNING)

    def tell(self, event: Event) -> None:
        """What the world says whatever question stands."""
        if self._question is not None:
            self.hear(self._question.scene.serial, event)

    # Inside.

    def _next(self) -> int:
        self._serial += 1
        return self._serial

    def _put(self, ask: Ask[Any], then: Callable[[Any], None], scene: Scene) -> None:
        self._question = question = Question(ask, then, scene)
        self._ports.show(scene)
        self._be_patient(question)

    def _asked(self, serial: int) -> Question | None:
        question = self._question
        return question if question is not None and question.scene.serial == serial else None

    def _end(self, question: Question, value: Any, event: Event | None = None) -> None:
        self._stop()
        self._question = None
        if event is not None and question.ask.passes_on:
            self._held = event
        question.then(value)

    def _complain(self, question: Question, complaint: Complaint) -> None:
        if question.scene.complaint != complaint.text:
            self._ears.note("complaint", what=complaint.fact, page=question.ask.page)
        self._draw(question, complaint=complaint.text, seconds_left=None)
        self._be_patient(question)

    def _draw(self, question: Question, **change: Any) -> None:
        question.scene = replace(question.scene, **change)
        self._ports.show(question.scene)

    def _pay_time(self, ask: Pay) -> float:
        low, high = PAY_TIME
        return max(low, min(high, (ask.order.expires_at - self._wall()).total_seconds()))

    # Time.

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer()
            self._timer = None

    def _after(self, seconds: float, call: Callable[[], None]) -> None:
        self._stop()
        self._timer = self._ports.after(seconds, call)

    def _be_patient(self, question: Question) -> None:
        """The question's time begins anew: first a warning, then 20 s, then silence is the answer."""
        self._stop()
        ask, ends_at = question.ask, question.scene.ends_at
        if ends_at is not None:
            self._after(max(0.0, ends_at - self._ports.now()), lambda: self._silent(question))
        elif ask.patience and ask.silence() is not None:
            self._after(ask.patience, lambda: self._silent(question))
        elif ask.patience:
            # Each page has its share of the machine's patience; its own figure is for a machine set to 60 s.
            self._after(ask.patience * self._patience / 60, lambda: self._warn(question, WARNING))
        elif isinstance(ask, Welcome) and (question.scene.complaint or self.comfort != self._home):
            self._after(self._patience, lambda: self._refresh(question))

    def _refresh(self, question: Question) -> None:
        """Whoever changed the welcome page, and went, is not the next one."""
        self.fresh()
        self._draw(question, comfort=self.comfort, complaint=None)

    def _warn(self, question: Question, seconds: int) -> None:
        if seconds == 0:
            self._silent(question)
            return
        self._draw(question, seconds_left=seconds)
        self._after(1.0, lambda: self._warn(question, seconds - 1))

    def _silent(self, question: Question) -> None:
        if question is self._question:
            said = question.ask.silence()
            self._end(question, Left("timeout") if said is None else said.value)
