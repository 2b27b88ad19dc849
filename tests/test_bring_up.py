"""The house around the kiosk window: it comes up as a whole, and nothing of it is left behind."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import subprocess
import sys
import textwrap
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kiosk import bring_up
from kiosk.bring_up import House, NotStarted, Part, greeting

PID = re.compile(r"^pid (\d+)\n", re.MULTILINE)
MARK = "HOUSE_UNDER_TEST"

Start = Callable[[str], Part]


@pytest.fixture
def mark(monkeypatch: pytest.MonkeyPatch) -> str:
    """A mark that every process started from here on bears in its environment."""
    mark = uuid.uuid4().hex
    monkeypatch.setenv(MARK, mark)
    return mark


def marked(mark: str) -> list[str]:
    """The command lines of the living processes that bear the mark."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue    # it has just ended, or is not ours
    return found


def wait_for_end(pid: int, seconds: float = 10) -> bool:
    """Whether the process has ended (and be it a zombie that nobody asks about) within so many seconds."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], seconds)[0])
    finally:
        os.close(handle)


@pytest.fixture
def start(tmp_path: Path, mark: str) -> Iterator[Start]:
    """Starts a part that runs a few lines of Python."""
    parts: list[Part] = []

    def start(code: str) -> Part:
        part = Part("fake", (sys.executable, "-c", textwrap.dedent(code)), tmp_path / "fake.log", dict(os.environ))
        parts.append(part)
        part.start()
        return part

    yield start
    for part in parts:
        part.stop()


def test_a_part_tells_its_address_and_ends_when_told(start: Start, mark: str) -> None:
    part = start("""
        import signal
        print("some words first\\nlistening http://127.0.0.1:8123/", flush=True)
        signal.pause()
    """)
    assert part.says(bring_up.LISTENING) == "http://127.0.0.1:8123"
    assert part.running
    part.stop()
    assert not part.running
    assert marked(mark) == []


def test_a_stopped_part_can_be_started_again(start: Start) -> None:
    part = start("import os, signal; print('pid', os.getpid(), flush=True); signal.pause()")
    first = part.says(PID)
    part.stop()
    part.start()
    assert part.running
    assert part.says(PID) != first


def test_what_a_part_started_ends_with_it(start: Start, mark: str) -> None:
    part = start("""
        import signal, subprocess, sys
        child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
        print("pid", child.pid, flush=True)
        signal.pause()
    """)
    child = int(part.says(PID))
    part.stop()
    assert wait_for_end(child)
    assert marked(mark) == []


def test_a_part_that_will_not_end_is_ended(start: Start, mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bring_up, "LAST_WORDS", 0.1)
    part = start("""
        import os, signal
        signal.signal(signal.SIGTERM, lambda *_: None)
        print("pid", os.getpid(), flush=True)
        while True:
            signal.pause()
    """)
    part.says(PID)
    part.stop()
    assert not part.running
    assert marked(mark) == []


def test_a_part_that_breaks_says_why(start: Start) -> None:
    part = start("raise OSError('address already in use')")
    with pytest.raises(NotStarted, match="fake ended(?s:.)*address already in use"):
        part.says(bring_up.LISTENING)


def test_a_part_that_says_nothing_is_not_waited_for_for_ever(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bring_up, "PATIENCE", 0.1)
    with pytest.raises(NotStarted, match="gave no sign"):
        start("import signal; signal.pause()").says(bring_up.LISTENING)


def test_a_command_runs_to_its_end(start: Start) -> None:
    assert start("print('done')").finish() == "done\n"
    with pytest.raises(NotStarted, match="ended with status 3"):
        start("raise SystemExit(3)").finish()


def test_the_parts_die_with_us_however_we_die(tmp_path: Path, mark: str) -> None:
    program = textwrap.dedent(f"""
        import os, pathlib, re, signal, sys
        from kiosk.bring_up import Part
        part = Part("fake", (sys.executable, "-c", {PART_OF_A_KILLED_HOUSE!r}), pathlib.Path({str(tmp_path / "log")!r}),
                    dict(os.environ))
        part.start()
        print(part.says(re.compile("pid (.*)\\n")), flush=True)
        signal.pause()
    """)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as house:
        assert house.stdout is not None
        child = int(house.stdout.readline())
        house.send_signal(signal.SIGKILL)
    assert wait_for_end(child)
    assert marked(mark) == []


PART_OF_A_KILLED_HOUSE = "import os, signal; print('pid', os.getpid(), flush=True); signal.pause()"


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that holds home, temporary files and the current directory, where nothing should appear."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(elsewhere))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.chdir(elsewhere)
    return elsewhere


def get(url: str) -> str:
    directly = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with directly.open(url, timeout=60) as answer:
        text: str = answer.read().decode()
        return text


def test_the_house_comes_up_serves_and_leaves_nothing(tmp_path: Path, elsewhere: Path, mark: str) -> None:
    var = {path: path.stat().st_mtime_ns for path in bring_up.PROJECT.glob("var/**/*")}
    with House(tmp_path / "house", virtual=True, panel_port=0, window=(540, 960)) as house:
        found = house.addresses
        assert house.ended() is None
        assert set(house.parts) == {"screen", "phone", "wallet", "hospital", "bench"}
        for page in (found.panel_url, f"{found.phone_url}/twin/", f"{found.hospital_url}/api/kiosk/v1/openapi.json"):
            assert get(page)
        assert {"idcard", "scanner", "printer"} <= found.devices.keys()
        for url in found.devices.values():
            assert Path(url.removeprefix("serial://").partition("?")[0]).is_char_device()
        assert found.token_file.stat().st_mode & 0o777 == 0o600
        assert len(found.token_file.read_text()) >= 32
        assert Path(f"/tmp/.X11-unix/X{found.display.removeprefix(':')}").exists()
        assert found.panel_url in greeting(found)
        assert len(marked(mark)) == 5
    assert marked(mark) == []
    assert not Path(f"/tmp/.X{found.display.removeprefix(':')}-lock").exists()
    assert list(elsewhere.iterdir()) == []
    assert {path: path.stat().st_mtime_ns for path in bring_up.PROJECT.glob("var/**/*")} == var


def test_the_hospital_goes_and_comes_back_where_it_was(tmp_path: Path, elsewhere: Path, mark: str) -> None:
    with House(tmp_path / "house", virtual=True, panel_port=0) as house:
        hospital = house.parts["hospital"]
        hospital.stop()
        assert house.ended() == "hospital"
        with pytest.raises(OSError):
            get(house.addresses.hospital_url)
        hospital.start()
        assert hospital.says(bring_up.LISTENING) == house.addresses.hospital_url
        with pytest.raises(NotStarted, match="somebody else"):
            House(tmp_path / "house", virtual=True).__enter__()
        assert house.ended() is None
    with House(tmp_path / "house", virtual=True, panel_port=0) as house:    # the same state, another day
        assert house.ended() is None


def test_a_house_that_does_not_come_up_leaves_nothing_either(
        tmp_path: Path, elsewhere: Path, mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(tmp_path / "house", virtual=True, panel_port=0, database_url="postgres://127.0.0.1:1/nobody")
    with pytest.raises(NotStarted, match="seed ended with status 1"):
        house.__enter__()
    assert marked(mark) == []


def test_a_port_that_is_taken_is_known() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert not bring_up.is_free(port)
    assert bring_up.is_free(port)
