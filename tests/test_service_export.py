"""A stick with logs: the fleet team reads it, its finder does not."""

from __future__ import annotations

import base64
import io
import json
import tarfile
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from kiosk.journal import Fact
from kiosk.requests import Refused
from kiosk.service.export import seal, stick, unseal, write

TEAM = X25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = base64.b64encode(TEAM.public_key().public_bytes_raw()).decode()
FACTS = [Fact(1, "2026-11-21T04:00:00.000+00:00", "visit", {"journey": "register"}),
         Fact(2, "2026-11-21T04:01:00.000+00:00", "end", {"journey": "register", "how": "done"})]


def test_the_team_reads_what_the_machine_wrote(tmp_path: Path) -> None:
    name = write(tmp_path, "K01-20261121", PUBLIC, FACTS, {"survey.txt": "printer: Well\n"})
    sealed = (tmp_path / name).read_bytes()
    assert name == "K01-20261121.kiosklogs" and b"register" not in sealed
    with tarfile.open(fileobj=io.BytesIO(unseal(sealed, bytes(range(32))))) as tar:
        lines = tar.extractfile("facts.jsonl").read().decode().splitlines()
        assert [json.loads(line)["kind"] for line in lines] == ["visit", "end"]
        assert tar.extractfile("survey.txt").read() == b"printer: Well\n"


def test_nobody_else_does_and_nothing_can_be_changed() -> None:
    sealed = seal(b"facts", TEAM.public_key().public_bytes_raw())
    with pytest.raises(InvalidTag):
        unseal(sealed, bytes(range(1, 33)))
    for at in range(13, len(sealed)):
        with pytest.raises(InvalidTag):
            unseal(sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1:], bytes(range(32)))
    with pytest.raises(ValueError, match="no file"):
        unseal(b"holiday.jpg", bytes(range(32)))
    assert seal(b"facts", TEAM.public_key().public_bytes_raw()) != sealed


def test_without_a_key_nothing_leaves_the_machine(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no_export_key"):
        write(tmp_path, "K01", "", FACTS, {})
    assert list(tmp_path.iterdir()) == []


def test_a_stick_is_found_or_missed(tmp_path: Path) -> None:
    for root in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(Refused, match="no_stick"):
            stick(root)
    (tmp_path / "STICK").mkdir()
    (tmp_path / "note.txt").write_text("")
    assert stick(tmp_path) == tmp_path / "STICK"


def test_a_full_stick_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1000})())
    with pytest.raises(Refused, match="stick_full"):
        write(tmp_path, "K01", PUBLIC, FACTS, {})
