"""A whole hospital lobby on one computer: everything the kiosk window needs around it, as processes.

    with House(Path("var")) as house:
        house.addresses.hospital_url, …

starts a virtual screen (where there is none), twins of WeChat Pay and of Alipay with the patient's phone, the hospital,
and the bench with the twins of the devices and their panel. They end with the block, and with this process however it ends.
Nothing is written outside the state folder.
"""

from __future__ import annotations

import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from kiosk.fittings import NEEDED, PCSC

PROJECT = Path(__file__).resolve().parent.parent
PATIENCE = 60.0             # s until a part must answer; a first start on a slow disk compiles and migrates
LAST_WORDS = 5.0            # s a part may take to end in good order
LISTENING = re.compile(r"^(?:listening|hospital:) (http://\S+?)/?\s", re.MULTILINE)
DEVICE = re.compile(r"^(\w+) ((?:serial|tcp|hid|pcsc|cups):\S+)\n", re.MULTILINE)
DISPLAY = re.compile(r"^(\d+)\n", re.MULTILINE)


class NotStarted(Exception):
    """A part of the house did not come up. Says which, and its last words."""


class Part:
    """One process of the house. What it writes is in its log; it is ended when this process dies.

    Start it from a thread that lives as long as the part is to live: for the kernel, that thread is its parent.
    """

    def __init__(self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self._command = command
        self._log = log
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                # By way of setpriv, because Python code between fork and exec is not safe beside threads.
                ("setpriv", "--pdeathsig", "TERM", "--", *self._command), cwd=PROJECT, env=self._environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                # Ctrl-C in the terminal is for us; the parts are then ended one after the other.
                process_group=0)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def says(self, sign: re.Pattern[str]) -> str:
        """What `sign` catches in its words, as soon as it says it. Raises NotStarted."""
        deadline = time.monotonic() + PATIENCE
        while True:
            alive = self.running    # asked before its words are read: the last ones count
            if found := sign.search(self.words()):
                return found[1]
            if not alive or time.monotonic() > deadline:
                raise self._failure("gave no sign" if alive else "ended")
            time.sleep(0.02)

    def finish(self) -> str:
        """Let a command run to its end; what it said. Raises NotStarted when it fails."""
        assert self._process is not None
        try:
            status = self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise self._failure("does not end") from None
        if status:
            raise self._failure(f"ended with status {status}")
        return self.words()

    def stop(self) -> None:
        """End it and all that it started: politely, and after LAST_WORDS by force."""
        if self._process is None or not self.running:
            return
        self._process.terminate()
        try:
            self._process.wait(LAST_WORDS)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass        # nobody left
        self._process.wait()

    def words(self) -> str:
        """All that it has said since it was started."""
        return self._log.read_text("utf-8", errors="replace")

    def _failure(self, what: str) -> NotStarted:
        return NotStarted(f"{self.name} {what}. Its last words:\n{self.words()[-2000:]}")


@dataclass(frozen=True)
class Addresses:
    """Where everything is."""

    state: Path
    hospital_url: str
    token_file: Path            # this kiosk's token for the hospital
    phone_url: str              # WeChat Pay's twin; the patient's phone is its page /twin/
    panel_url: str              # the bench's panel, a web page
    devices: Mapping[str, str]  # device -> URL of its line
    display: str                # of the window, like ":0"
    virtual: bool               # nobody sees that display but the panel
    logs: Path


class House:
    """All around the kiosk window. A context manager; enter it in a thread that outlives it."""

    def __init__(self, state: Path, *, virtual: bool | None = None, window: tuple[int, int] = (1080, 1920),
                 panel_port: int = 8100, panel_host: str = "127.0.0.1", kiosk: str = "lobby-1",
                 database_url: str = "", devices: Sequence[str] = ()) -> None:
        """`state`: all that is kept, made when missing; a second house in it is refused.

        `virtual`: a screen of its own, `window` px wide and high (None: when DISPLAY names none). `panel_port`: 0 for
        any free one, which is also taken when the port is not free. `database_url`: empty for SQLite in `state`.
        `devices`: twins of kiosk/fittings.py that stand on the bench besides those that every kiosk has.
        """
        self._state = state.absolute()
        self._logs = self._state / "logs"
        self._virtual = not os.environ.get("DISPLAY") if virtual is None else virtual
        self._window = window
        self._panel_port = panel_port
        self._panel_host = panel_host
        self._kiosk = kiosk
        self._database_url = database_url
        self._devices = (*NEEDED, *devices)
        self.parts: dict[str, Part] = {}     # screen, phone, wallet, hospital, bench
        self._open = ExitStack()
        self.addresses: Addresses

    def __enter__(self) -> House:
        with ExitStack() as undo:
            self._state.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._logs.mkdir(exist_ok=True)
            undo.callback(os.close, self._lock())
            undo.callback(self._stop)
            self._start()
            self._open = undo.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._open.close()

    def ended(self) -> str | None:
        """The name of a part that is no longer running; None while all are."""
        return next((name for name, part in self.parts.items() if not part.running), None)

    def ask_hospital(self, *words: str) -> str:
        """Run a command of the hospital's on its books; what it said. Raises NotStarted."""
        return self._run(f"hospital-{words[0]}", "hospital", *words, **self._hospital_is)

    def _start(self) -> None:
        account = self._state / "wechat" / "account"
        account.parent.mkdir(exist_ok=True, mode=0o700)
        hospital_port = free_port()
        hospital_url = f"http://127.0.0.1:{hospital_port}"
        other = self._state / "alipay" / "account"
        other.parent.mkdir(exist_ok=True, mode=0o700)
        self._hospital_is = settings = {"HOSPITAL_STATE": str(self._state / "hospital"), "WECHAT_ACCOUNT": str(account),
                                        "ALIPAY_ACCOUNT": str(other), "DATABASE_URL": self._database_url}

        phone = self._start_python(
            "phone", "hospital.sim.wechat", "--port", 0, "--account", account,
            "--state", account.with_name("books.json"), "--notify-url", f"{hospital_url}/pay/wechat/notify")
        wallet = self._start_python(
            "wallet", "hospital.sim.alipay", "--port", 0, "--account", other,
            "--state", other.with_name("books.json"), "--notify-url", f"{hospital_url}/pay/alipay/notify")
        display = self._screen() if self._virtual else os.environ["DISPLAY"]
        self._run("seed", "hospital", "seed", **settings)
        if PCSC & {*self._devices}:         # the bench's own PC/SC service, found by who is started from here
            os.environ.setdefault("PCSCLITE_CSOCK_NAME", str(self._state / "pcscd"))
        phone_url, wallet_url = phone.says(LISTENING), wallet.says(LISTENING)
        bench = self._start_python(
            "bench", "drivers.sim", "--state", self._state / "bench", "--phone", phone_url, "--phone", wallet_url,
            "--devices", ",".join(self._devices),
            "--host", self._panel_host, "--port", self._panel_port if is_free(self._panel_port) else 0,
            *(("--screen", display) if self._virtual else ()))
        hospital = self._start_python(
            "hospital", "hospital", "serve", "--port", hospital_port, "--boards-port", 0, **settings)
        token_file = self._state / "token"
        token = self._run("register", "hospital", "kiosk", self._kiosk, **settings).split()[-1]
        with open(token_file, "w", opener=_private) as file:
            file.write(token)
        self.addresses = Addresses(
            self._state, hospital.says(LISTENING), token_file, phone_url, bench.says(LISTENING),
            dict(DEVICE.findall(bench.words())), display, self._virtual, self._logs)

    def _screen(self) -> str:
        """A virtual screen on the first free display; its name."""
        width, height = self._window
        screen = self._start_part("screen", "Xvfb", "-displayfd", "1", "-screen", "0", f"{width}x{height}x24",
                                  "-nolisten", "tcp", "-noreset")
        return f":{screen.says(DISPLAY)}"

    def _start_part(self, name: str, *command: object, **environment: str) -> Part:
        # The parts are neighbours: a proxy set for the world must not come between.
        neighbours = dict.fromkeys(("no_proxy", "NO_PROXY"), "127.0.0.1,localhost")
        part = Part(name, tuple(map(str, command)), self._logs / f"{name}.log", os.environ | neighbours | environment)
        self.parts[name] = part
        part.start()
        return part

    def _start_python(self, name: str, *command: object, **environment: str) -> Part:
        return self._start_part(name, sys.executable, "-m", *command, **environment)

    def _run(self, name: str, *command: object, **environment: str) -> str:
        """Run a module to its end; what it said."""
        part = self._start_python(name, *command, **environment)
        try:
            return part.finish()
        finally:
            self.parts.pop(name).stop()

    def _stop(self) -> None:
        while self.parts:
            self.parts.popitem()[1].stop()

    def _lock(self) -> int:
        lock = os.open(self._state / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise NotStarted(f"somebody else has a house in {self._state}") from None
        return lock


GREETING = """
自助机已经开好。请用浏览器打开试验台：
The kiosk is up. Open its bench in a browser:

    {panel}

先试这些 / Try this first
  1. {touch}
     {touch_en}
  2. 在试验台上点一张身份证，放到读卡器上。
     On the bench, put an ID card on the reader.
  3. 选科室、选时间，确认。
     Choose a department and a time, and confirm.
  4. 在试验台的“患者的手机”上付款，凭条随即打印。
     Pay with the patient's phone on the bench; a ticket is printed.
  5. 弄坏点什么：拔掉打印机，用完纸，很晚才付款。
     Break something: unplug the printer, end the paper, pay late.
{staff}
医院 Hospital  {hospital}
日志 Logs      {logs}
停止 Stop      Ctrl-C
"""


STAFF = """
维护菜单 / The service menu
  在首页点院徽三下，再点时钟两下；或者打开机门（试验台上控制板的输入端 0 通电）。
  On the first page touch the sign in the corner three times, then the clock twice; or open the door (board, input 0).
  工号和密码 / Staff numbers and PINs, new at each start:
{people}
  导出的日志 / Exported logs: {usb}
"""


def greeting(house: Addresses, staff: Mapping[str, str] | None = None) -> str:
    """For the person who started all this: what runs where, and what to try first. `staff`: who may open the service menu
    (a number and a role), and their PINs."""
    touch, touch_en = (("在试验台的画面上点“挂号”。", "Touch 挂号 (Register) in the picture on the bench.") if house.virtual else
                       ("在自助机的窗口里点“挂号”。", "Touch 挂号 (Register) in the kiosk's window."))
    return GREETING.format(panel=house.panel_url, hospital=house.hospital_url, logs=house.logs,
                           touch=touch, touch_en=touch_en, staff=_staff(house, staff) if staff else "")


def _staff(house: Addresses, staff: Mapping[str, str]) -> str:
    people = "\n".join(f"    {who}  {pin}" for who, pin in staff.items())
    return STAFF.format(people=people, usb=house.state / "usb")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
