"""The ends around our Alipay channel: the twin's process, and the phone."""

from __future__ import annotations

import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from hospital.payments.alipay import AlipayAccount

PATIENCE = 60    # s, a deadline that is never reached when all is well


@contextmanager
def alipay_running(folder: Path, notify_url: str, *more: str) -> Iterator[AlipayAccount]:
    """The twin's process, and the account it wrote for us."""
    with subprocess.Popen(
            [sys.executable, "-m", "hospital.sim.alipay", "--port", "0", "--account", str(folder), "--notify-url",
             notify_url, "--speed", "1000", *more], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert select.select([process.stdout], [], [], PATIENCE)[0], "the twin does not start"
            assert process.stdout.readline().startswith("listening")
            yield AlipayAccount.read(folder)
        finally:
            process.terminate()


class Wallet:
    """The patient's phone, and the twin's faults and books."""

    def __init__(self, account: AlipayAccount) -> None:
        self._root = account.gateway.removesuffix("/gateway.do") + "/twin"

    def __call__(self, verb: str, **words: Any) -> requests.Response:
        return requests.post(f"{self._root}/{verb}", json=words, timeout=PATIENCE)

    def quiet(self) -> None:
        requests.delete(f"{self._root}/faults", timeout=PATIENCE).raise_for_status()

    def order(self, no: str) -> dict[str, Any]:
        orders: list[dict[str, Any]] = requests.get(f"{self._root}/orders", timeout=PATIENCE).json()
        return next(order for order in orders if order["order_no"] == no)
