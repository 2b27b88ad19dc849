"""Fixtures that more than one test file uses, each beside its own subject; and how invented cases are tried."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["hospital_fixtures", "core"]

# The same cases every time, and no case fails because the machine is busy.
settings.register_profile("calm", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("calm")
