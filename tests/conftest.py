"""Fixtures that more than one test file uses, each beside its own subject."""

pytest_plugins = ["hospital_fixtures", "core"]
