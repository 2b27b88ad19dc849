"""The version of this server, as the package says it."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("hospital-kiosk")
except PackageNotFoundError:      # run from a bare checkout
    VERSION = "0"
