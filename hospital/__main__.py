"""The hospital server from the command line; `python -m hospital --help` says what there is."""

from __future__ import annotations

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hospital.settings")

if __name__ == "__main__":
    from hospital.commands import main

    sys.exit(main())
