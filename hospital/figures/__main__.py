"""Measure: python -m hospital.figures [NAME …]; all of them where none is named. Exits with 1 when a promise is not kept."""

from __future__ import annotations

import argparse
import importlib
import pkgutil

from hospital import figures


def main() -> int:
    names = sorted(found.name for found in pkgutil.iter_modules(figures.__path__) if not found.name.startswith("_"))
    parser = argparse.ArgumentParser(prog="python -m hospital.figures", description=figures.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)} (all)")
    chosen: list[str] = parser.parse_args().names
    for name in chosen:
        if name not in names:
            parser.error(f"there is no figure {name}; there are {', '.join(names)}")
    return max(int(importlib.import_module(f"hospital.figures.{name}").main()) for name in chosen or names)


if __name__ == "__main__":
    raise SystemExit(main())
