"""A real Chromium at the console of a real server, one browser for all tests of a file."""

from __future__ import annotations

import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.db import connections
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait
from werkzeug.serving import make_server

from hospital.console.views.boards import written
from hospital.queueing.feed import Feed

_FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
          "--disable-background-networking", "--disable-component-update", "--disable-sync", "--lang=zh-CN",
          "--window-size=1440,1000", "--hide-scrollbars")
PATIENCE = 60       # seconds until something that should be there is a failure


class Browser:
    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="browser-"))
        self.downloads = self._folder / "downloads"
        self.downloads.mkdir()
        options = Options()
        for flag in (*_FLAGS, f"--user-data-dir={self._folder / 'profile'}"):
            options.add_argument(flag)
        options.add_experimental_option("prefs", {"download.default_directory": str(self.downloads)})
        options.binary_location = "/usr/bin/chromium"
        self.driver = webdriver.Chrome(options, Service("/usr/bin/chromedriver"))
        self.root = ""

    def close(self) -> None:
        self.driver.quit()
        shutil.rmtree(self._folder, ignore_errors=True)

    def open(self, path: str) -> None:
        self.driver.get(self.root + path)

    def find(self, css: str) -> WebElement:
        """As soon as it is there and seen."""
        return self.until(lambda: next((one for one in self.driver.find_elements(By.CSS_SELECTOR, css)
                                        if one.is_displayed()), None))

    def text(self) -> str:
        return self.driver.find_element(By.TAG_NAME, "body").text

    def says(self, words: str) -> None:
        self.until(lambda: words in self.text())

    def until(self, holds: Callable[[], Any]) -> Any:
        """What it says, once it holds. Who asks while a page is being replaced may get any error, and asks again."""
        waits = WebDriverWait(self.driver, PATIENCE, poll_frequency=0.05, ignored_exceptions=[WebDriverException])
        return waits.until(lambda _: holds())

    def log_in(self, name: str, password: str) -> None:
        self.driver.delete_all_cookies()
        self.open("/console/login")
        self.find("#id_username").send_keys(name)
        self.find("#id_password").send_keys(password)
        self.find(".door button").click()
        self.says("您好")


@contextmanager
def told(port: int = 0) -> Iterator[int]:
    """The line of the boards beside it, as `serve` has one; its port. Until the end of the block, which cuts it."""
    stop, door = threading.Event(), socket.create_server(("127.0.0.1", port))
    thread = threading.Thread(target=Feed(written).run_until, args=(stop, door))
    thread.start()
    try:
        yield door.getsockname()[1]
    finally:
        stop.set()
        thread.join(timeout=10)


@contextmanager
def served() -> Iterator[str]:
    """The hospital on the test's database; its address."""
    server = make_server("127.0.0.1", 0, get_wsgi_application(), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()
        connections.close_all()
