"""Who may import whom: the house's rules as a table, held against every import in the tree."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("kiosk", "drivers", "screens", "hospital", "assets")

EVERYTHING = "*"
STDLIB = "stdlib"
# With the one package of it that only type checkers know.
STANDARD_LIBRARY = sys.stdlib_module_names | {"_typeshed"}

# The rule of a module is the first line that names it or a package around it; `x.__init__` is the package x alone.
# May import: modules (each with all that is inside), STDLIB for the standard library, EVERYTHING.
RULES: tuple[tuple[str, str], ...] = (
    # The only places where all parts meet.
    ("kiosk.__main__", EVERYTHING),
    ("kiosk.demo", EVERYTHING),
    # Measures them from outside, and a bare window beside them.
    ("kiosk.figures", EVERYTHING),
    # Stand at it as people would, with the bench in their hands.
    ("kiosk.robot", f"{STDLIB} requests PIL kiosk drivers.sim.screen"),
    ("kiosk.technician", f"{STDLIB} kiosk"),
    # What people do elsewhere meanwhile, by the doors that they have.
    ("kiosk.others", f"{STDLIB} requests kiosk"),
    # Starts the others as processes, so it needs none of them, but to know what stands on the bench.
    ("kiosk.bring_up", f"{STDLIB} kiosk.fittings"),
    ("kiosk.app", f"{STDLIB} kivy screens kiosk"),
    # The registry: a story is known by its file name.
    ("kiosk.journeys.__init__", f"{STDLIB} kiosk.journeys kiosk.requests kiosk.visit kiosk.words"),
    # Stories are pure: no clock, no chance, no files, no threads.
    ("kiosk.journeys", "__future__ typing dataclasses datetime collections.abc "
                       "kiosk.exam_care "
                       "kiosk.requests kiosk.visit kiosk.tickets kiosk.words kiosk.care kiosk.queue_care "
                       "kiosk.numbers kiosk.journeys"),
    # The service menu is a story like theirs; who may open it is known by hashes of PINs.
    ("kiosk.service.menu", "__future__ collections.abc kiosk.requests kiosk.words"),
    ("kiosk.service.staff", f"{STDLIB} argon2 kiosk.requests kiosk.durable"),
    ("kiosk.tickets", f"{STDLIB} kiosk.exam_care kiosk.words kiosk.care kiosk.queue_care drivers.contract"),
    ("kiosk", f"{STDLIB} requests urllib3 cryptography kiosk drivers.contract drivers.service"),
    # Chinese letters and pictograms are cut out of the system's fonts once, at set-up.
    ("screens.fonts", f"{STDLIB} fontTools screens"),
    ("screens", f"{STDLIB} kivy qrcode screens kiosk.requests kiosk.visit kiosk.words kiosk.care"),
    # Never its own driver: two readings of the manual must agree.
    ("drivers.sim", f"{STDLIB} PIL flask werkzeug Xlib qrcode barcode drivers.sim"),
    ("drivers.contract", f"{STDLIB} drivers.contract"),
    # Kinds of lines are loaded by their file names, like drivers.
    ("drivers.links", f"{STDLIB} serial drivers.contract drivers.?"),
    # The registry: a driver is loaded by its file name.
    ("drivers.service", f"{STDLIB} drivers.contract drivers.links drivers.?"),
    # What a thermal printer prints, apart from how it feels.
    ("drivers.printer_escpos", f"{STDLIB} serial escpos drivers.contract drivers.links drivers.escpos_ticket "
                               "drivers.escpos_status drivers.escpos_profiles drivers.escpos_raster"),
    ("drivers.escpos_status", f"{STDLIB} drivers.contract"),
    # What all scanners send; and what those that are told to shine have in common.
    ("drivers.code_trigger", f"{STDLIB} drivers.contract drivers.code_text"),
    *((f"drivers.scanner_{model}", f"{STDLIB} drivers.contract drivers.code_text drivers.code_trigger")
      for model in ("line", "newland", "zonebit", "honeywell")),
    # Chip cards: the slot they are in, and where a hospital's own have their number.
    ("drivers.chip", f"{STDLIB} drivers.contract"),
    ("drivers.link_pcsc", f"{STDLIB} smartcard drivers.contract drivers.links"),
    ("drivers.socialcard_pcsc", f"{STDLIB} drivers.contract drivers.chip"),
    ("drivers.visitcard_pcsc", f"{STDLIB} drivers.contract drivers.chip drivers.visitcard_layout"),
    ("drivers.visitcard_icm522", f"{STDLIB} drivers.contract drivers.visitcard_layout"),
    # Two printers behind print queues, which speak IPP.
    ("drivers.print_queue", f"{STDLIB} drivers.contract drivers.ipp"),
    ("drivers.print_job", f"{STDLIB} drivers.contract drivers.print_queue"),
    ("drivers.report_cups", f"{STDLIB} drivers.contract drivers.ipp drivers.print_queue drivers.print_job"),
    ("drivers.printer_cups", f"{STDLIB} drivers.contract drivers.print_queue drivers.print_job "
                             "drivers.escpos_profiles drivers.escpos_ticket "
                             "drivers.escpos_raster"),
    ("drivers.escpos_ticket", f"{STDLIB} escpos drivers.contract drivers.escpos_profiles"),
    ("drivers.escpos_raster", f"{STDLIB} PIL drivers.contract drivers.escpos_profiles"),
    # Movers of cards: the frames they share, and what is done with a card whoever made the mover.
    ("drivers.handshake", f"{STDLIB} drivers.contract"),
    ("drivers.card_path", f"{STDLIB} drivers.contract"),
    *((f"drivers.cards_{model}", f"{STDLIB} drivers.contract drivers.handshake drivers.card_path")
      for model in ("k720", "crt571", "crt310")),
    # Track 2, whichever way it comes; key strokes are its text.
    ("drivers.stripe_track", f"{STDLIB} drivers.contract drivers.code_text"),
    ("drivers.stripe_serial", f"{STDLIB} drivers.contract drivers.stripe_track"),
    ("drivers.stripe_hid", f"{STDLIB} drivers.contract drivers.stripe_track drivers.stripe_serial"),
    ("drivers.terminal_codepay", f"{STDLIB} drivers.contract"),
    ("drivers.terminal_exec", f"{STDLIB} drivers.contract"),
    ("drivers.link_exec", f"{STDLIB} drivers.contract drivers.links"),
    ("drivers", f"{STDLIB} serial escpos drivers.contract drivers.links"),
    # The twins of the outside world know nothing of the hospital they serve.
    ("hospital.sim", f"{STDLIB} cryptography requests flask werkzeug waitress qrcode PIL hospital.sim"),
    # A picture of what was measured.
    ("hospital.figures.blood", f"{STDLIB} PIL hospital.examining.rules"),
    ("hospital", f"{STDLIB} django ninja pydantic waitress whitenoise cryptography requests wechatpayv3 hospital"),
    ("assets", STDLIB),
)

# What a module must not reach by any chain of imports either.
OUT_OF_REACH: tuple[tuple[str, str], ...] = (
    ("kiosk.journeys", "kivy requests cryptography django serial sqlite3 socket subprocess threading asyncio"),
    ("kiosk", "kivy screens hospital"),
    ("drivers", "kivy django"),
    ("hospital.sim", "django ninja"),
    ("hospital.payments", "django ninja"),
)
MEETING_PLACES = ("kiosk.__main__", "kiosk.demo", "kiosk.app", "kiosk.figures")


@cache
def sources() -> dict[str, str]:
    """Every module of the product by its dotted name; a page's .kv stands beside its module as `name:kv`."""
    found: dict[str, str] = {}
    for part in PARTS:
        for path in sorted((ROOT / part).rglob("*")):
            dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            if path.suffix == ".py":
                found[dotted.removesuffix(".__init__")] = path.read_text(encoding="utf-8")
            elif path.suffix == ".kv":
                found[f"{dotted}:kv"] = path.read_text(encoding="utf-8")
    return found


def imports(module: str, modules: Mapping[str, str]) -> tuple[str, ...]:
    """What a module imports, wherever in it, `from a import b` as `a.b`; `?` for a name only known at run time."""
    if module.endswith(":kv"):
        return tuple(re.findall(r"^\s*#:\s*import\s+\S+\s+(\S+)", modules[module], re.MULTILINE))
    return _imports(module, is_package(module, modules), modules[module])


def is_package(module: str, modules: Mapping[str, str]) -> bool:
    return any(other.startswith(f"{module}.") for other in modules)


@cache
def _imports(module: str, is_package: bool, source: str) -> tuple[str, ...]:
    return tuple(_each_import(module.split("."), is_package, ast.parse(source)))


def _each_import(module: list[str], is_package: bool, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom():
                package = module[:len(module) - node.level + is_package] if node.level else []
                origin = ".".join(package + ([node.module] if node.module else []))
                yield from (f"{origin}.{alias.name}" for alias in node.names)
            case ast.Call(func=ast.Name(id="__import__") | ast.Attribute(attr="import_module")
                          | ast.Name(id="import_module"), args=[name, *_]):
                yield _named_at_run_time(name, module)


def _named_at_run_time(name: ast.expr, module: list[str]) -> str:
    match name:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=[ast.Constant(value=str(start)), *_]) if "." in start:
            return f"{start.rpartition('.')[0]}.?"
        case ast.JoinedStr(values=[ast.FormattedValue(value=ast.Name(id="__name__")), ast.Constant(value=str(rest)), *_]
                           ) if rest.startswith("."):
            return ".".join(module) + ".?"
    return "?"


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def allowed(imported: str, may: str) -> bool:
    return any(name == EVERYTHING or within(imported, name)
               or name == STDLIB and imported.partition(".")[0] in STANDARD_LIBRARY
               for name in may.split())


def rule(module: str, modules: Mapping[str, str]) -> str:
    name = module.removesuffix(":kv") + (".__init__" if is_package(module, modules) else "")
    return next((may for where, may in RULES if within(name, where)), "")


def broken(modules: Mapping[str, str]) -> list[str]:
    """Every import that its module's rule does not allow, as `module -> imported`."""
    return [f"{module} -> {imported}" for module in modules
            for imported in imports(module, modules) if not allowed(imported, rule(module, modules))]


def reach(start: str, modules: Mapping[str, str]) -> dict[str, str]:
    """All that importing `start` may bring in, each with the module that names it."""
    seen: dict[str, str] = {}
    todo = [start]
    while todo:
        module = todo.pop()
        for imported in imports(module, modules):
            if imported in seen:
                continue
            seen[imported] = module
            parts = imported.split(".")
            packages = [".".join(parts[:length]) for length in range(1, len(parts) + 1)]
            todo += [name for name in packages if name in modules]
    return seen


def out_of_reach(modules: Mapping[str, str]) -> list[str]:
    """Every chain of imports that ends where it must not, as `module -> … -> by: imported`."""
    return [f"{module} -> … -> {by}: {imported}"
            for where, never in OUT_OF_REACH for module in modules
            if within(module, where) and not any(within(module, place) for place in MEETING_PLACES)
            for imported, by in reach(module, modules).items()
            if any(within(imported, name) for name in never.split())]


def test_every_import_keeps_the_rules() -> None:
    assert broken(sources()) == []


def test_no_chain_of_imports_goes_around_the_rules() -> None:
    assert out_of_reach(sources()) == []


def test_the_tree_is_really_read() -> None:
    modules = sources()
    assert {"kiosk.requests", "drivers.contract", "screens", "hospital"} <= modules.keys()
    assert "kiosk.words.Text" in imports("kiosk.tickets", modules)


@pytest.mark.parametrize(("module", "source"), [
    ("screens.choose", "from kiosk.desk import Desk"),
    ("screens.choose", "import drivers.contract"),
    ("screens.choose:kv", "#:import desk kiosk.desk\n"),
    ("kiosk.journeys.register", "import time"),
    ("kiosk.journeys.register", "from kiosk import journal"),
    ("kiosk.journeys.register", "def f():\n    if True:\n        import kivy\n"),
    ("kiosk.journeys.register", "from ..desk import Desk"),
    ("kiosk.tickets", "import kiosk.visit"),
    ("kiosk.desk", "from kivy.clock import Clock"),
    ("kiosk.desk", "from drivers import printer_escpos"),
    ("kiosk.desk", "from drivers.sim.bench import Bench"),
    ("kiosk.desk", "import importlib\nimportlib.import_module('hospital.care')"),
    ("kiosk.desk", "from importlib import import_module\nimport_module(name)"),
    ("kiosk.desk", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import screens\n"),
    ("kiosk.bring_up", "import hospital"),
    ("drivers.printer_escpos", "import drivers.idcard_sdt"),
    ("drivers.service", "from drivers.printer_escpos import Printer"),
    ("drivers.printer_escpos", "from kiosk.words import read"),
    ("drivers.sim.printer", "from drivers.printer_escpos import encode"),
    ("drivers.sim.printer", "from drivers.contract import Text"),
    ("hospital.care.booking", "import kiosk.care"),
    ("hospital.sim.wechat", "import django"),
    ("new_part.thing", "import os"),
])
def test_a_planted_violation_is_found(module: str, source: str) -> None:
    assert broken(sources() | {module: source})


@pytest.mark.parametrize(("module", "source"), [
    ("hospital.payments.planted", "from hospital.clock import now"),
    ("hospital.sim.planted", "from hospital import clock"),
    ("kiosk.stage", "import kiosk.planted"),
    ("kiosk.journeys.planted", "from kiosk.planted import f"),
])
def test_a_planted_detour_is_found(module: str, source: str) -> None:
    detour = {"kiosk.planted": "def f():\n    import kivy", "hospital.clock": "import django", module: source}
    assert out_of_reach(sources() | detour)


@pytest.mark.parametrize(("module", "source"), [
    ("screens.choose", "from kivy.uix.widget import Widget\nfrom kiosk.words import read\nfrom . import face"),
    ("kiosk.journeys.register", "from collections.abc import Sequence\nfrom .payment import settle"),
    ("kiosk.__main__", "import hospital.settings, drivers.sim.bench, kivy"),
    ("drivers.service", "import importlib\nimportlib.import_module(f'drivers.{name}')"),
    ("drivers.sim.twin", "import os\nfrom PIL import Image\nfrom drivers.sim.loop import Loop"),
])
def test_what_the_rules_allow_is_let_through(module: str, source: str) -> None:
    assert [line for line in broken({module: source}) if line.startswith(f"{module} ->")] == []
