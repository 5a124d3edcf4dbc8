# SPDX-License-Identifier: Apache-2.0
"""Helpers for the tests of live upgrades: bellhopd executes the installed program in place."""

import base64
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from harness import agents
from harness.lifecycle import TEN_SECONDS, LifecycleTest, call, wait_for

UPGRADED = "was replaced by version"
REFUSED = "live upgrade failed, the running agent continues"


def decoded(data):
    return base64.b64decode(data)


def channels_configuration(paths):
    return "[channels]\nchannels=" + ";".join(f"unix-listen:{path}" for path in paths) + "\n"


def write_program(path, content, mode=0o755):
    """Writes an executable in a separate process. A child that another thread has just forked would
    inherit the writable descriptor, and execve() would fail with ETXTBSY."""
    subprocess.run(["sh", "-c", 'cat >"$0"', path], input=content, check=True)
    path.chmod(mode)


class LiveUpgradeTest(LifecycleTest):
    """A test that upgrades a running agent to the installed program."""

    program = None

    def create_agent(self, **options):
        """An agent whose executable is the test's own copy, self.program."""
        directory = pathlib.Path(tempfile.mkdtemp(prefix="bellhop-program-"))
        self.addCleanup(shutil.rmtree, directory, ignore_errors=True)
        self.program = directory / "bellhopd"
        write_program(self.program, pathlib.Path(agents.bellhopd()).read_bytes())
        options.setdefault("options", ["-v"])
        agent = agents.Agent(str(self.program), **options)
        self.addCleanup(agent.__exit__)
        return agent

    def agent(self, **options):
        return self.create_agent(**options).__enter__()

    def create_unstarted_agent(self, options, **arguments):
        agent = self.create_agent(options=options, **arguments)
        agent.directory = pathlib.Path(tempfile.mkdtemp(prefix="bellhop-agent-"))
        return agent

    def agent_on_sockets(self, count):
        """Paths of sockets, and an agent whose configuration makes it listen on them."""
        directory = pathlib.Path(tempfile.mkdtemp(prefix="bellhop-sockets-"))
        self.addCleanup(shutil.rmtree, directory, ignore_errors=True)
        paths = [directory / str(i) for i in range(count)]
        agent = self.agent(channel=(None, None),
                           bellhop_configuration=channels_configuration(paths))
        wait_for("the sockets", lambda: all(path.exists() for path in paths))
        return paths, agent

    def daemon(self):
        """A daemon that has started, the path of its pid file, and its pid. The caller ends it."""
        agent = self.create_unstarted_agent(["-v", "-d", "-f", "pid", "-l", "daemon.log"])
        agent.start(wait=False)
        self.assertEqual(agent.process.wait(TEN_SECONDS), 0, agent.log())
        pid_file = agent.directory / "pid"
        return agent, pid_file, int(pid_file.read_text(encoding="ascii"))

    def frozen(self, loop, **options):
        """An agent that has frozen the filesystem, and a client."""
        agent = self.agent(wrap=loop.wrap, unblocked=("guest-fsfreeze-freeze-list",), **options)
        client = self.client(agent)
        call(client, "guest-ping")
        loop.open_namespace(agent)
        self.addCleanup(loop.fsfreeze, "-u", check=False)
        self.assertEqual(call(client, "guest-fsfreeze-freeze-list",
                              mountpoints=[str(loop.mountpoint)]), 1)
        return agent, client

    def configure(self, agent, paths):
        (agent.directory / "bellhop.conf").write_text(channels_configuration(paths),
                                                      encoding="ascii")

    def client_on(self, path):
        client = agents.Connection(path, "bellhopd")
        self.addCleanup(client.close)
        return client

    def install(self, content, mode=0o755):
        new = self.program.with_suffix(".new")
        write_program(new, content, mode)
        new.replace(self.program)

    def install_script(self, after_answer, before_run=":"):
        """Installs a script that runs bellhopd, and commands: `after_answer` when bellhopd has
        answered the probe, `before_run` before it continues as the agent."""
        self.install(f"""#!/bin/sh
if [ "$1" = --can-take-over ]; then
  "{agents.bellhopd()}" "$@" || exit
  {after_answer}
  exit 0
fi
{before_run}
exec "{agents.bellhopd()}" "$@"
""".encode())

    def log_count(self, agent, text):
        return agent.log_path.read_text(encoding="utf-8", errors="replace").count(text)

    def signal_and_wait(self, agent, text, pid=None):
        """Requests an upgrade and waits until the log has the text once more."""
        before = self.log_count(agent, text)
        os.kill(pid or agent.process.pid, signal.SIGUSR2)
        wait_for(f"“{text}” in the log", lambda: self.log_count(agent, text) > before)

    def upgrade(self, agent, pid=None):
        self.signal_and_wait(agent, UPGRADED, pid)

    def assert_upgrade_refused(self, agent, why):
        self.signal_and_wait(agent, REFUSED)
        log = agent.log()
        self.assertIn(why, log[log.rindex(REFUSED):])

    def read(self, client, handle, count):
        reply = call(client, "guest-file-read", handle=handle, count=count)
        return decoded(reply["buf-b64"]), reply["eof"]

    def run_job(self, client, script, **arguments):
        return call(client, "guest-exec", path="/bin/sh", arg=["-c", script],
                    capture_output=True, **arguments)["pid"]

    def wait_for_job(self, client, pid):
        last = {}

        def ended():
            last.update(call(client, "guest-exec-status", pid=pid))
            return last["exited"]
        wait_for("the job's end", ended)
        return last
