"""What happens at a kiosk, table by table: every journey, and everything that can go wrong on the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import Core
from tables import Player, Table, tables
from town import Town

TABLES = list(tables())


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_table(table: Table, tmp_path: Path) -> None:
    Player(Core(Town(), tmp_path)).play(table)
