"""`python -m hospital.sim.alipay`: the twin as a process of its own."""

import argparse
import logging
import socket
from pathlib import Path

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from hospital.sim.alipay.account import settle
from hospital.sim.alipay.books import Books
from hospital.sim.alipay.gateway import Gateway
from hospital.sim.alipay.phone import Faults, phone


class _Handler(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """No line for every request."""

    def connection_dropped(self, error: BaseException, environ: object = None) -> None:
        """A lost answer hangs up."""
        self.close_connection = True


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m hospital.sim.alipay", description="A twin of Alipay.")
    parser.add_argument("--port", type=int, default=8310, help="0 takes a free one; listens on 127.0.0.1 only")
    parser.add_argument("--account", type=Path, required=True, metavar="DIR",
                        help="the merchant's folder of keys, made if it is not there")
    parser.add_argument("--notify-url", required=True, metavar="URL",
                        help="where the merchant's server takes notifications")
    parser.add_argument("--state", type=Path, metavar="FILE", help="keep the books in this file between starts")
    parser.add_argument("--speed", type=float, default=1.0, metavar="N",
                        help="send notifications again N times faster than the manual says")
    args = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    with socket.create_server(("127.0.0.1", args.port)) as listener:
        here = f"http://127.0.0.1:{listener.getsockname()[1]}"
        account = settle(args.account, f"{here}/gateway.do", args.notify_url)
        app, books, faults = Flask(__name__), Books(args.state), Faults()
        app.config["PROPAGATE_EXCEPTIONS"] = True      # a lost answer is a line that hangs up, not a 500
        gateway = Gateway(app, account, books, faults, args.speed)
        app.register_blueprint(phone(books, faults))
        server = make_server("127.0.0.1", args.port, app, threaded=True, request_handler=_Handler, fd=listener.fileno())
        print(f"listening {here}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            gateway.close()


if __name__ == "__main__":
    main()
