"""`python -m hospital.sim.wechat`: the twin as a process of its own."""

import argparse
import logging
import socket
from pathlib import Path

from werkzeug.serving import WSGIRequestHandler, make_server

from hospital.sim.wechat.account import settle
from hospital.sim.wechat.twin import Twin


class _Handler(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """No line for every request: the phone's page asks every second."""

    def connection_dropped(self, error: BaseException, environ: object = None) -> None:
        """A lost answer hangs up: else the connection would be kept for a next request."""
        self.close_connection = True


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m hospital.sim.wechat", description="A twin of WeChat Pay.")
    parser.add_argument("--port", type=int, default=8300, help="0 takes a free one; listens on 127.0.0.1 only")
    parser.add_argument("--account", type=Path, required=True, metavar="DIR",
                        help="the merchant's folder of keys, made if it is not there")
    parser.add_argument("--notify-url", required=True, metavar="URL",
                        help="where the merchant's server takes notifications; goes into its account.json")
    parser.add_argument("--state", type=Path, metavar="FILE", help="keep the books in this file between starts")
    parser.add_argument("--speed", type=float, default=1.0, metavar="N",
                        help="send notifications again N times faster than the manual says")
    parser.add_argument("--refund-seconds", type=float, default=2.0, metavar="S",
                        help="how long a refund takes")
    args = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    with socket.create_server(("127.0.0.1", args.port)) as listener:
        here = f"http://127.0.0.1:{listener.getsockname()[1]}"
        twin = Twin(settle(args.account, here, args.notify_url), args.state, args.speed, args.refund_seconds)
        server = make_server("127.0.0.1", args.port, twin.app, threaded=True, request_handler=_Handler,
                             fd=listener.fileno())
        print(f"listening {here}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            twin.close()


if __name__ == "__main__":
    main()
