"""What a server may send that never ends, over real sockets: every call has its end, as a call of unknown outcome."""

from __future__ import annotations

import itertools
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kiosk import line
from kiosk.hospital import Hospital, Unknown
from kiosk.requests import Refused

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
WHOLE = 0.4          # seconds, where they are to run out


class Server:
    """Sends each connection what `pieces` yields, a piece every `pause` s, for as long as anybody listens."""

    def __init__(self, pieces: Callable[[], Iterable[bytes]], pause: float, secure: ssl.SSLContext | None = None) -> None:
        self._pieces, self._pause, self._secure = pieces, pause, secure
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http{'s' if secure else ''}://localhost:{self._listener.getsockname()[1]}"
        self.hung_up, self._closed = threading.Event(), threading.Event()
        self.calls = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._closed.set()
        self._listener.close()

    def _serve(self) -> None:
        try:
            while True:
                one = self._listener.accept()[0]
                with self._secure.wrap_socket(one, server_side=True) if self._secure else one as client:
                    self._answer(client)
        except OSError:
            pass

    def _answer(self, client: socket.socket) -> None:
        try:
            while client.recv(65536):
                self.calls += 1
                for piece in self._pieces():
                    client.sendall(piece)
                    if self._pause and self._closed.wait(self._pause):
                        return
        except OSError:
            self.hung_up.set()


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "WHOLE", 60.0)
    monkeypatch.setattr(line, "MOST", 100_000)


def unknown(url: str) -> tuple[str, float]:
    """Why nothing is known, and after how many seconds."""
    began = time.monotonic()
    with pytest.raises(Unknown) as unknown:
        Hospital(url, "a token").departments()
    return unknown.value.why, time.monotonic() - began


def drips(what: bytes) -> Iterator[bytes]:
    return (what[at:at + 1] for at in range(len(what)))


DRIPPING = {
    "the status line": lambda: drips(HEAD * 100),
    "a header": lambda: itertools.chain([HEAD + b"X: "], itertools.repeat(b"x")),
    "headers": lambda: itertools.chain([HEAD], itertools.repeat(b"X: x\r\n")),
    "answers that promise an answer": lambda: itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "the body": lambda: itertools.chain([HEAD + b"Content-Length: 90000\r\n\r\n"], itertools.repeat(b" ")),
    "a body in chunks": lambda: itertools.chain([HEAD + b"Transfer-Encoding: chunked\r\n\r\n"],
                                                itertools.repeat(b"1\r\n \r\n")),
    "a body without a length": lambda: itertools.chain([HEAD + b"Connection: close\r\n\r\n"], itertools.repeat(b" ")),
}


@pytest.mark.parametrize("what", DRIPPING)
def test_who_drips_is_not_waited_for(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "WHOLE", WHOLE)
    with closing(Server(DRIPPING[what], 0.02)) as server:
        _, seconds = unknown(server.url)
        assert WHOLE * 0.9 < seconds < WHOLE + 20
        assert server.hung_up.wait(20), "the line is closed"


def test_who_drips_over_tls_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secure = certified(tmp_path)
    monkeypatch.setattr(line.Adapter, "cert_verify", trusting(tmp_path / "certificate.pem"))
    with closing(Server(lambda: [HEAD + b"Content-Length: 2\r\n\r\n[]"], 0, secure)) as server:
        assert Hospital(server.url, "a token").departments() == ()
    monkeypatch.setattr(line, "WHOLE", WHOLE)
    with closing(Server(DRIPPING["the body"], 0.02, secure)) as server:
        _, seconds = unknown(server.url)
        assert WHOLE * 0.9 < seconds < WHOLE + 20 and server.hung_up.wait(20)


def certified(folder: Path) -> ssl.SSLContext:
    """For localhost, by itself."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "key.pem",
                    "-out", folder / "certificate.pem"], check=True, capture_output=True, timeout=60)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context


def trusting(certificate: Path) -> Callable[..., None]:
    before = line.Adapter.cert_verify

    def verify(self: line.Adapter, connection: object, url: str, verify: object, cert: object) -> None:
        before(self, connection, url, str(certificate), cert)
    return verify


@pytest.mark.parametrize("what", ["headers", "the body", "a body in chunks", "a body without a length"])
def test_what_is_endless_is_not_read_to_its_end(what: str) -> None:
    pieces = DRIPPING[what]
    large = {"the body": lambda: itertools.chain([HEAD + b"Content-Length: 9000000000\r\n\r\n"],
                                                 itertools.repeat(b" " * 9000))}.get(what, pieces)
    with closing(Server(large, 0)) as server:
        _, seconds = unknown(server.url)
        assert seconds < 40 and server.hung_up.wait(20)


def test_what_is_packed_is_not_unpacked() -> None:
    with closing(Server(lambda: [HEAD + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n[]"], 0)) as server:
        assert unknown(server.url)[0] == "packed"


def test_a_no_comes_with_all_that_it_says() -> None:
    body = b'{"code": "channel_refused", "data": {"reason": "SYSTEM", "channels": ["wechat"]}}'
    pieces = [b"HTTP/1.1 409 Conflict\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body), body]
    with closing(Server(lambda: pieces, 0)) as server, pytest.raises(Refused) as no:
        Hospital(server.url, "a token").open_payment("hold-1", "alipay", "key")
    assert (no.value.reason, no.value.data) == ("channel_refused", {"reason": "SYSTEM", "channels": ["wechat"]})


def test_a_line_is_kept_for_the_next_call_and_its_time_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "WHOLE", 3.0)
    pieces = [HEAD + b"Content-Length: 12\r\n\r\n", *drips(b"[]" + b" " * 10)]
    with closing(Server(lambda: pieces, 0.09)) as server:
        hospital = Hospital(server.url, "a token")
        assert [hospital.departments() for _ in range(3)] == [()] * 3
        assert server.calls == 3 and not server.hung_up.is_set()
