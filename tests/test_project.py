"""What holds for the project as a whole: its files, its two word books, and what must never be in it."""

from __future__ import annotations

import ast
import json
import re
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("kiosk", "drivers", "screens", "hospital", "assets")
ALL = (*PRODUCT, "tests", "scripts", "docs", ".ci")

LONGEST_FILE = 400
# A file of this name is where ideas go to be forgotten.
NAMELESS = {"util", "utils", "helper", "helpers", "manager", "managers", "base", "common", "misc"}
BOOKS = sorted(path.name.removesuffix(".zh.json") for path in (ROOT / "assets" / "words").glob("*.zh.json"))


@cache
def files(*parts: str) -> tuple[Path, ...]:
    return tuple(path for part in parts for path in sorted((ROOT / part).rglob("*"))
                 if path.is_file() and "__pycache__" not in path.parts)


@cache
def texts() -> dict[Path, str]:
    """Every text file a person may read in the checkout."""
    found: dict[Path, str] = {}
    for path in (*files(*ALL), *(path for path in sorted(ROOT.iterdir()) if path.is_file())):
        try:
            found[path.relative_to(ROOT)] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # pictures, sounds, fonts
    return found


def book(name: str, language: str) -> dict[str, str]:
    def no_key_twice(pairs: list[tuple[str, str]]) -> dict[str, str]:
        assert len({key for key, _ in pairs}) == len(pairs), f"a key stands twice in {name}.{language}"
        return dict(pairs)

    source = (ROOT / "assets" / "words" / f"{name}.{language}.json").read_text(encoding="utf-8")
    read: dict[str, str] = json.loads(source, object_pairs_hook=no_key_twice)
    return read


@cache
def words(language: str) -> dict[str, str]:
    return {key: sentence for name in BOOKS for key, sentence in book(name, language).items()}


# Files


def test_every_file_is_named_after_its_idea() -> None:
    assert [str(path) for path in files(*ALL) if path.suffix in {".py", ".kv"}
            if NAMELESS & {*path.stem.lower().split("_"), path.parent.name.lower()}] == []


def test_no_file_holds_two_ideas() -> None:
    lengths = {str(path): text.count("\n") for path, text in texts().items()
               if path.parts[0] in PRODUCT and path.suffix in {".py", ".kv"} and "migrations" not in path.parts}
    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE} == {}


def test_nothing_secret_is_kept_here() -> None:
    header = re.compile("-----BEGIN " r"[A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/]{20}")
    assert [str(path) for path, text in texts().items() if header.search(text)] == []


def test_nothing_knows_the_machine_it_was_written_on() -> None:
    homes = r"/home/\w+/|/root/|/Users/\w+/"
    place = rf"|{re.escape(str(ROOT))}\b" if len(ROOT.parts) > 2 else ""
    foreign = re.compile(rf"(?<![\w.~}}])(?:{homes}{place})")
    own = Path(__file__).relative_to(ROOT)
    assert {str(path): found[0] for path, text in texts().items()
            if path != own and (found := foreign.search(text))} == {}


# Words


@pytest.mark.parametrize("name", BOOKS)
def test_both_languages_say_the_same_things(name: str) -> None:
    assert book(name, "zh").keys() == book(name, "en").keys()


def test_no_key_stands_in_two_books() -> None:
    keys = [key for name in BOOKS for key in book(name, "zh")]
    assert sorted(keys) == sorted(set(keys))


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_both_languages_speak_of_the_same_data() -> None:
    zh, en = words("zh"), words("en")
    assert {key: (zh[key], en[key]) for key in zh.keys() & en.keys() if fields(zh[key]) != fields(en[key])} == {}


def test_chinese_is_set_with_chinese_punctuation() -> None:
    half_width = re.compile(r"[,;?!](?=[\u4e00-\u9fff])|(?<=[\u4e00-\u9fff])[,;:?!]")
    spoken = {key: re.sub(r"\{[^}]*\}", "", sentence) for key, sentence in words("zh").items()}
    assert {key: sentence for key, sentence in spoken.items() if half_width.search(sentence)} == {}


def test_every_sentence_says_something() -> None:
    assert [(language, key) for language in ("zh", "en")
            for key, sentence in words(language).items() if sentence != sentence.strip() or not sentence] == []


@cache
def trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(text) for path, text in texts().items()
            if path.suffix == ".py" and path.parts[0] in {"kiosk", "screens", "drivers"}}


def keys_said(node: ast.expr) -> Iterator[re.Pattern[str]]:
    """The keys an expression may be, each as a pattern: `f"pay.{way}"` is any `pay.…`."""
    match node:
        case ast.Constant(value=str(key)):
            yield re.compile(re.escape(key))
        case ast.JoinedStr(values=parts):
            yield re.compile("".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+"
                                     for part in parts))
        case ast.IfExp(body=body, orelse=orelse):
            yield from keys_said(body)
            yield from keys_said(orelse)


def test_every_sentence_said_is_in_the_books() -> None:
    """Whatever is said has its sentence, or at least one when the key is made of parts."""
    said = {(str(path), key) for path, tree in trees().items() for node in ast.walk(tree)
            if isinstance(node, ast.Call) and node.args and isinstance(node.func, ast.Name) and node.func.id == "say"
            for key in keys_said(node.args[0])}
    assert {(path, key.pattern) for path, key in said if not any(map(key.fullmatch, words("zh")))} == set()


def test_every_sentence_in_the_books_is_used() -> None:
    """Its key, or the beginning it is made from, stands somewhere in the code or on a page."""
    patterns = {key for tree in trees().values() for node in ast.walk(tree)
                if isinstance(node, ast.Constant | ast.JoinedStr) for key in keys_said(node)
                if isinstance(node, ast.Constant) or re.match(r"[a-z_]+\\\.", key.pattern)}
    whole = {key for key in words("zh") if any(pattern.fullmatch(key) for pattern in patterns)}
    on_pages = {key for path, text in texts().items() if path.suffix == ".kv"
                for key in re.findall(r"""["']([\w.]+)["']""", text)}
    assert words("zh").keys() - whole - on_pages == set()
