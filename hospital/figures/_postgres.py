"""A PostgreSQL of one's own: made in a new folder, reachable by a socket there only, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

_PACKAGED = Path("/usr/lib/postgresql")


class Postgres:
    """A running server. `durable`: what it acknowledges is on the disk, as in a hospital; tests need not wait for that.

    Raises AssertionError with a sentence where the package is missing.
    """

    def __init__(self, durable: bool = False) -> None:
        versions = sorted(_PACKAGED.glob("*/bin/pg_ctl"), key=lambda path: float(path.parts[-3]))
        assert versions, "this needs PostgreSQL: apt-get install postgresql"
        self._bin = versions[-1].parent
        self.folder = Path(tempfile.mkdtemp(prefix="hospital-postgres-"))
        self._owner: list[str] = []
        if os.geteuid() == 0:       # the server refuses to run as root
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            self._owner = ["runuser", "-u", "postgres", "--"]
        self._run("initdb", "-D", "data", "-U", "hospital", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        options = (f"-k {self.folder} -c listen_addresses= -c max_connections=150 -c "
                   + ("shared_buffers=128MB" if durable else "shared_buffers=32MB -c fsync=off"))
        self._run("pg_ctl", "-D", "data", "-w", "-t", "30", "-l", "log", "-o", options, "start")

    def url(self, database: str) -> str:
        return f"postgres://hospital@{quote(str(self.folder), safe='')}/{database}"

    def sql(self, statement: str) -> None:
        """Run one statement as the owner of everything, outside any transaction."""
        self._run("psql", "-h", str(self.folder), "-U", "hospital", "-d", "postgres", "-q", "-c", statement)

    def bench(self, database: str, script: str, clients: int, seconds: int) -> str:
        """What pgbench says of a script that so many clients repeat for so long, its statements planned once."""
        (self.folder / "script.sql").write_text(script)
        return self._run("pgbench", "-h", str(self.folder), "-U", "hospital", "-n", "-M", "prepared", "-c", str(clients),
                         "-j", "2", "-T", str(seconds), "-f", "script.sql", database)

    def stop(self) -> None:
        self._run("pg_ctl", "-D", "data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder)

    def _run(self, program: str, *arguments: str) -> str:
        # Output goes to a file: a server started here would keep a pipe open for ever.
        with tempfile.TemporaryFile() as said:
            done = subprocess.run([*self._owner, str(self._bin / program), *arguments], cwd=self.folder, stdout=said,
                                  stderr=said, timeout=120)
            said.seek(0)
            words = said.read().decode(errors="replace")
            assert done.returncode == 0, f"{program}: {words}"
            return words
