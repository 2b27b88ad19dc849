"""Fixtures that more than one test file uses, each beside its own subject; and how invented cases are tried."""

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["hospital_fixtures", "core"]

# The same cases every time, and no case fails because the machine is busy.
settings.register_profile("calm", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("calm")

# Whole machines with their windows, minutes each. First, so that no core waits at the end for one of them.
LONG = ("test_demo.py", "test_service_touch.py", "test_torture.py", "test_replay.py", "test_gallery.py", "test_touch.py",
        "test_kill.py", "test_console_browser.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    rank = {name: at for at, name in enumerate(LONG)}
    items.sort(key=lambda item: rank.get(item.path.name, len(LONG)))


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """A long value is not its test's name: a file made at the start has its moment in it, and two workers that
    collect a second apart would not agree on what there is to run."""
    if isinstance(val, (bytes, str)) and len(val) > 100:
        return argname  # pytest numbers those of one name
    return None
