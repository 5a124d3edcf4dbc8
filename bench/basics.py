#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The time and memory of idle agents, replies, file transfers and programs: bellhopd compared with
qemu-ga.

usage: bench/basics.py
Needs a built bellhopd. The agents run alternately, so that other load affects both. Times are from
a request to the end of its reply, over a unix socket; memory is VmRSS and VmHWM.
"""

import base64
import os
import pathlib
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "conformance"))

from harness import agents  # noqa: E402
import report  # noqa: E402
from harness.lifecycle import status_value  # noqa: E402

TIMEOUT = 120
ROUNDS = 7
MEGABYTE = 1 << 20
SIZE = 48 * MEGABYTE  # the largest count that guest-file-read accepts


def timed(action):
    started = time.monotonic()
    action()
    return time.monotonic() - started


def first_answer(program):
    """Seconds from the start of the program to its first reply."""
    started = time.monotonic()
    with agents.Agent(program) as agent, agent.connect() as connection:
        connection.call("guest-ping")
        return time.monotonic() - started


def ping(connection, _):
    """The median of many: a mean would include other load."""
    return statistics.median(timed(lambda: connection.call("guest-ping")) for _ in range(2000))


def run_program(connection, _):
    pid = connection.call("guest-exec", path="/bin/true")["pid"]
    while not connection.call("guest-exec-status", pid=pid)["exited"]:
        pass


def read_file(connection, file, piece):
    """Reads the file in pieces. Does not decode the replies: that would measure Python."""
    handle = connection.call("guest-file-open", path=str(file), mode="r")
    request = agents.compact({"execute": "guest-file-read",
                              "arguments": {"handle": handle, "count": piece}}) + b"\n"

    def read():
        for _ in range(SIZE // piece):
            connection.send(request)
            reply = connection.read_line(TIMEOUT)
            assert len(reply) > piece, reply[:200]

    seconds = timed(read)
    connection.call("guest-file-close", handle=handle)
    return seconds


def write_file(connection, file, piece):
    handle = connection.call("guest-file-open", path=str(file) + ".copy", mode="w")
    text = base64.b64encode(os.urandom(piece)).decode()
    request = agents.compact({"execute": "guest-file-write",
                              "arguments": {"handle": handle, "buf-b64": text}}) + b"\n"

    def write():
        for _ in range(SIZE // piece):
            connection.send(request)
            reply = connection.read_line(TIMEOUT)
            assert reply.startswith(b'{"return"'), reply[:200]

    seconds = timed(write)
    connection.call("guest-file-flush", handle=handle)
    connection.call("guest-file-close", handle=handle)
    return seconds


MEASURED = {
    "guest-ping": ping,
    "guest-exec and guest-exec-status": lambda c, f: timed(lambda: run_program(c, f)),
    "guest-file-read, 48 MiB at once": lambda c, f: read_file(c, f, SIZE),
    "guest-file-read, 48 times 1 MiB": lambda c, f: read_file(c, f, MEGABYTE),
    "guest-file-write, 48 times 1 MiB": lambda c, f: write_file(c, f, MEGABYTE),
    "guest-file-write, 2 times 24 MiB": lambda c, f: write_file(c, f, SIZE // 2),
}


def row(what, ours, theirs, unit):
    print(f"| {what} | {ours:.2f} {unit} | {theirs:.2f} {unit} | {theirs / ours:.1f} |", flush=True)


def measure_times(programs):
    starts = [[], []]
    for _ in range(ROUNDS):
        for index, program in enumerate(programs):
            starts[index].append(first_answer(program))
    row("start to first answer", *(statistics.median(times) * 1000 for times in starts), "ms")
    for what, measure in MEASURED.items():
        times = [[], []]
        for _ in range(ROUNDS):
            for index, program in enumerate(programs):
                with agents.Agent(program) as agent, agent.connect(TIMEOUT) as connection:
                    file = agent.directory / "file"
                    file.write_bytes(os.urandom(SIZE))
                    times[index].append(measure(connection, file))
        row(what, *(statistics.median(each) * 1000 for each in times), "ms")


def measure_memory(programs):
    figures = []
    for program in programs:
        with agents.Agent(program) as agent, agent.connect(TIMEOUT) as connection:
            connection.call("guest-ping")
            pid = agent.process.pid
            idle = status_value(pid, "VmRSS")
            file = agent.directory / "file"
            file.write_bytes(os.urandom(SIZE))
            read_file(connection, file, SIZE)
            figures.append((idle, status_value(pid, "VmHWM"), status_value(pid, "VmRSS")))
    for what, ours, theirs in zip(("memory, idle", "memory, most while reading 48 MiB at once",
                                   "memory, after that"), *figures):
        row(what, ours / 1024, theirs / 1024, "MiB")


def main():
    programs = report.begin("what", "bellhopd", "qemu-ga", "qemu-ga : bellhopd")
    measure_times(programs)
    measure_memory(programs)


if __name__ == "__main__":
    main()
