# SPDX-License-Identifier: Apache-2.0
"""Conformance cases: their format, and how one is played against an agent.

A file in cases/ is a JSON array of cases:
  name, why      unique; why it matters
  since          first version of qemu-ga that has it ("10.0"); older oracles skip the case
  dropped        first version of qemu-ga that lacks it; newer oracles skip it, bellhopd does not
  agents         ["qemu-ga"] or ["bellhopd"]: only these (default: all)
  differs        {"id", "reason"}: bellhopd differs on purpose; docs/compatibility.json has the row
  thaws          true: thaws filesystems; skipped where that is not permitted
  agent          options, block, allow, configuration, environment: arguments of agents.Agent
  files          prepared in ${dir}: name -> BYTES, or {"directory": true}, {"fifo": true},
                 {"link": target}, {"content": BYTES, "mode": "0600"},
                 {"state": true, "content": BYTES} (in the state directory)
  after          checked at the end: name -> BYTES, {"absent": true}, {"size": n}, {"regex": "…"},
                 {"mode": "0600"}
  steps          see below

BYTES is a string whose characters U+0000 to U+00FF are the bytes, or an array of such strings and
{"repeat": "…", "times": n}. "${name}" is replaced by a variable: dir, state, pid-max, or one that
$save sets; a JSON string that contains nothing else becomes the variable's value with its type.

A step is one of
  {"send": JSON, "expect": E}        one request and its reply (for E see reply_matching.py)
  {"send": JSON, "until": E, "meanwhile": E}    repeated until the reply matches
  {"bytes": BYTES, "lines": [L, …]}  raw bytes and the lines of the answer, compared as bytes;
                                     L may be {"$regex": …}, or {"json": E} to compare as JSON.
                                     "split": n sends n bytes at a time, each read before the next
  {"close": c}, {"half-close": c}, {"open": c}   clients; any step may have "client": name
  {"end": "name", "of": "fifo", "for": "read" | "write"}   opens the test's end of a FIFO
  {"put": "name", "data": BYTES}, {"take": "name", "data": BYTES}, {"shut": "name"}
  {"stop": status}, {"start": true}  stops the agent with SIGTERM; starts it again
  {"program": [argv], "output": regex, "status": n}  instead runs the agent's program until it
                                     exits; "${agent}" is its path
Any step may have "before": {"11.0": {…}}, members that replace its own for an older qemu-ga, and
"bellhop": {…}, members that replace its own for bellhopd.
At the end of a case each client resynchronises; an unexpected reply fails the case.
"""

import fcntl
import json
import os
import pathlib
import re
import stat
import struct
import subprocess
import termios
import time

from harness import agents
from harness.reply_matching import Matcher, Mismatch
from harness.variables import Variables

CASES_DIRECTORY = pathlib.Path(__file__).resolve().parent.parent / "cases"
MAIN = "main"  # the client of steps that name none


def load():
    """All cases in order. Raises ValueError for a malformed one."""
    cases = []
    for path in sorted(CASES_DIRECTORY.glob("*.json")):
        for case in json.loads(path.read_text(encoding="utf-8")):
            cases.append(dict(case, file=path.stem))
    names = [case["name"] for case in cases]
    doubled = {name for name in names if names.count(name) > 1}
    if doubled:
        raise ValueError(f"cases with the same name: {doubled}")
    for case in cases:
        _check_form(case)
    return cases


_CASE_MEMBERS = {"name", "why", "since", "dropped", "agents", "differs", "thaws", "agent", "files",
                 "after", "steps", "file", "unfinished"}


def _check_form(case):
    unknown = set(case) - _CASE_MEMBERS
    if unknown or not case.get("why") or not case.get("steps"):
        raise ValueError(f"{case['file']}: {case['name']}: unknown members {unknown}, no why or "
                         "no steps")
    overridden = any("bellhop" in step for step in case["steps"])
    if overridden and "differs" not in case:
        raise ValueError(f"{case['name']}: a step differs for bellhopd, the case has no 'differs'")
    text = json.dumps(case["steps"])
    for dangerous in agents.DANGEROUS:
        if re.search(rf"{dangerous}(?![a-z-])", text):
            raise ValueError(f"{case['name']}: names {dangerous}, which no test may send")


def parse_version(text):
    return tuple(int(part) for part in text.split("."))


def applies(case, kind, version):
    """The reason why the case does not apply to this agent, or None."""
    if kind not in case.get("agents", ["qemu-ga", "bellhopd"]):
        return f"is about {case['agents'][0]}"
    if kind == "qemu-ga" and version < parse_version(case.get("since", "0")):
        return f"needs qemu-ga {case['since']}"
    if kind == "qemu-ga" and "dropped" in case and version >= parse_version(case["dropped"]):
        return f"was dropped in qemu-ga {case['dropped']}"
    return None


def run(case, command, directory=None):
    """Plays the case against an agent. Raises AssertionError if the agent behaves differently."""
    Player(case, command).play()


class Player:
    def __init__(self, case, command):
        self.case = case
        self.clients = {}
        self.half_closed = set()
        self.ends = {}
        self.variables = Variables(agent=command)
        self.text, self.bytes = self.variables.text, self.variables.bytes
        self.expand = self.variables.expand
        self.matcher = Matcher(self.variables, self.bytes)
        self.agent = agents.Agent(command, prepare=self.prepare, **case.get("agent", {}))
        self.programs_only = all("program" in step for step in case["steps"])

    def play(self):
        try:
            if self.programs_only:
                self.agent.start = lambda: self.prepare(self.agent.directory)
            with self.agent:
                try:
                    for index, step in enumerate(self.case["steps"]):
                        self.at(index, self.step, self.for_this_agent(step))
                    if not self.case.get("unfinished"):
                        self.at("end", self.resynchronise_all)
                    self.at("after", self.check_files)
                finally:
                    for client in self.clients.values():
                        client.close()
                    for end in self.ends.values():
                        os.close(end)
            allowed = (0, None) if not self.frozen() else (0, None, -9)
            if self.agent.kind == "bellhopd" and self.agent.status not in allowed:
                raise Mismatch(f"the agent ended with status {self.agent.status}")
        except AssertionError as error:
            raise type(error)(f"{error}\nagent's log: {self.agent.final_log}") from None

    def frozen(self):
        return "qga.state.isfrozen" in self.case.get("files", {})

    @staticmethod
    def at(place, function, *arguments):
        try:
            function(*arguments)
        except AssertionError as error:
            raise type(error)(f"step {place}: {error}") from None

    def for_this_agent(self, step):
        step = dict(step)
        older = step.pop("before", {})
        mine = step.pop("bellhop", {})
        if self.agent.kind == "bellhopd":
            step.update(mine)
        else:
            for version in sorted(older, key=parse_version, reverse=True):
                if self.agent.version < parse_version(version):
                    step.update(older[version])
        if self.agent.kind == "qemu-ga" and self.agent.version < (11, 0):
            for key in ("expect", "lines", "until"):
                if key in step:
                    step[key] = _without_positions(step[key])
        return step

    # --- files

    def prepare(self, state):
        work = state / "work"
        if work.exists():
            return  # a restart
        work.mkdir()
        pid_max = int(pathlib.Path("/proc/sys/kernel/pid_max").read_text(encoding="ascii"))
        self.variables.update({"dir": str(work), "state": str(state), "pid-max": pid_max})
        for name, spec in self.case.get("files", {}).items():
            spec = spec if isinstance(spec, dict) and "repeat" not in spec else {"content": spec}
            path = (state if spec.get("state") else work) / name
            if spec.get("directory"):
                path.mkdir()
            elif spec.get("fifo"):
                os.mkfifo(path)
            elif "link" in spec:
                path.symlink_to(self.text(spec["link"]))
            else:
                path.write_bytes(self.bytes(spec["content"]))
            if "mode" in spec:
                path.chmod(int(spec["mode"], 8))

    def check_files(self):
        for name, spec in self.case.get("after", {}).items():
            path = pathlib.Path(self.text(name) if name.startswith("${")
                                else f"{self.variables['dir']}/{name}")
            if isinstance(spec, dict) and spec.get("absent"):
                if path.exists():
                    raise Mismatch(f"{name} exists")
            elif isinstance(spec, dict) and "size" in spec:
                if path.stat().st_size != spec["size"]:
                    raise Mismatch(f"{name} has {path.stat().st_size} bytes")
            elif isinstance(spec, dict) and "mode" in spec:
                if stat.S_IMODE(path.stat().st_mode) != int(spec["mode"], 8):
                    raise Mismatch(f"{name} has mode {stat.S_IMODE(path.stat().st_mode):o}")
            elif isinstance(spec, dict) and "regex" in spec:
                if not re.fullmatch(spec["regex"], path.read_text(encoding="latin-1"), re.DOTALL):
                    raise Mismatch(f"{name} holds {path.read_bytes()[:500]!r}")
            elif path.read_bytes() != self.bytes(spec):
                raise Mismatch(f"{name} holds {path.read_bytes()[:500]!r}")

    # --- steps

    def client(self, step):
        name = step.get("client", MAIN)
        if name not in self.clients:
            self.clients[name] = self.agent.connect()
        return self.clients[name]

    def step(self, step):
        for kind in ("send", "bytes", "close", "half-close", "open", "end", "put", "take", "shut",
                     "stop", "start", "program"):
            if kind in step:
                getattr(self, "_" + kind.replace("-", "_"))(step)
                return
        if "lines" in step:
            self._expect_lines(step)
            return
        raise ValueError(f"{self.case['name']}: a step of no known kind: {step}")

    def _send(self, step):
        request = self.expand(step["send"])
        client = self.client(step)
        client.send(agents.compact(request) + b"\n")
        if "expect" in step:
            self.matcher.check(client.reply_to(request), self.expand(step["expect"]))
        elif "until" in step:
            self._until(step, request, client)

    def _until(self, step, request, client):
        deadline = time.monotonic() + agents.TIMEOUT
        pause = 0.001
        while True:
            reply = client.reply_to(request)
            if self.matcher.matches(reply, self.expand(step["until"])):
                return
            self.matcher.check(reply, self.expand(step["meanwhile"]))
            if time.monotonic() > deadline:
                raise Mismatch(f"still {reply} after {agents.TIMEOUT} s")
            time.sleep(pause)
            pause = min(2 * pause, 0.1)
            client.send(agents.compact(request) + b"\n")

    def _bytes(self, step):
        client = self.client(step)
        data = self.bytes(step["bytes"])
        size = step.get("split", len(data)) or 1
        for start in range(0, len(data), size):
            client.send(data[start:start + size])
            if size < len(data):
                _wait_until_read(client.socket)
        self._expect_lines(step)

    def _expect_lines(self, step):
        client = self.client(step)
        for index, expected in enumerate(step.get("lines", [])):
            line = client.read_line()
            where = f"line {index}"
            if isinstance(expected, dict) and "json" in expected:
                self.matcher.check(json.loads(line.lstrip(b"\xff")), self.expand(expected["json"]),
                                   where)
            elif isinstance(expected, dict) and "$regex" in expected:
                self.matcher.check(line.decode("latin-1"),
                                   {"$regex": expected["$regex"] + "\n"}, where)
            else:
                wanted = self.bytes(expected) + b"\n"
                if line != wanted:
                    raise Mismatch(f"{where}: expected {_ends(wanted)}, is {_ends(line)}")

    def _close(self, step):
        self.clients.pop(step["close"]).close()

    def _half_close(self, step):
        self.clients[step["half-close"]].socket.shutdown(1)
        self.half_closed.add(step["half-close"])

    def _open(self, step):
        self.client({"client": step["open"]})

    def _end(self, step):
        flags = os.O_RDONLY if step["for"] == "read" else os.O_WRONLY
        path = f"{self.variables['dir']}/{step['of']}"
        deadline = time.monotonic() + agents.TIMEOUT
        while True:
            try:
                self.ends[step["end"]] = os.open(path, flags | os.O_NONBLOCK)
                return
            except OSError as error:  # it has no reader yet
                if time.monotonic() > deadline:
                    raise Mismatch(f"cannot open {path}: {error}") from None
                time.sleep(0.005)

    def _put(self, step):
        os.write(self.ends[step["put"]], self.bytes(step["data"]))

    def _take(self, step):
        wanted = self.bytes(step["data"])
        data = b""
        deadline = time.monotonic() + agents.TIMEOUT
        while len(data) < len(wanted) and time.monotonic() < deadline:
            try:
                data += os.read(self.ends[step["take"]], 65536)
            except BlockingIOError:
                time.sleep(0.005)
        if data != wanted:
            raise Mismatch(f"{step['take']}: expected {wanted!r}, is {data!r}")

    def _shut(self, step):
        agents.close_everywhere(self.ends.pop(step["shut"]))

    def _stop(self, step):
        status = self.agent.stop()
        if status != step["stop"]:
            raise Mismatch(f"the agent ended with {status}")

    def _start(self, _):
        for client in self.clients.values():
            client.close()
        self.clients.clear()
        self.agent.start()

    def _program(self, step):
        environment = self.agent.environ(self.variables["dir"] + "/none.conf")
        environment.update({name: self.text(value)
                            for name, value in step.get("environment", {}).items()})
        for name in step.get("without", []):
            environment.pop(name, None)
        program = agents.spawn([self.text(word) for word in step["program"]], env=environment,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
        try:
            output, errors = program.communicate(timeout=agents.TIMEOUT)
        except subprocess.TimeoutExpired:
            program.kill()
            program.communicate()
            raise Mismatch("the program did not end") from None
        if program.returncode != step.get("status", 0):
            raise Mismatch(f"status {program.returncode}, {output!r}, {errors!r}")
        for stream, text in (("output", output), ("errors", errors)):
            if stream in step and not re.fullmatch(self.text(step[stream]), text.decode("latin-1"),
                                                   re.DOTALL):
                raise Mismatch(f"{stream}: expected {step[stream]!r}, is {text!r}")

    # --- the end

    def resynchronise_all(self):
        if self.agent.process is None:
            return
        for number, (name, client) in enumerate(self.clients.items()):
            if name not in self.half_closed:
                _resynchronise(client, 715000000 + number)
            client.close()


def _resynchronise(client, number):
    request = {"execute": "guest-sync-delimited", "arguments": {"id": number}}
    client.send(b"\xff" + agents.compact(request) + b"\n")
    answer = client.read_until(b'\xff{"return": %d}\n' % number)
    lines = answer.split(b"\n")[:-2]
    if len(lines) != 1 or b"JSON parse error, stray" not in lines[0]:
        raise Mismatch(f"unexpected replies: {_ends(answer)}")


def _without_positions(expected):
    """The expectation for versions before 11.0: parse errors without line and column."""
    if isinstance(expected, str):
        return re.sub(r"\d+:\d+: (?=JSON parse error)", "", expected)
    if isinstance(expected, list):
        return [_without_positions(element) for element in expected]
    if isinstance(expected, dict):
        return {key: _without_positions(value) for key, value in expected.items()}
    return expected


def _wait_until_read(connection):
    """Waits until the peer has read everything sent, so that it reads the next send separately."""
    deadline = time.monotonic() + agents.TIMEOUT
    while struct.unpack("i", fcntl.ioctl(connection, termios.TIOCOUTQ, b"\0" * 4))[0]:
        if time.monotonic() > deadline:
            raise agents.NoReply("the agent does not read its input")
        time.sleep(0)


def _ends(data):
    return repr(data) if len(data) < 1200 else f"{data[:600]!r} … {data[-300:]!r} ({len(data)})"
