"""One job of a print queue, from its document to its end: followed, and taken back when it is not printed in its time.

From the first byte of the document on nobody may call it unprinted because a question was not answered, was refused, or
the queue itself is gone: that says nothing of the paper. Only what the server tells of the job does.
"""

from __future__ import annotations

import time

from drivers.contract import Cancelled, DeviceError, NoAnswer, OutOfService, PrintUnknown
from drivers.print_queue import Job, Queue

LOOK = 0.1                  # seconds between two questions what became of it
TAKE_BACK = 0.8             # seconds for that: a cancel ends within one


def finished(queue: Queue, number: int, document: bytes, kind: str, deadline: float, patience: float,
             stops: tuple[type[DeviceError], ...]) -> tuple[Job, DeviceError]:
    """Give job `number` its document, of MIME type `kind`, and wait for its end until `deadline` (time.monotonic).

    What became of it, and why it was not printed where nothing is on paper: the driver judges that. `patience`: seconds
    that one of `stops` may keep the printer from printing. Raises PrintUnknown when nobody could say what became of it.
    """
    try:
        try:
            queue.send(number, document, kind)
        except Cancelled:
            raise
        except DeviceError:
            pass                        # taken or not: the job itself is asked
        return _followed(queue, number, deadline, patience, stops)
    except (Cancelled, PrintUnknown) as error:
        return _taken_back(queue, number, error)


def _followed(queue: Queue, number: int, deadline: float, patience: float,
              stops: tuple[type[DeviceError], ...]) -> tuple[Job, DeviceError]:
    since, why = time.monotonic(), _late()
    while time.monotonic() < deadline:
        try:
            job = queue.job(number)
            if job.over and job == queue.job(number):       # IPP carries no check of its own: it is told twice
                return job, OutOfService("the job was stopped")
            trouble = queue.look().trouble
        except (Cancelled, PrintUnknown):
            raise
        except DeviceError as away:
            why = away
        else:
            why = trouble or _late()
            if not isinstance(trouble, stops):
                since = time.monotonic()
            elif time.monotonic() - since > patience:
                break
        queue.pause(LOOK)
    return _taken_back(queue, number, why)


def _late() -> DeviceError:
    return NoAnswer("not printed in time")


def _taken_back(queue: Queue, number: int, why: DeviceError) -> tuple[Job, DeviceError]:
    """Cancel the job and see what it was before: printed after all, partly perhaps, or certainly not."""
    deadline = time.monotonic() + TAKE_BACK
    try:
        queue.cancel(number, TAKE_BACK / 2)
        job = queue.job(number, deadline - time.monotonic())
        while not job.over and (left := deadline - time.monotonic()) > LOOK:
            queue.pause(LOOK / 2)
            job = queue.job(number, left - LOOK / 2)
    except DeviceError:
        raise PrintUnknown(why.cause) from why
    return job, why
