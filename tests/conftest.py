"""Fixtures that more than one test file uses, each beside its own subject; and how invented cases are tried."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["hospital_fixtures", "core"]

# The same cases every time, and no case fails because the machine is busy.
settings.register_profile("calm", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("calm")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """A long value is not its test's name: a file made at the start has its moment in it, and two workers that
    collect a second apart would not agree on what there is to run."""
    if isinstance(val, (bytes, str)) and len(val) > 100:
        return argname  # pytest numbers those of one name
    return None
