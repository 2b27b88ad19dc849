"""The bank terminals' twins, through real pseudo-terminals, as their papers say."""

from __future__ import annotations

import json
import math
import os
import select
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.sim.bench import Bench
from drivers.sim.terminal import frame
from twin_port import Port
from vectors import vectors

VEC = vectors("terminal")
HANDSHAKE = bytes.fromhex("55AA010000000001CC33")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Bench(tmp_path, speed=math.inf, devices=("terminal", "vendor")) as bench:
        yield bench


def order(reference: str, **more: str) -> bytes:
    return json.dumps({"topic": "ecrhub.pay.order", "request_id": "1", "app_id": "x", "biz_data": {
        "merchant_order_no": reference, "order_amount": "12.50", "trans_type": "1", **more}}).encode()


def take(port: Port, size: int) -> bytes:
    """The next `size` bytes, leaving what comes behind them."""
    data = b""
    while len(data) < size:
        ready, _, _ = select.select([port.fd], [], [], 5)
        assert ready, f"nothing more after {data!r}"
        data += os.read(port.fd, size - len(data))
    return data


def answer(port: Port, number: int) -> dict[str, Any]:
    """The next data frame, which has this number; acknowledged."""
    head = take(port, 7)
    assert head[:5] == bytes((0x55, 0xAA, 0, 0, number))
    rest = take(port, int.from_bytes(head[5:7], "big") + 3)
    assert frame(0, 0, number, rest[:-3]) == head + rest
    port.write(frame(0, number))
    told: dict[str, Any] = json.loads(rest[:-3])
    return told


def test_a_handshake_and_a_heartbeat(bench: Bench) -> None:
    with Port(bench.urls["terminal"]) as port:
        assert port.ask(HANDSHAKE, 10) == VEC["6.21"]
        assert port.read(10) == VEC["6.22"]


def test_an_order_is_acknowledged_made_once_and_answered_until_it_is_heard(bench: Bench) -> None:
    twin: Any = bench.devices["terminal"]
    with Port(bench.urls["terminal"]) as port:
        port.write(frame(0, 0, 1, order("K1")))
        port.write(HANDSHAKE)                   # before it nothing is heard
        assert take(port, 10) == VEC["6.21"] and not twin.book
        request = frame(0, 0, 1, order("K1"))
        port.write(request)
        assert take(port, 10) == frame(0, 1)
        told = answer(port, 1)
        assert told["response_code"] == "000" and told["biz_data"]["trans_status"] == "2"
        port.write(request)                     # the same number again
        assert take(port, 10) == frame(0, 1)
        assert [entry.amount for entry in twin.book.values()] == [1250]


def test_a_program_answers_in_lines(bench: Bench) -> None:
    def ask(port: Port, **request: object) -> dict[str, Any]:
        port.write(json.dumps(request).encode() + b"\n")
        said = b""
        while not said.endswith(b"\n"):
            said += take(port, 1)
        told: dict[str, Any] = json.loads(said)
        return told

    with Port(bench.urls["vendor"]) as port:
        assert ask(port, id=1, do="identify") == {"id": 1, "name": "VENDOR-TEST 1.0", "can": ["pay", "refund", "query"]}
        assert ask(port, id=2, do="query", reference="K1")["settled"] == "never"
        paid = ask(port, id=3, do="pay", reference="K1", amount=1250)
        assert (paid["id"], paid["settled"], paid["amount"], paid["reference"]) == (3, "approved", 1250, "K1")
        port.write(b"no json\n[]\n{}\n\n")
        assert ask(port, id=4, do="status") == {"id": 4, "ready": True}
        assert ask(port, id=5, do="refund", reference="R1", original="K1", amount=1251)["settled"] == "never"
        assert ask(port, id=6, do="refund", reference="R2", original="K1", amount=1250)["settled"] == "approved"
