"""The devices of a kiosk in a town: what a card reader, a scanner and a printer say, without their bytes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from drivers import contract as d
from virtual import Clock, Fuse


class _Waits(BaseException):
    """There is nothing to read yet. `late` is called when nothing came, and the work tried once more; without it, nothing
    was presented."""

    def __init__(self, timeout: float, late: Callable[[], None] | None = None) -> None:
        self.timeout, self.late = timeout, late


class Command:
    """A piece of work at a device; ends once."""

    def __init__(self, service: Service, work: Callable[[Any], Any], done: Callable[[Any], None]) -> None:
        self.service, self.work, self._done = service, work, done
        self.ended = False

    def cancel(self) -> None:
        self.end(d.Cancelled())

    def end(self, answer: Any) -> None:
        if not self.ended:
            self.ended = True
            self.service.waiting = [other for other in self.service.waiting if other is not self]
            self._done(answer)


class Service:
    """drivers.service.Service for one device of the town: a queue of commands, without a thread.

    `plugged` False: the line is gone. `on_news(name, works)` is told when that changes, `on_happened(what)` what the device
    has to tell besides.
    """

    def __init__(self, name: str, clock: Clock, device: Any) -> None:
        self.name, self.device = name, device
        self.plugged = True
        self.waiting: list[Command] = []
        self.on_news: Callable[[str, bool], None] = lambda name, works: None
        self.on_happened: Callable[[str], None] = lambda what: None
        self._clock = clock

    @property
    def status(self) -> d.Status:
        return d.Status(d.State.ONLINE if self.plugged else d.State.NO_DEVICE)

    def submit(self, work: Callable[[Any], Any], done: Callable[[Any], None]) -> Command:
        command = Command(self, work, done)
        self._try(command)
        return command

    def unplug(self) -> None:
        self.plugged = False
        for command in list(self.waiting):
            command.end(d.Gone())
        self.on_news(self.name, False)

    def plug(self) -> None:
        self.plugged = True
        self.connect()
        if self.plugged:
            self.on_news(self.name, True)

    def connect(self) -> None:
        """As the driver does, whenever it finds its device. One that cannot be prepared is out, and tried again."""
        if isinstance(self.device, Mover):
            try:
                self.device.capture()
            except d.BinFull:
                self.plugged = False
                self._clock.after(AGAIN, self.plug)
                return
            self._hear()

    def forget(self) -> None:
        """The kiosk's power is cut: nobody waits any more."""
        for command in self.waiting:
            command.ended = True
        self.waiting, self.on_news = [], lambda name, works: None

    def present(self, what: Any) -> None:
        """A card or code (or what goes wrong with it), for whoever waits; else it lies there for the next."""
        self.device.lying = what
        self.stir()

    def stir(self) -> None:
        """Something has changed at the device."""
        for command in list(self.waiting):
            self._try(command)

    def _try(self, command: Command) -> None:
        answer: Any
        if not self.plugged:
            command.end(d.Gone())
            return
        try:
            answer = command.work(self.device)
        except d.DeviceError as error:
            answer = error
        except _Waits as waits:
            late = waits.late
            self._hear()
            if command not in self.waiting:
                self.waiting.append(command)
                self._clock.after(waits.timeout, lambda: self._late(command, late))
            return
        self._hear()
        command.end(answer)

    def _late(self, command: Command, late: Callable[[], None] | None) -> None:
        if command.ended:
            return
        if late is None:
            command.end(d.NothingPresented())
        else:
            late()
            self._try(command)

    def _hear(self) -> None:
        while happened := getattr(self.device, "happened", None):
            self.on_happened(happened.popleft())


class Slot:
    """Where something is put for a moment, and read once: a card reader, a scanner."""

    def __init__(self) -> None:
        self.lying: Any = None

    def read_card(self, timeout: float) -> Any:
        return self._read(timeout)

    def scan(self, timeout: float) -> str:
        code: str = self._read(timeout)
        return code

    def _read(self, timeout: float) -> Any:
        lying, self.lying = self.lying, None
        if lying is None:
            raise _Waits(timeout)
        if isinstance(lying, d.DeviceError):
            raise lying
        return lying


AGAIN = 5.0     # seconds until a device that could not be prepared is tried again


class Mover:
    """A motor reader: where a card is, and what a person does at its mouth. `box`: the cards that it captured."""

    def __init__(self) -> None:
        self.happened: deque[str] = deque()
        self.spot, self.card, self.offered = d.CardPlace.NONE, "", ""
        self.box: list[str] = []
        self.full = False
        self._given = self._late = False

    # A person.

    def insert(self, card: str) -> None:
        self.offered = card

    def take(self) -> None:
        assert self.spot is d.CardPlace.SLOT, "no card lies at the mouth"
        self.spot = d.CardPlace.NONE
        self.happened.append(d.CardWent.RETURNED)

    # drivers.contract.CardMover, as far as people's own cards go.

    def place(self) -> d.CardPlace:
        return self.spot

    def admit(self, timeout: float) -> str:
        self.capture()
        if not self.offered:
            raise _Waits(timeout)
        self.card, self.offered, self.spot = self.offered, "", d.CardPlace.READER
        return self.card

    def present(self, timeout: float) -> None:
        if self.spot is d.CardPlace.NONE and not self._given:
            raise d.MoveUnknown
        if self.spot is not d.CardPlace.NONE:
            self.spot, self._given = d.CardPlace.SLOT, True
        if not self.taken(timeout):
            raise d.NotTaken
        self._given = False

    def taken(self, timeout: float) -> bool:
        late, self._late = self._late, False
        if self.spot is d.CardPlace.NONE:
            return True
        if late or timeout <= 0:
            return False
        raise _Waits(timeout, self._forgotten)

    def capture(self) -> bool:
        if self.spot is d.CardPlace.NONE:
            return False
        if self.full:
            raise d.BinFull
        self.box.append(self.card)
        self.spot, self._given = d.CardPlace.NONE, False
        self.happened.append(d.CardWent.CAPTURED)
        return True

    def hold(self) -> None:
        self.spot, self._given = d.CardPlace.READER, False

    def _forgotten(self) -> None:
        self._late = True


@dataclass(frozen=True)
class Piece:
    """A piece of paper in somebody's hand. `copy` as it is marked (1: no mark); not whole: torn off in the middle."""

    kind: str                # registration, refund, reference
    code: str                # of the appointment; or the reference
    copy: int
    whole: bool
    text: str


class Printer:
    """Prints on paper that is kept. `trouble` is what it says before it begins; `torn`: the paper ends in the middle."""

    def __init__(self, fuse: Fuse) -> None:
        self.trouble: d.DeviceError | None = None
        self.torn = False
        self.pieces: list[Piece] = []
        self._fuse = fuse

    def print_ticket(self, lines: Sequence[d.PaperLine], timeout: float) -> d.Printed:
        self._fuse.pass_("before print")
        if self.trouble is not None:
            raise type(self.trouble)()      # a new one: an exception remembers the frames it came through
        self.pieces.append(_piece(lines, whole=not self.torn))
        self._fuse.pass_("after print")
        if self.torn:
            self.torn, self.trouble = False, d.PaperOut()
            raise d.PrintUnknown()
        return d.Printed.PRINTED


TITLES = {"检查预约单": "exam", "采血预约单": "exam",
          "挂号凭条": "registration", "退号凭条": "refund", "待核对凭条": "reference", "签到凭条": "checkin"}


def _piece(lines: Sequence[d.PaperLine], whole: bool) -> Piece:
    """What the nurse reads on it."""
    words = [_words(line) for line in lines]
    kind = next(kind for title, kind in TITLES.items() if any(line.startswith(title) for line in words))
    mark = next((line for line in words if line.startswith("补打")), "")
    barcode = next((line.data for line in lines if isinstance(line, d.Barcode)), "")
    code = barcode or next(line.value for line in lines if isinstance(line, d.Pair)
                           and line.label.startswith(("挂号编号", "查询编号")))
    return Piece(kind, code, int(mark.split("第")[1].split("张")[0]) if mark else 1, whole, "\n".join(words))


def _words(line: d.PaperLine) -> str:
    match line:
        case d.Text(text):
            return text
        case d.Pair(label, value):
            return f"{label} {value}"
    return ""
