"""docs/rules.md says which test holds which rule: each of them is there, and so is the code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parent
ROOT = TESTS.parent
LINES = (ROOT / "docs/rules.md").read_text("utf-8").splitlines()
ROWS = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in LINES
        if line.startswith("| ") and not line.startswith(("| ---", "| rule "))]


def defined(path: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)}


def test_each_test_that_is_named_is_there() -> None:
    known = {path.name: defined(path) for path in TESTS.glob("test_*.py")}
    count = 0
    for rule, _, tests in ROWS:
        file = ""
        for named in tests.split(", "):
            before, name = named.split("::")
            file = before or file
            assert name in known[file], (rule, named)
            count += 1
    assert len(ROWS) > 250 and count > len(ROWS)


def test_the_first_file_of_each_rule_is_there() -> None:
    for rule, code, _ in ROWS:
        first = re.match(r"[\w/.*<>]+", code)
        if first and "/" in first[0] and not re.search(r"[*<]", first[0]):
            assert (ROOT / first[0].rstrip(".")).exists(), (rule, code)
