"""The A4 printer's twin: as people play with it on the panel, as cupsd runs its backend, and as it answers IPP by itself."""

from __future__ import annotations

import gc
import json
import math
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from flask.testing import FlaskClient

from drivers.links import Spy, open_link
from drivers.report_cups import Device, impersonal
from drivers.sim import backend
from drivers.sim.bench import Bench
from drivers.sim.cupsd import PrintServer
from drivers.sim.ippfront import IppFront
from drivers.sim.line import PtyLine
from drivers.sim.loop import Loop
from drivers.sim.office import OfficeTwin
from drivers.sim.panel import panel

PDF = b"%PDF-1.4 /Type /Page /Type/Page /Type/Pages"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Bench(tmp_path, math.inf, devices=("a4",)) as twins:
        yield twins


@pytest.fixture
def client(bench: Bench) -> FlaskClient:
    return panel(bench).test_client()


def say(client: FlaskClient, verb: str, **arguments: Any) -> dict[str, Any]:
    answer = client.post(f"/twins/a4/{verb}", json=arguments)
    assert answer.status_code == 200, answer.text
    return cast(dict[str, Any], answer.json)


def test_it_stands_on_the_panel_with_what_it_printed(bench: Bench, client: FlaskClient) -> None:
    assert "A4 打印机" in client.get("/").text and "Toner out" in client.get("/?lang=en").text
    assert say(client, "toner_out")["reasons"] == ["toner-empty-error"]
    assert say(client, "paper_out")["reasons"] == ["media-empty-error", "toner-empty-error"]
    assert say(client, "heal")["reasons"] == []
    link = open_link(bench.urls["a4"])
    assert Device(link).print_report(PDF, "laboratory", 10).sheets == 2
    link.close()
    printer = cast(OfficeTwin, bench.devices["a4"])
    printer.report(1)
    assert client.get("/twins").json["twins"]["a4"]["reports"] == [{"title": "laboratory", "sheets": 2, "pages": 2}]


def test_nothing_of_a_report_is_in_the_log_of_its_line(bench: Bench) -> None:
    told: list[str] = []
    link = open_link(bench.urls["a4"], Spy(told.append, impersonal))
    assert Device(link).print_report(PDF, "laboratory", 10).sheets == 2
    link.close()
    assert told and not any(b"laboratory".hex() in line.replace(" ", "") or "laboratory" in line for line in told)


def test_its_print_server_ends_with_it_and_its_folder_too(tmp_path: Path) -> None:
    twins = Bench(tmp_path, math.inf, devices=("a4",))
    with twins:
        server = cast(Any, twins.devices["a4"].line).server
        process = server.process
        assert isinstance(server, PrintServer) and process.poll() is None and server.folder.exists()
    assert process.poll() is not None
    folder = server.folder
    del twins, server
    gc.collect()
    assert not folder.exists()


# The backend, as cupsd runs it.


def run(arguments: list[str], uri: str, document: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, backend.__file__, *arguments], input=document, capture_output=True, timeout=60,
                          env={**os.environ, "DEVICE_URI": uri})


def test_the_backend_says_what_it_is() -> None:
    assert run([], "").stdout == b'direct twin "Unknown" "Twin"\n'


@pytest.mark.parametrize(("words", "status", "told"), [
    (b"STATE: +media-empty-error\nPAGE: 1 1\nEXIT 0\n", 0, b"STATE: +media-empty-error\nPAGE: 1 1\n"),
    (b"EXIT 4\n", 4, b""), (b"", 1, b"")])
def test_the_backend_brings_the_document_and_tells_what_the_twin_says(
        tmp_path_factory: pytest.TempPathFactory, words: bytes, status: int, told: bytes) -> None:
    place = tmp_path_factory.mktemp("b") / "s"
    door = socket.socket(socket.AF_UNIX)
    door.bind(str(place))
    door.listen()
    heard: list[bytes] = []

    def twin() -> None:
        end, _ = door.accept()
        with end, end.makefile("rb") as file:
            head = file.readline()
            heard.extend((head, file.read(json.loads(head)["bytes"])))
            end.sendall(words)

    thread = threading.Thread(target=twin)
    thread.start()
    done = run(["7", "kiosk", "report", "2", "sides=one-sided"], f"twin:{place}", PDF)
    thread.join()
    door.close()
    assert (done.returncode, done.stderr) == (status, told)
    head = json.loads(heard[0])
    assert (head["job"], head["title"], head["copies"]) == (7, "report", 2) and heard[1] == PDF


# IPP by itself, where there is no CUPS behind it.


def ipp(operation: int, number: int, attributes: bytes = b"", document: bytes = b"") -> bytes:
    return b"\2\0" + operation.to_bytes(2, "big") + number.to_bytes(4, "big") + b"\1" + attributes + b"\3" + document


def test_the_front_refuses_as_the_standard_says(tmp_path: Path) -> None:
    line = PtyLine(Loop(), tmp_path / "x")
    said: list[bytes] = []
    line.send = said.append  # type: ignore[method-assign]
    front = IppFront(line, "Model")
    job = b"\x21\0\6job-id\0\4\0\0\0"
    for request in (ipp(9, 1, job + b"\x05"), ipp(2, 2), b"noise", b"", ipp(5, 3), ipp(6, 4, job + b"\1", PDF),
                    ipp(6, 5, job + b"\1", PDF), ipp(8, 6, job + b"\1"), ipp(8, 7, job + b"\1"), ipp(0x0B, 8)):
        front.hear(request)
    statuses = [(int.from_bytes(answer[4:8], "big"), int.from_bytes(answer[2:4], "big")) for answer in said]
    assert statuses == [(1, 0x0406), (2, 0x0501), (3, 0), (4, 0), (5, 0x0404), (6, 0), (7, 0x0404), (8, 0)]
    assert b"printer-state-reasons\0\4none" in said[-1]
