#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The time of the network commands in networks of increasing size: bellhopd compared with qemu-ga.

usage: bench/network.py [PAIRS…]      numbers of veth pairs; default 10 100 500 2000
Needs root, ip(8) and a built bellhopd. Each network is a network namespace in which both agents
run. The time is the best of several from the request to the end of the reply.
"""

import contextlib
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "conformance"))

from harness import agents  # noqa: E402
import report  # noqa: E402
from harness.network_namespace import INTERFACES, ROUTES, Namespace  # noqa: E402

COMMANDS = (INTERFACES, ROUTES)
REPLY_TIMEOUT = 600.0  # seconds


def fill(namespace, pairs):
    """Creates pairs, each with an IPv4 and an IPv6 address and a route of each."""
    for first in range(0, pairs, 500):
        numbers = range(first, min(first + 500, pairs))
        namespace.ip(*(f"link add a{i} type veth peer name b{i}" for i in numbers))
        namespace.ip(*(f"addr add 10.{i >> 8}.{i & 255}.1/32 dev a{i}" for i in numbers),
                     *(f"addr add fd00::{i:x}/128 dev a{i} nodad" for i in numbers))
        namespace.ip(*(f"link set a{i} up" for i in numbers))
        namespace.ip(*(f"route add 10.{i >> 8}.{i & 255}.2/32 dev a{i}" for i in numbers),
                     *(f"route add fd01::{i:x}/128 dev a{i}" for i in numbers))


def time_of(connection, command):
    """(seconds, size of the reply in bytes)."""
    started = time.monotonic()
    connection.send(agents.compact({"execute": command}) + b"\n")
    line = connection.read_line(REPLY_TIMEOUT)
    elapsed = time.monotonic() - started
    assert line.startswith(b'{"return"'), line[:200]
    return elapsed, len(line)


def best_times(connections, command):
    """The best time of each connection, which other load affects least, and the size of the first
    one's reply. The connections are used alternately."""
    times = [[] for _ in connections]
    ends = time.monotonic() + 5
    while len(times[0]) < 30 and (time.monotonic() < ends or not times[0]):
        for connection, samples in zip(connections, times):
            samples.append(time_of(connection, command))
    return [min(samples)[0] for samples in times], times[0][0][1]


def measure(pairs, programs):
    with contextlib.ExitStack() as stack:
        namespace = stack.enter_context(Namespace())
        fill(namespace, pairs)
        connections = []
        for program in programs:
            agent = stack.enter_context(agents.Agent(program, wrap=namespace.enter))
            connections.append(stack.enter_context(agent.connect()))
            connections[-1].call("guest-ping")
        for command in COMMANDS:
            (ours, theirs), size = best_times(connections, command)
            print(f"| {command} | {2 * pairs + 1} | {size / 1000:.0f} kB | {ours * 1000:.2f} ms | "
                  f"{theirs * 1000:.2f} ms | {theirs / ours:.1f} |", flush=True)


def main():
    programs = report.begin("command", "interfaces", "reply", "bellhopd", "qemu-ga",
                            "qemu-ga : bellhopd")
    for pairs in map(int, sys.argv[1:] or (10, 100, 500, 2000)):
        measure(pairs, programs)


if __name__ == "__main__":
    main()
