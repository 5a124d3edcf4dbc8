# SPDX-License-Identifier: Apache-2.0
"""The random differential test: sends the same byte streams to two agents and compares the answers.

usage, in tests/conformance: python3 -m harness.differential [--streams N] [--seconds S] [--seed N]
                             [--left AGENT] [--right AGENT]
       AGENT: a program, or the name of a Debian suite; default: bellhopd and sid.
Replies are compared as they are, except for documented differences (see same()). A difference is
printed with its seed and stream, and with the smallest part of the stream that still shows it.
"""

import argparse
import json
import os
import re
import select
import sys
import time

from harness import agents, random_streams

sys.setrecursionlimit(10000)  # replies nest up to 1024 levels

BATCH = 100
TIMEOUT = 60.0  # seconds without a byte after which an agent counts as stuck


class Stuck(Exception):
    pass


class Side:
    """One agent and its connection."""

    def __init__(self, command):
        self.agent = agents.Agent(command, prepare=self.prepare)
        self.agent.__enter__()
        try:
            self.connection = self.agent.connect()
        except BaseException:
            self.agent.__exit__()
            raise
        self.connection.socket.setblocking(False)
        self.pending = bytearray()

    @staticmethod
    def prepare(directory):
        work = directory / "work"
        work.mkdir()
        (work / "sub").mkdir()
        for name, content in random_streams.READABLE.items():
            (work / name).write_bytes(content)

    def close(self):
        self.connection.close()
        self.agent.__exit__()


class Pair:
    def __init__(self, left, right):
        self.commands = (left, right)
        self.number = 10 ** 15
        self.sides = []
        self.start()

    def start(self):
        self.close()
        for command in self.commands:
            self.sides.append(Side(command))

    def close(self):
        for side in self.sides:
            side.close()
        self.sides = []

    def answers(self, batch, cuts=()):
        """The answers of both sides to each stream, as [(left, right), …]. Raises Stuck.
        cuts: offsets at which the bytes are split into several writes."""
        first = self.number
        data = bytearray()
        for stream in batch:
            request = {"execute": "guest-sync-delimited", "arguments": {"id": self.number}}
            data += stream + b"\xff" + agents.compact(request) + b"\n"
            self.number += 1
        out = self._exchange(bytes(data), b'\xff{"return": %d}\n' % (self.number - 1), cuts)
        split = [_split(received, first, len(batch)) for received in out]
        return list(zip(*split))

    def _exchange(self, data, end, cuts):
        ends = sorted({*(cut % (len(data) + 1) for cut in cuts), len(data)})
        sent = [0, 0]
        received = [bytearray(), bytearray()]
        done = [False, False]
        while not all(done):
            readers = [side.connection.socket for side, is_done in zip(self.sides, done)
                       if not is_done]
            writers = [side.connection.socket for side, at in zip(self.sides, sent)
                       if at < len(data)]
            readable, writable, _ = select.select(readers, writers, [], TIMEOUT)
            if not readable and not writable:
                raise Stuck(f"no answer from {self._names(done)}")
            for index, side in enumerate(self.sides):
                if side.connection.socket in writable:
                    stop = next(cut for cut in ends if cut > sent[index])
                    sent[index] += self._write(side, data[sent[index]:stop])
                if side.connection.socket in readable:
                    piece = self._read(side)
                    received[index] += piece
                    done[index] = received[index].endswith(end)
        return received

    def _names(self, done):
        return ", ".join(side.agent.command for side, ok in zip(self.sides, done) if not ok)

    @staticmethod
    def _write(side, data):
        try:
            return side.connection.socket.send(data)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise Stuck(f"{side.agent.command}: {error}: {side.agent.log()}") from None

    @staticmethod
    def _read(side):
        try:
            piece = side.connection.socket.recv(1 << 20)
        except OSError as error:
            raise Stuck(f"{side.agent.command}: {error}: {side.agent.log()}") from None
        if not piece:
            raise Stuck(f"{side.agent.command} disconnected: {side.agent.log()}")
        return piece


def _split(received, first, count):
    parts, at = [], 0
    for number in range(first, first + count):
        marker = b'\xff{"return": %d}\n' % number
        end = received.find(marker, at)
        if end < 0:
            parts.append(b"(no answer) " + bytes(received[at:]))
            continue
        parts.append(bytes(received[at:end]))
        at = end + len(marker)
    return parts


# --- what counts as the same

_STABLE = (
    # `exec-status-pid`: qemu-ga prints a broken format string instead of the pid
    (re.compile(rb"PID (?:ld|-?\d+) does not exist"), b"PID N does not exist"),
)
_UNEXPECTED = re.compile(r"(Parameter|QMP input member) '.*' is unexpected", re.DOTALL)
_ENVELOPE = re.compile(r"QMP input member '.*' (is unexpected|must be an? \w+)", re.DOTALL)
_NAMED = re.compile(r"'(.*)' is unexpected", re.DOTALL)
_ESCAPES = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}
_INFINITY = re.compile(rb'"(?:[^"\\]|\\.)*"|(inf)\b')


def same(left, right, stream):
    """Whether two answers to the stream are equal except for documented differences."""
    if left == right:
        return True
    for pattern, text in _STABLE:
        left, right = pattern.sub(text, left), pattern.sub(text, right)
    if left == right:
        return True
    lines = left.split(b"\n"), right.split(b"\n")
    return (len(lines[0]) == len(lines[1]) and
            all(_same_line(*pair, stream) for pair in zip(*lines)))


def _same_line(left, right, stream):
    if left == right:
        return True
    if left[:1] == b"\xff" and right[:1] == b"\xff":
        left, right = left[1:], right[1:]
    try:
        # `member-order`: qemu-ga writes the members of an object in hash order.
        left, right = _decoded(left), _decoded(right)
    except (ValueError, RecursionError):
        return False
    return left == right or _normalized(left, right, stream) == _normalized(right, left, stream)


# Numbers as they are written: 1.0 differs from 1, and every digit counts.
_EXACT = {"parse_float": lambda text: ("number", text), "parse_int": lambda text: ("number", text)}


def _decoded(line):
    # A number beyond the range of a double is printed as inf, which is not JSON.
    line = _INFINITY.sub(lambda found: b"Infinity" if found.group(1) else found.group(0), line)
    return json.loads(line, **_EXACT)


def _normalized(reply, other, stream):
    """`first-error`: of several errors in members, qemu-ga reports the first in hash order."""
    if not (_description(reply) and _description(other)):
        return reply
    named = _NAMED.search(_description(reply))
    if named and named.group(1) not in _plain(stream):
        return reply  # it names a member that the stream does not have
    if _ENVELOPE.fullmatch(_description(reply)) and _ENVELOPE.fullmatch(_description(other)) and \
            "unexpected" in _description(reply) + _description(other):
        text = "QMP input member …"
    else:
        text = _UNEXPECTED.sub(r"\1 '…' is unexpected", _description(reply))
    return dict(reply, error=dict(reply["error"], desc=text))


def _plain(stream):
    """The text of a stream with all escapes decoded."""
    def decoded(found):
        escape = found.group(1)
        if escape[:1] != b"u":
            return _ESCAPES.get(escape, escape)
        units = bytes.fromhex(escape.replace(b"\\u", b"")[1:].decode())
        return units.decode("utf-16-be", "replace").encode()
    text = re.sub(rb"\\((?:u[dD][89abAB][0-9a-fA-F]{2}\\)?u[0-9a-fA-F]{4}|[^u])", decoded, stream)
    return text.replace(b"\xc0\x80", b"\0").decode("utf-8", "replace")


def _description(reply):
    error = reply.get("error") if isinstance(reply, dict) else None
    return error.get("desc", "") if isinstance(error, dict) else ""


# --- reducing a difference

def shrink(stream, differs, seconds=60):
    """The smallest part of the stream that still differs: delta debugging of its bytes."""
    deadline = time.monotonic() + seconds
    size = max(1, len(stream) // 2)
    while size and time.monotonic() < deadline:
        at, smaller = 0, False
        while at < len(stream) and time.monotonic() < deadline:
            candidate = stream[:at] + stream[at + size:]
            if random_streams.harmless(candidate) and differs(candidate):
                stream, smaller = candidate, True
            else:
                at += size
        if not smaller or size > 1:
            size //= 2
    return stream


class Reporter:
    """Prints differences so that they can be reproduced."""

    def __init__(self, left, right, out=sys.stdout):
        self.commands = (left, right)
        self.out = out

    def print(self, text):
        print(text, file=self.out, flush=True)

    def difference(self, seed, batch, index, answers):
        self.print(f"\nDIFFERENCE in a batch of seed {seed}, stream {index}")
        self.print(f"  stream: {_cut(batch[index])}")
        self._answers(answers)
        pair = Pair(*self.commands)
        try:
            if not self._differs(pair, batch[index]):
                self.print("  The stream alone shows no difference; the streams before it:")
                for stream in batch[max(0, index - 3):index]:
                    self.print(f"    {_cut(stream)}")
                return
            smallest = shrink(batch[index], lambda stream: self._differs(pair, stream))
            pair.start()
            self.print(f"  smallest: {_cut(smallest)}")
            self._answers(pair.answers([smallest])[0])
        except Stuck as stuck:
            self.print(f"  while reducing it: {stuck}")
        finally:
            pair.close()

    def stuck(self, seed, played, batch, reason):
        self.print(f"\nSTUCK in a batch of seed {seed} after {played} streams: {reason}")
        for stream in batch[-3:]:
            self.print(f"    {_cut(stream)}")

    @staticmethod
    def _differs(pair, stream):
        try:
            return not same(*pair.answers([stream])[0], stream)
        except Stuck:
            pair.start()
            return True

    def _answers(self, answers):
        for name, answer in zip(self.commands, answers):
            self.print(f"  {name}:\n    {_cut(answer)}")


def _cut(data):
    if len(data) < 1500:
        return repr(data)
    return f"{data[:900]!r} … {data[-300:]!r} ({len(data)} bytes)"


def run(left, right, seed, count, seconds, reporter, limit=5):
    """Plays streams until count or seconds are reached. Returns (streams, differences)."""
    pair = Pair(left, right)
    generator = random_streams.Generator(seed)
    played = differences = 0
    deadline = time.monotonic() + seconds if seconds else None
    try:
        while (played < count if not deadline else time.monotonic() < deadline):
            batch = generator.batch(min(BATCH, count - played) if not deadline else BATCH)
            cuts = [generator.random.randrange(1 << 30)
                    for _ in range(generator.random.choice((0, 0, 1, 20)))]
            try:
                answers = pair.answers(batch + _closing(generator), cuts)
            except Stuck as stuck:
                reporter.stuck(seed, played, batch, stuck)
                differences += 1
                break
            for index, pair_of_answers in enumerate(answers[:len(batch)]):
                if not same(*pair_of_answers, batch[index]):
                    differences += 1
                    reporter.difference(seed, batch, index, pair_of_answers)
                    if differences >= limit:
                        return played + index + 1, differences
            played += len(batch)
            generator.handle = _next_handle(answers, generator.handle)
    finally:
        pair.close()
    return played, differences


def _closing(generator):
    """Closes the handles of older batches, so that neither side runs out of descriptors, and opens
    a file; its handle shows the next one."""
    first = getattr(generator, "closed_to", 1000)
    generator.closed_to = max(first, generator.handle - 40)
    requests = [{"execute": "guest-file-open", "arguments": {"path": "r0"}}]
    requests += [{"execute": "guest-file-close", "arguments": {"handle": handle}}
                 for handle in range(first, generator.closed_to)]
    return [b"".join(map(agents.compact, requests))]


def _next_handle(answers, handle):
    opened = re.match(rb'\{"return": (\d+)\}\n', answers[-1][0])
    return int(opened.group(1)) + 1 if opened else handle


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--streams", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=0)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--left", default=None)
    parser.add_argument("--right", default="sid")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else int.from_bytes(os.urandom(4), "big")
    try:
        left = _command(options.left) if options.left else agents.bellhopd()
        right = _command(options.right)
    except agents.Unavailable as error:
        print(f"skip: differential: {error}")
        return 0
    print(f"differential: seed {seed}, {left} and {right}", flush=True)
    started = time.monotonic()
    played, differences = run(left, right, seed, options.streams, options.seconds,
                              Reporter(left, right))
    print(f"differential: {played} streams in {time.monotonic() - started:.0f} s, "
          f"{differences} differences, seed {seed}")
    return 1 if differences else 0


def _command(name):
    return agents.oracle(name) if name in agents.SUITES else name


if __name__ == "__main__":
    sys.exit(main())
