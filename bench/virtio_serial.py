#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Replies and file transfers over virtio-serial between host and guest: bellhopd compared with
qemu-ga.

usage: bench/virtio_serial.py
Needs a built bellhopd and the packages of `tools/setup --vm`. Both agents are in one guest, each
with its own port, and are used alternately. Times are from a request to the end of its reply.
"""

import base64
import os
import pathlib
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / "conformance"), str(ROOT / "tests" / "vm")]

from harness import agents, guest  # noqa: E402
import report  # noqa: E402

TIMEOUT = 120
ROUNDS = 5
MEGABYTE = 1 << 20
PIECES = 8  # of a MiB each
FILE = "/tmp/file"


def timed(action):
    started = time.monotonic()
    action()
    return time.monotonic() - started


def ping(client):
    """The median of many: a mean would include other load."""
    return statistics.median(timed(lambda: client.call("guest-ping")) for _ in range(200))


def exchange(client, request, handle):
    """Sends the request PIECES times. Does not decode the replies: that would measure Python."""
    line = agents.compact(request) + b"\n"

    def send_all():
        for _ in range(PIECES):
            client.send(line)
            reply = client.read_line(TIMEOUT)
            assert reply.startswith(b'{"return"'), reply[:200]

    seconds = timed(send_all)
    client.call("guest-file-close", handle=handle)
    return seconds


def read(client):
    handle = client.call("guest-file-open", path=FILE, mode="r")
    return exchange(client, {"execute": "guest-file-read",
                             "arguments": {"handle": handle, "count": MEGABYTE}}, handle)


def write(client):
    handle = client.call("guest-file-open", path=f"{FILE}.{client.agent.name}", mode="w")
    text = base64.b64encode(os.urandom(MEGABYTE)).decode()
    return exchange(client, {"execute": "guest-file-write",
                             "arguments": {"handle": handle, "buf-b64": text}}, handle)


MEASURED = {
    "guest-ping": ping,
    f"guest-file-read, {PIECES} times 1 MiB": read,
    f"guest-file-write, {PIECES} times 1 MiB": write,
}


def main():
    report.begin("what", "bellhopd", "qemu-ga", "qemu-ga : bellhopd")
    with guest.Guest(agents=[guest.bellhopd(), guest.qemu_ga()],
                     start=f"head -c {PIECES * MEGABYTE} /dev/urandom >{FILE}\n") as vm:
        clients = [vm.connect(name) for name in vm.agents]
        for what, measure in MEASURED.items():
            times = [[], []]
            for _ in range(ROUNDS):
                for client, found in zip(clients, times):
                    found.append(measure(client) * 1000)
            ours, theirs = (statistics.median(found) for found in times)
            print(f"| {what} | {ours:.2f} ms | {theirs:.2f} ms | {theirs / ours:.1f} |", flush=True)


if __name__ == "__main__":
    main()
