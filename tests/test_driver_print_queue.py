"""What a print server refuses once it has a document says nothing of the paper: both kinds of queues, with its answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from drivers import print_queue, printer_cups, report_cups
from drivers.contract import (
    Cancelled, DeviceError, Link, NoAnswer, OutOfService, Pages, Printed, PrintUnknown, Text, WrongDevice)
from drivers.ipp import Answer, Operation

READY = {"printer-state": (3,), "printer-is-accepting-jobs": (True,)}
COMPLETED, CANCELLED = 9, 7


class Line:
    """A line that is never read: the server below answers in its stead."""

    uri = "ipp://localhost/printers/x"

    def drop_input(self) -> None: ...

    def read(self, seconds: float) -> bytes:
        return b""


class Server(print_queue.Queue):
    """`after` is raised by all that is asked from the document on, but for what `well` names. `state` is the job's."""

    def __init__(self, after: DeviceError | None, *well: Operation, state: int = COMPLETED, begun: bool = True) -> None:
        super().__init__(cast(Link, Line()))
        self._after, self._well, self.taken = after, well, False
        self._job: dict[str, Any] = {"job-id": (1,), "job-state": (state,)}
        if begun:
            self._job["time-at-processing"] = (5,)

    def _ask(self, operation: Operation, *more: Any, **options: Any) -> Answer:
        self.taken = self.taken or operation is Operation.SEND_DOCUMENT
        if self.taken and self._after and operation not in self._well:
            raise self._after
        return Answer(0, 1, (READY if operation is Operation.PRINTER else self._job,))


def ticket(server: Server) -> Printed:
    device = printer_cups.Device(cast(Link, Line()))
    device._queue = server
    return device.print_ticket([Text("A")], 0.3)


def report(server: Server) -> Pages:
    device = report_cups.Device(cast(Link, Line()))
    device._queue = server
    return device.print_report(b"%PDF-1", "report", 0.3)


BOTH = pytest.mark.parametrize("prints", [ticket, report])


@BOTH
@pytest.mark.parametrize("error", [OutOfService("the print server refuses: 0502"), WrongDevice("no such queue"), NoAnswer(),
                                   DeviceError("a fault of our own")], ids=lambda error: error.cause)
@pytest.mark.parametrize("well", [(), (Operation.SEND_DOCUMENT,), (Operation.SEND_DOCUMENT, Operation.PRINTER)],
                         ids=["nothing", "sent", "job"])
def test_whatever_fails_behind_the_document_it_may_be_on_paper(prints: Callable[[Server], Any], error: DeviceError,
                                                               well: tuple[Operation, ...]) -> None:
    server = Server(error, *well)
    with pytest.raises(PrintUnknown):
        prints(server)
    assert server.taken


@BOTH
def test_what_was_printed_is_so_though_its_queue_is_gone(prints: Callable[[Server], Any]) -> None:
    answer = prints(Server(WrongDevice("no such queue"), Operation.JOB))
    assert getattr(answer, "printed", answer) is Printed.SENT


@BOTH
def test_what_the_server_refuses_to_take_and_never_began_is_surely_not_on_paper(prints: Callable[[Server], Any]) -> None:
    server = Server(OutOfService("the print server refuses: 040a"), Operation.JOB, Operation.CANCEL_JOB, Operation.PRINTER,
                    state=CANCELLED, begun=False)
    with pytest.raises(OutOfService):
        prints(server)


@BOTH
def test_before_the_document_a_refusal_is_one(prints: Callable[[Server], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*more: Any) -> int:
        raise OutOfService("the print server refuses: 0506")

    server = Server(None)
    monkeypatch.setattr(server, "create", refuses)
    with pytest.raises(OutOfService):
        prints(server)
    assert not server.taken


@BOTH
def test_who_cancels_and_gets_no_answer_does_not_know(prints: Callable[[Server], Any]) -> None:
    with pytest.raises(PrintUnknown, match="cancelled"):
        prints(Server(Cancelled()))


def test_a_job_that_was_printed_and_forgotten_is_unknown_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """0x0406 is client-error-not-found: a server that keeps no history, or one that was started anew."""
    asked: list[float] = []
    link = cast(Link, Line())
    queue = print_queue.Queue(link)
    monkeypatch.setattr(link, "write", lambda data, seconds: asked.append(seconds), raising=False)
    monkeypatch.setattr(queue, "_answer", lambda deadline: Answer(0x0406, 1, ()))
    with pytest.raises(PrintUnknown, match="forgotten"):
        queue.job(1)
    with pytest.raises(WrongDevice):
        queue.look()
    assert len(asked) == 2
