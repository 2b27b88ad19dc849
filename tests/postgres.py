"""A PostgreSQL of the tests' own: made in a new folder, reachable by a socket there only, gone afterwards."""

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
    """A running server. Raises AssertionError with a sentence where the package is missing."""

    def __init__(self) -> None:
        versions = sorted(_PACKAGED.glob("*/bin/pg_ctl"), key=lambda path: float(path.parts[-3]))
        assert versions, "these tests need PostgreSQL: apt-get install postgresql"
        self._bin = versions[-1].parent
        self.folder = Path(tempfile.mkdtemp(prefix="hospital-postgres-"))
        self._owner: list[str] = []
        if os.geteuid() == 0:       # the server refuses to run as root
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            self._owner = ["runuser", "-u", "postgres", "--"]
        self._run("initdb", "-D", "data", "-U", "hospital", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        # Nothing here must survive a power cut, only the tests.
        options = f"-k {self.folder} -c listen_addresses= -c fsync=off -c max_connections=150 -c shared_buffers=32MB"
        self._run("pg_ctl", "-D", "data", "-w", "-t", "30", "-l", "log", "-o", options, "start")

    def url(self, database: str) -> str:
        return f"postgres://hospital@{quote(str(self.folder), safe='')}/{database}"

    def sql(self, statement: str) -> None:
        """Run one statement as the owner of everything, outside any transaction."""
        self._run("psql", "-h", str(self.folder), "-U", "hospital", "-d", "postgres", "-q", "-c", statement)

    def stop(self) -> None:
        self._run("pg_ctl", "-D", "data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder)

    def _run(self, program: str, *arguments: str) -> None:
        # Output goes to a file: a server started here would keep a pipe open for ever.
        with tempfile.TemporaryFile() as said:
            done = subprocess.run([*self._owner, str(self._bin / program), *arguments], cwd=self.folder, stdout=said,
                                  stderr=said, timeout=60)
            said.seek(0)
            assert done.returncode == 0, f"{program}: {said.read().decode(errors='replace')}"
