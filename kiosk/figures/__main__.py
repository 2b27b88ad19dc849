"""Measures the kiosk on this machine and prints a table."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from kiosk.bring_up import NotStarted
from kiosk.figures import measures
from kiosk.figures.measures import Figure, NotMeasured


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m kiosk.figures", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these: {' '.join(measures.ALL)} (default: all)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    asked = parser.parse_args()
    if unknown := set(asked.names) - measures.ALL.keys():
        parser.error(f"there is no figure {', '.join(sorted(unknown))}")
    machine = {"cores": os.cpu_count(), "architecture": platform.machine(), "python": platform.python_version(),
               "screen": "virtual {}×{}, drawn in software".format(*measures.WINDOW), "date": dt.date.today().isoformat()}
    print("  ".join(f"{name}: {value}" for name, value in machine.items()), flush=True)
    try:
        figures = _measured(asked.names or list(measures.ALL))
    except (NotMeasured, NotStarted) as no:
        print(no, file=sys.stderr)
        return 1
    if asked.json:
        asked.json.write_text(json.dumps({"machine": machine, "figures": [{**asdict(figure), "verdict": figure.verdict}
                                          for figure in figures]}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


def _measured(names: list[str]) -> list[Figure]:
    """Those figures, each printed as soon as it is known."""
    figures = []
    for speed in dict.fromkeys(measures.ALL[name][1] for name in names):
        with tempfile.TemporaryDirectory(prefix="kiosk-") as folder, measures.lobby(Path(folder), speed) as house:
            for measure, wanted in (measures.ALL[name] for name in names):
                if wanted == speed:
                    for figure in measure(house):
                        print(_line(figure), flush=True)
                        figures.append(figure)
    return figures


def _line(figure: Figure) -> str:
    value = f"{figure.value:.0f}" if figure.unit in ("", "bytes") else f"{figure.value:.2f}"
    reach = f"≤ {figure.reach:g} {figure.unit}".rstrip() if figure.reach is not None else ""
    line = f"{figure.name:76} {value + ' ' + figure.unit:>10}  {reach:12} {figure.verdict}".rstrip()
    return "\n".join([line, *(f"    {name}: {detail}" for name, detail in figure.rest.items())])


if __name__ == "__main__":
    sys.exit(main())
