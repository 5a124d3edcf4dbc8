# SPDX-License-Identifier: Apache-2.0
"""An idle bellhopd costs nothing: it makes no system call for a minute."""

import contextlib
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from harness import agents
from harness.lifecycle import MEGABYTE, LifecycleTest, call, long, sanitized, wait_for


class Idle(LifecycleTest):
    SETTLE, WATCH = 3.0, 60.0

    def context_switches(self, agent):
        """Voluntary context switches of all threads: every blocking system call is one."""
        total = 0
        for task in pathlib.Path(f"/proc/{agent.process.pid}/task").iterdir():
            text = (task / "status").read_text(encoding="ascii", errors="replace")
            total += sum(int(line.split()[1]) for line in text.splitlines()
                         if line.startswith("voluntary_ctxt_switches"))
        return total

    @contextlib.contextmanager
    def line_without_host(self):
        directory = pathlib.Path(tempfile.mkdtemp(prefix="bellhop-line-"))
        try:
            yield self.agent(channel=("isa-serial", str(directory / "missing")), options=["-r"])
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def used(self):
        """An agent that has run commands of every kind; its client is still connected."""
        agent = self.agent()
        client = self.client(agent)
        pid = call(client, "guest-exec", path="/bin/true")["pid"]
        wait_for("the end of true",
                 lambda: call(client, "guest-exec-status", pid=pid)["exited"])
        handle = call(client, "guest-file-open", path="/dev/zero")
        call(client, "guest-file-read", handle=handle, count=MEGABYTE)
        call(client, "guest-sync", id=1)
        return agent

    def disconnected(self):
        agent = self.agent()
        with agent.connect() as client:
            call(client, "guest-get-host-name")
        return agent

    @long
    def test_makes_no_system_call_for_a_minute(self):
        with self.line_without_host() as waiting:
            idle = {"never used": self.agent(), "a client is connected": self.used(),
                    "its client disconnected": self.disconnected(),
                    "its serial line is missing": waiting}
            if any(sanitized(agent.process.pid) for agent in idle.values()):
                self.skipTest("a sanitizer has its own threads")
            time.sleep(self.SETTLE)
            before = {name: self.context_switches(agent) for name, agent in idle.items()}
            with contextlib.ExitStack() as stack:
                traces = {name: stack.enter_context(Trace(agent))
                          for name, agent in list(idle.items())[1:]}
                time.sleep(self.WATCH)
                after = {name: self.context_switches(agent) for name, agent in idle.items()}
            # One is not traced: attaching strace wakes an agent up once.
            self.assertEqual(after["never used"], before["never used"])
            for name, trace in traces.items():
                if trace.works:
                    self.assertEqual(trace.calls(), [], name)
                else:
                    self.assertEqual(after[name], before[name], name)


class Trace:
    """strace on all threads of an agent, if it is installed and permitted."""

    def __init__(self, agent):
        self.path = agent.directory / "trace"
        self.works = bool(shutil.which("strace"))
        if not self.works:
            return
        self.process = agents.spawn(["strace", "-f", "-ttt", "-o", str(self.path),
                                     "-p", str(agent.process.pid)],
                                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                    stderr=subprocess.PIPE)
        self.works = b"attached" in self.process.stderr.readline()
        self.start_time = time.time() + 1.0  # attaching restarts the blocked system call

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if shutil.which("strace"):
            self.end_time = time.time()
            self.process.send_signal(signal.SIGINT)
            self.process.communicate(timeout=agents.TIMEOUT)

    def calls(self):
        found = []
        for line in self.path.read_text(encoding="utf-8", errors="replace").splitlines():
            when = float(line.split()[1])
            if self.start_time < when < self.end_time and "detached" not in line:
                found.append(line)
        return found


if __name__ == "__main__":
    unittest.main()
