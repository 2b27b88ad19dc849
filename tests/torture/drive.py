"""A drive that loses its power: a SQLite file system in memory that remembers what was not synced yet.

When the power is cut, each sector of 512 bytes written since its file's last sync is there, or not, or torn, each by
itself and in no order; so are the file's length and, before its first sync, the file. What was synced is safe.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import apsw

SECTOR = 512
BLOCK = 4096                # what the unix file system of SQLite says of its sectors
SAFE_OVERWRITE = 0x1000     # … and that bytes beside a write are not harmed by it


@dataclass
class File:
    """`now` is what the program reads; `safe` what lay there at the last sync; `since` the writes after it (a length
    alone: the file was cut to it)."""

    now: bytearray = field(default_factory=bytearray)
    safe: bytearray = field(default_factory=bytearray)
    since: list[tuple[int, bytes | None]] = field(default_factory=list)
    listed: bool = False        # the directory has it for sure

    def after_cut(self, chance: random.Random, lost: float, torn: float) -> bytes:
        left = bytearray(self.safe)
        for at, data in self.since:
            if data is None:
                if chance.random() >= lost:
                    del left[at:]
                continue
            if len(left) < at + len(data) and chance.random() >= lost:
                left.extend(bytes(at + len(data) - len(left)))
            for start in range(at - at % SECTOR, at + len(data), SECTOR):
                if chance.random() < lost:
                    continue
                begin, end = max(start, at), min(start + SECTOR, at + len(data))
                if chance.random() < torn:
                    end = chance.randrange(begin, end)
                if len(left) < end:
                    left.extend(bytes(end - len(left)))
                left[begin:end] = data[begin - at:end - at]
        return bytes(left)


class Drive(apsw.VFS):
    """`moves` is called before every write, sync and deletion."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.files: dict[str, File] = {}
        self.moves: Callable[[], None] = lambda: None
        super().__init__(name, base="")

    def load(self, files: dict[str, bytes]) -> None:
        self.files = {name: File(bytearray(data), bytearray(data), listed=True) for name, data in files.items()}

    def cut(self, chance: random.Random) -> dict[str, bytes]:
        """What is left when the power fails now."""
        lost, torn = chance.choice(((0.0, 0.0), (1.0, 0.0), (0.5, 0.0), (0.5, 0.3), (0.1, 0.1), (0.9, 0.1)))
        return {name: file.after_cut(chance, lost, torn) for name, file in self.files.items()
                if file.listed or chance.random() >= lost}

    # What SQLite asks of a file system.

    def xOpen(self, name: Any, flags: list[int]) -> Any:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        flags[1] = flags[0]
        return Handle(self, self.files.setdefault(path.rpartition("/")[2], File()))

    def xDelete(self, name: str, syncdir: bool) -> None:
        self.moves()
        self.files.pop(name.rpartition("/")[2], None)

    def xAccess(self, name: str, flags: int) -> bool:
        return name.rpartition("/")[2] in self.files

    def xFullPathname(self, name: str) -> str:
        return name


class Handle:
    """An open file of the drive. One program, one connection: locks are always had."""

    def __init__(self, drive: Drive, file: File) -> None:
        self._drive, self._file = drive, file

    def xRead(self, amount: int, offset: int) -> bytes:
        return bytes(self._file.now[offset:offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:
        self._drive.moves()
        file = self._file
        if len(file.now) < offset:
            file.now.extend(bytes(offset - len(file.now)))
        file.now[offset:offset + len(data)] = data
        file.since.append((offset, bytes(data)))

    def xTruncate(self, size: int) -> None:
        self._drive.moves()
        del self._file.now[size:]
        self._file.since.append((size, None))

    def xSync(self, flags: int) -> None:
        self._drive.moves()
        self._file.safe, self._file.listed = bytearray(self._file.now), True
        self._file.since.clear()

    def xFileSize(self) -> int:
        return len(self._file.now)

    def xSectorSize(self) -> int:
        return BLOCK

    def xDeviceCharacteristics(self) -> int:
        return SAFE_OVERWRITE

    def xFileControl(self, op: int, pointer: int) -> bool:
        return False

    def xCheckReservedLock(self) -> bool:
        return False

    def xLock(self, level: int) -> None: ...

    def xUnlock(self, level: int) -> None: ...

    def xClose(self) -> None: ...
