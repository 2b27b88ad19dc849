"""A CUPS backend: hands one job to the twin and passes on what the twin says. Run by cupsd, never imported for its work.

Source: backend(7). Arguments: job, user, title, copies, options, and perhaps a file; else the document comes on standard
input. What is written to standard error is for cupsd: `STATE: +media-empty-error`, `PAGE: 1 1`, `ATTR: marker-levels=80`.
"""

import json
import os
import signal
import socket
import sys


def main() -> int:
    if len(sys.argv) < 6:
        print('direct twin "Unknown" "Twin"')
        return 0
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    job, _, title, copies, options = sys.argv[1:6]
    with open(sys.argv[6], "rb") if len(sys.argv) > 6 else sys.stdin.buffer as file:
        document = file.read()
    head = {"job": int(job), "title": title, "copies": int(copies), "options": options, "bytes": len(document)}
    with socket.socket(socket.AF_UNIX) as twin:
        twin.connect(os.environ["DEVICE_URI"].partition(":")[2])
        twin.sendall(json.dumps(head).encode() + b"\n" + document)
        for said in twin.makefile("r", encoding="utf-8"):
            if said.startswith("EXIT"):
                return int(said.split()[1])
            sys.stderr.write(said)
            sys.stderr.flush()
    return 1                    # the twin went away in the middle


if __name__ == "__main__":
    sys.exit(main())
