"""A PC/SC reader of two slots for twins: a pcscd of our own, with the virtual reader of the virtual smart card architecture.

Debian has both (pcscd, vsmartcard-vpcd). The pcscd runs in the foreground, on a socket of its own that it takes over as it
would from systemd, with a list of readers of its own and without USB: a pcscd of the machine and its readers are neither
needed nor disturbed. Programs find it by pcsc-lite's variable PCSCLITE_CSOCK_NAME, which is set for this process here; if it
was set before, that place is used. pcsc-lite reads it once in a process: so there is one such reader in a process.

The virtual reader waits on a port for each slot; who connects there is a card. Every message has its length in front, two
bytes, big-endian: 0 power off, 1 power on, 2 reset, 4 the ATR, else a command APDU; the last two are answered.
"""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

from drivers.sim.line import Line
from drivers.sim.loop import Loop

DAEMON = "/usr/sbin/pcscd"
DRIVER = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
READER = "Virtual PCD"
SOCKET = "PCSCLITE_CSOCK_NAME"
SLOTS = 2
PORTS = range(20000, 32000, SLOTS)      # below those that Linux gives away by itself
READY, TAKEN = b"daemon ready", b"Could not initialize"
TRIES = 20
CONNECT = 0.05          # s; it is this machine
HANDS = 0.45            # s from one card to the next
DEAF = 0.3              # s: how long a reader waits for a card that does not answer (the real ones: one to three)


class Pcscd:
    """The daemon, started with the first plug and ended with the first unplug: one reader, one plug."""

    def __init__(self) -> None:
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._door: socket.socket | None = None
        self._place = Path()

    @property
    def running(self) -> bool:
        return self._process is not None

    def start(self) -> None:
        """Raises OSError with a sentence when it cannot."""
        if self._process:
            return
        if not Path(DAEMON).exists() or not Path(DRIVER).exists():
            raise OSError("a virtual card reader needs the packages pcscd and vsmartcard-vpcd")
        self._place = Path(tempfile.mkdtemp(prefix="pcscd."))
        path = Path(os.environ.setdefault(SOCKET, f"{self._place}.comm"))
        path.unlink(missing_ok=True)
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(path))
        self._door.listen(16)
        for _ in range(TRIES):
            self.port = random.choice(PORTS)
            if self._began():
                return
        self.stop()
        raise OSError(f"pcscd does not start (run by others than root it needs the directory /run/pcscd): {self._said!r}")

    def _began(self) -> bool:
        (self._place / "readers").mkdir(exist_ok=True)
        (self._place / "readers" / "virtual").write_text(
            f'FRIENDLYNAME "{READER}"\nDEVICENAME /dev/null:{self.port}\nLIBPATH {DRIVER}\nCHANNELID {self.port}\n',
            encoding="ascii")
        assert self._door
        # The number of the process is known only inside it; and it takes the socket as its descriptor 3.
        process = subprocess.Popen(
            ["sh", "-c", 'export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@" 3<&0 </dev/null', "sh",
             DAEMON, "--foreground", "--info", "--config", str(self._place / "readers")],
            stdin=self._door.fileno(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, restore_signals=False,
            env=os.environ | {"PCSCLITE_HP_DROPDIR": str(self._place)})
        self._said = b""
        assert process.stdout
        with process.stdout:                    # a log that nobody reads any more is no reason for it to end
            for line in process.stdout:
                self._said = line
                if TAKEN in line:
                    break
                if READY in line:
                    self._process = process
                    return True
        process.kill()
        process.wait()
        return False

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait()
            self._process = None
        if self._door:
            self._door.close()
            self._door = None
            Path(os.environ[SOCKET]).unlink(missing_ok=True)
        shutil.rmtree(self._place, ignore_errors=True)

    def kill(self) -> None:
        """It ends as a program that crashed does."""
        if self._process:
            self._process.kill()
        self.stop()


PCSCD = Pcscd()         # of this process; used in the bench's thread only


class VpcdLine(Line):
    """One slot. The twin behind it answers the virtual reader; a message of length 0 says that there is no card.

    What a card sends is checked by the reader (parity, CRC): what the line spoils never reaches PC/SC, the reader says that
    the card does not answer. Here that is done by hanging up, for the virtual reader itself would wait for ever.
    """

    def __init__(self, loop: Loop, slot: int) -> None:
        super().__init__(loop, baud=115200)
        self._slot = slot
        self._there = False                     # a card is in the slot
        self._lifted = 0.0                      # when the last one left, on the loop's clock
        self._card: socket.socket | None = None

    @property
    def url(self) -> str:
        return "pcsc:///" + quote(f"{READER} 00 {self._slot:02d}")

    @property
    def plugged(self) -> bool:
        return PCSCD.running

    def plug(self) -> None:
        PCSCD.start()
        self._connect()

    def unplug(self) -> None:
        PCSCD.stop()
        self._forget()

    def insert(self) -> None:
        """A card is put; not sooner after the last one than hands can: pcscd looks every 0.4 s."""
        self._there = True
        self.loop.later(max(0.0, self._lifted + HANDS - self.loop.now()), self._connect)

    def eject(self) -> None:
        """The card is taken."""
        if self._there:
            self._there, self._lifted = False, self.loop.now()
            self._forget()

    def send(self, answer: bytes) -> None:
        shaped = self.faults.shape(answer)
        if self._fd is None:
            return
        if shaped == answer and len(answer) > 2:
            self._queue(self.faults.pieces(answer))
        else:
            card = self._card
            self.loop.later(0.0 if shaped == answer else DEAF, lambda: self._hang_up(card))

    def _readable(self) -> None:
        super()._readable()
        if self._card is not None:              # the reader sends a length and then the rest: do not make it wait for us
            self._card.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def _ended(self) -> None:
        """The reader is gone; or it has given the card up, and looks for it again."""
        self._hang_up(self._card)

    def _hang_up(self, card: socket.socket | None) -> None:
        if card is not None and card is self._card:
            self._forget()
            self._connect()

    def _connect(self) -> None:
        """Now, or as soon as the reader has given up the connection before."""
        if not self._there or self._card is not None or not PCSCD.running:
            return
        try:
            card = socket.create_connection(("127.0.0.1", PCSCD.port + self._slot), CONNECT)
        except OSError:
            self.loop.later(CONNECT, self._connect)
            return
        card.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        card.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        self._card = card
        self._attach(card.fileno())

    def _forget(self) -> None:
        self._detach()
        if self._card is not None:
            self._card.close()
            self._card = None
