"""A real print server of CUPS, alone in a folder of its own: as many as one likes on one machine, as any user.

Source: cupsd.conf(5), cups-files.conf(5), backend(7). Its one queue prints through drivers/sim/backend.py, which hands each
job to the twin. The folder is a short one below the system's temporary files: names of sockets have at most 107 bytes.
"""

from __future__ import annotations

import getpass
import grp
import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import weakref
from pathlib import Path

from drivers.sim import backend

PROGRAM = "/usr/sbin/cupsd"         # of Debian's cups-daemon
STARTS = 10.0                       # seconds at most; it takes 0.1
STEP = 0.01                         # seconds between two looks

FILES = """ServerRoot {0}
ServerBin {0}/bin
DataDir /usr/share/cups
CacheDir {0}/cache
StateDir {0}/state
RequestRoot {0}/spool
TempDir {0}/spool/tmp
AccessLog {0}/access.log
ErrorLog {0}/error.log
PageLog {0}/page.log
SystemGroup {1}
"""
SERVER = """Listen {0}/sock
LogLevel warn
Browsing No
WebInterface No
DefaultAuthType None
PreserveJobFiles No
JobKillDelay 1
<Location />
  Order allow,deny
  Allow all
</Location>
<Policy default>
  JobPrivateAccess all
  JobPrivateValues none
  <Limit All>
    Order allow,deny
    Allow all
  </Limit>
</Policy>
"""
PRINTER = """<Printer {1}>
Info {2}
MakeModel {2}
DeviceURI twin:{0}/backend
State Idle
Accepting Yes
Shared No
JobSheets none none
OpPolicy default
ErrorPolicy abort-job
</Printer>
"""


class PrintServer:
    """Starts and stops its `cupsd`. Between two starts its jobs wait in the folder, which goes when the object goes."""

    def __init__(self, queue: str, model: str) -> None:
        """Raises ImportError where CUPS is not installed."""
        if not Path(PROGRAM).exists():
            raise ImportError("cups-daemon is not installed")
        self.queue = queue
        self.folder = Path(tempfile.mkdtemp(prefix="cups-"))
        self.socket = str(self.folder / "sock")             # where it listens
        self.backend = str(self.folder / "backend")         # where its backend looks for the twin
        self._model = model
        self.process: subprocess.Popen[bytes] | None = None         # cupsd, while it runs
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    @property
    def running(self) -> bool:
        return self.process is not None

    def start(self) -> None:
        """Raises RuntimeError when it does not come up."""
        if self.running:
            return
        self._furnish()
        self.process = subprocess.Popen(                   # it ends with the thread that began it, however that ends
            ["setpriv", "--pdeathsig", "TERM", PROGRAM, "-f", "-c", str(self.folder / "cupsd.conf"),
             "-s", str(self.folder / "cups-files.conf")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + STARTS
        while not self._listens():
            if time.monotonic() > end or self.process.poll() is not None:
                self.stop()
                raise RuntimeError("cupsd does not start")
            time.sleep(STEP)

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def post(self, request: bytes) -> bytes:
        """One IPP request, from the twin itself; the answer. Raises OSError."""
        line = http.client.HTTPConnection("localhost")
        line.sock = socket.socket(socket.AF_UNIX)
        line.sock.settimeout(2)
        try:
            line.sock.connect(self.socket)
            line.request("POST", "/", request, {"Content-Type": "application/ipp"})
            return line.getresponse().read()
        finally:
            line.close()

    def _listens(self) -> bool:
        with socket.socket(socket.AF_UNIX) as end:
            return end.connect_ex(self.socket) == 0

    def _furnish(self) -> None:
        """Its folder, on the first start. Files say what they are to cupsd by their rights: a backend that only its owner
        may run is run as who started cupsd, not as the user lp, who could not reach the twin."""
        if (self.folder / "cupsd.conf").exists():
            return
        self.folder.chmod(0o755)
        for name in ("bin/backend", "cache", "state", "spool/tmp"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "bin/daemon").symlink_to("/usr/lib/cups/daemon")
        program = self.folder / "bin/backend/twin"
        program.write_text(f"#!{sys.executable} -IS\n" + Path(backend.__file__).read_text("utf-8"), "utf-8")
        program.chmod(0o700)
        group = grp.getgrgid(os.getgid()).gr_name
        files = FILES.format(self.folder, group) + (f"User {getpass.getuser()}\nGroup {group}\n" if os.getuid() else "")
        for name, text in {"cups-files.conf": files, "cupsd.conf": SERVER.format(self.folder),
                           "printers.conf": PRINTER.format(self.folder, self.queue, self._model)}.items():
            (self.folder / name).write_text(text, encoding="utf-8")
