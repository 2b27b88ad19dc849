"""IPP as a kiosk needs it: requests as bytes, answers as groups of attributes. No I/O.

Sources: RFC 8010 (encoding), RFC 8011 (operations, statuses). An own codec of two functions, because the libraries do not
fit a driver: pycups cannot be cancelled while it waits and is under the GPL, pyipp brings an asynchronous HTTP client
and does not check the lengths that it reads.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from drivers.contract import NoAnswer

Value = int | bool | str | bytes
Attributes = Mapping[str, tuple[Value, ...]]


class Operation(IntEnum):
    """RFC 8011, section 5.4.15."""

    CREATE_JOB = 0x0005
    SEND_DOCUMENT = 0x0006
    CANCEL_JOB = 0x0008
    JOB = 0x0009
    PRINTER = 0x000B
    CANCEL_MY_JOBS = 0x0039         # PWG 5100.11


class Tag(IntEnum):
    """RFC 8010, section 3.5: the groups, and the kinds of values that are sent or understood."""

    OPERATION = 0x01
    JOB = 0x02
    END = 0x03
    INTEGER = 0x21
    BOOLEAN = 0x22
    ENUM = 0x23
    TEXT_WITH_LANGUAGE = 0x35
    NAME_WITH_LANGUAGE = 0x36
    NAME = 0x42
    KEYWORD = 0x44
    URI = 0x45
    CHARSET = 0x47
    LANGUAGE = 0x48
    MIME = 0x49


WORDS = range(0x40, 0x60)       # tags of character strings
Attribute = tuple[Tag, str, Value | Sequence[str]]
NUMBERS = (Tag.INTEGER, Tag.ENUM)
DELIMITERS = 0x10               # tags below it begin a group
FAILED = 0x0400                 # statuses from here on: the request was refused
NOT_FOUND = 0x0406              # client-error-not-found


@dataclass(frozen=True)
class Answer:
    """`groups` are the attribute groups behind the operation's own, in order: a printer's, or a job's."""

    status: int
    number: int                 # of the request it answers
    groups: tuple[Attributes, ...] = ()

    @property
    def first(self) -> Attributes:
        return self.groups[0] if self.groups else {}


def encode(operation: Operation, number: int, attributes: Sequence[Attribute], wishes: Sequence[Attribute] = (),
           document: bytes = b"") -> bytes:
    """A request: its operation attributes (charset and language, which must come first, are added), the job template
    attributes that are wished for, and the document."""
    whole = [(Tag.CHARSET, "attributes-charset", "utf-8"), (Tag.LANGUAGE, "attributes-natural-language", "en"), *attributes]
    return (struct.pack(">BBHIB", 2, 0, operation, number, Tag.OPERATION) + b"".join(map(_attribute, whole))
            + (bytes((Tag.JOB,)) + b"".join(map(_attribute, wishes)) if wishes else b"") + bytes((Tag.END,)) + document)


def _attribute(attribute: Attribute) -> bytes:
    tag, name, value = attribute
    many = [value] if isinstance(value, (str, bytes, int)) else value
    return b"".join(_value(tag, "" if at else name, one) for at, one in enumerate(many))


def _value(tag: Tag, name: str, value: Value) -> bytes:
    if isinstance(value, bool):
        data = bytes((value,))
    elif isinstance(value, int):
        data = struct.pack(">i", value)
    else:
        data = value.encode() if isinstance(value, str) else value
    return struct.pack(">BH", tag, len(name)) + name.encode() + struct.pack(">H", len(data)) + data


def decode(data: bytes) -> tuple[Answer, int] | None:
    """The answer at the beginning of `data` and its size, None while it is not whole. Raises NoAnswer for what is no IPP."""
    if data and data[0] not in (1, 2):
        raise NoAnswer("no IPP")
    if len(data) < 9:
        return None
    status, number = struct.unpack_from(">HI", data, 2)
    groups: list[tuple[int, dict[str, tuple[Value, ...]]]] = []
    name, at = "", 8
    while at < len(data):
        tag = data[at]
        at += 1
        if tag == Tag.END:
            return Answer(status, number, tuple(group for kind, group in groups if kind != Tag.OPERATION)), at
        if tag < DELIMITERS:
            groups.append((tag, {}))
            name = ""
            continue
        key, at = _counted(data, at)
        value, at = _counted(data, at)
        name = key.decode("ascii", "replace") or name       # no name: one more value of the attribute before
        if at > len(data):
            return None
        if not groups or not name:
            raise NoAnswer("no IPP")
        group = groups[-1][1]
        group[name] = (*group.get(name, ()), _meaning(tag, value))
    return None


def _counted(data: bytes, at: int) -> tuple[bytes, int]:
    """The bytes behind a length of two bytes, and where they end: behind the data, while they are not all there."""
    start = at + 2
    end = start + int.from_bytes(data[at:start], "big")
    return data[start:end], end


def _meaning(tag: int, value: bytes) -> Value:
    if tag in NUMBERS and len(value) == 4:
        return int.from_bytes(value, "big", signed=True)
    if tag == Tag.BOOLEAN and value in (b"\0", b"\1"):
        return value == b"\1"
    if tag in WORDS:
        return value.decode("utf-8", "replace")
    if tag in (Tag.TEXT_WITH_LANGUAGE, Tag.NAME_WITH_LANGUAGE) and len(value) >= 4:
        return value[4 + int.from_bytes(value[:2], "big"):].decode("utf-8", "replace")
    return value
