"""The twin put together: books, post, faults, and one web application for the merchant and the phone."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask

from hospital.sim.wechat.account import Account
from hospital.sim.wechat.api import Api
from hospital.sim.wechat.books import Books, Refund
from hospital.sim.wechat.faults import Faults
from hospital.sim.wechat.phone import phone
from hospital.sim.wechat.post import Post
from hospital.sim.wechat.seal import Seal
from hospital.sim.wechat.timetable import Timetable

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Twin:
    """WeChat Pay and the patient's phone. `app` is the WSGI application to serve."""

    def __init__(self, account: Account, state: Path | None = None, speed: float = 1.0,
                 refund_seconds: float = 2.0, clock: Callable[[], float] = time.time) -> None:
        """state: file to keep the books in. speed: of the notification schedule. refund_seconds: real until a
        refund ends. clock: seconds since 1970, for the rules about time.
        """
        self.faults = Faults()
        self.books = Books(state, clock)
        self._timetable = Timetable()
        self._refund_seconds = refund_seconds
        seal = Seal(account, clock)
        post = Post(account, seal, self.faults, self._timetable, speed, self.books.told)
        self.books.on_paid = post.paid
        self.books.on_settled = post.settled
        self.books.on_refund = self._settle_later
        app = Flask(__name__)
        Api(app, account, self.books, seal, self.faults)
        app.register_blueprint(phone(self.books, post, self.faults, self._faults_set))
        app.wsgi_app = Wire(app.wsgi_app, self.faults)  # type: ignore[method-assign]
        self.app = app
        self.books.resume()

    def close(self) -> None:
        """Stop what runs in the background."""
        self.faults.clear()
        self._timetable.close()

    def _settle_later(self, refund: Refund) -> None:
        self._timetable.later(self._refund_seconds, lambda: self._settle(refund.refund_no))

    def _settle(self, refund_no: str) -> None:
        fault = self.faults.get("refund")
        if fault != "processing":
            self.books.settle(refund_no, "ABNORMAL" if fault == "abnormal" else "SUCCESS")

    def _faults_set(self, words: dict[str, Any]) -> None:
        if "refund" in words:
            for refund_no in self.books.pending_refunds():
                self._settle(refund_no)


class Wire:
    """The line between the merchant and WeChat Pay, which may be slow or cut. The phone has a line of its
    own.
    """

    def __init__(self, app: "WSGIApplication", faults: Faults) -> None:
        self._app = app
        self._faults = faults

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if not environ["PATH_INFO"].startswith("/v3/"):
            return self._app(environ, start_response)
        if self._faults.get("away"):
            raise ConnectionAbortedError("WeChat Pay is away")
        answer = self._app(environ, start_response)
        self._faults.pause()
        if self._faults.take("lose_answers", "answer") or self._faults.get("away"):
            raise ConnectionAbortedError("the answer is lost")  # the server hangs up without a word
        return answer
