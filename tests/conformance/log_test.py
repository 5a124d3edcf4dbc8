# SPDX-License-Identifier: Apache-2.0
"""What bellhopd writes to the system's log and to its own. The agents run in a mount namespace whose
/dev/log is a socket of the test."""

import contextlib
import os
import socket
import subprocess
import unittest

from harness import agents, user_accounts

# /dev contains only what programs need, and a link to the test's socket.
SCRIPT = """set -e
dev=$(mktemp -d)
mount -t tmpfs -o mode=755 none "$dev"
for name in null zero urandom; do
  touch "$dev/$name"
  mount --bind "/dev/$name" "$dev/$name"
done
ln -s "$TMPDIR/syslog" "$dev/log"
mount --rbind "$dev" /dev
umount -l "$dev"
rmdir "$dev"
exec "$@"
"""
NAMESPACE = ["unshare", "-m", "sh", "-c", SCRIPT, "sh"]
PREFIX = r"^<{}>[A-Z][a-z]{{2}} [ \d]\d \d\d:\d\d:\d\d bellhopd: {}: "
DONE = r" after \d+\.\d{3} ms$"
SECRET = "aHVudGVyMg=="  # hunter2


def reason_to_skip():
    if os.geteuid() != 0:
        return "a mount namespace with another /dev needs root"
    trial = subprocess.run([*NAMESPACE, "true"], check=False, stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                           timeout=agents.TIMEOUT,
                           env={"PATH": os.environ["PATH"], "TMPDIR": "/tmp"})
    return f"no mount namespace: {trial.stdout.strip()}" if trial.returncode else None


class LogTest(unittest.TestCase):
    """The lines about calls."""

    def start(self, *options, frozen=False, **more):
        reason = reason_to_skip()
        if reason:
            raise unittest.SkipTest(reason)
        agent = agents.Agent(agents.bellhopd(), options, wrap=NAMESPACE, prepare=self.listen,
                             **more)
        self.frozen = frozen
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        stack.enter_context(agent)
        self.client = stack.enter_context(agent.connect())
        self.caller = rf"called on unix-listen {agent.socket_path} \(pid \d+, uid 0\)"
        return agent

    def listen(self, directory):
        self.system_log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.system_log.close)
        self.system_log.bind(str(directory / "syslog"))
        self.system_log.settimeout(agents.TIMEOUT)
        if self.frozen:
            (directory / "qga.state.isfrozen").touch()

    def request(self, command, **arguments):
        self.client.request({"execute": command, "arguments": arguments})

    def assert_logged(self, level, number, text):
        line = self.system_log.recv(65536).decode()
        self.assertRegex(line, PREFIX.format(number, level) + text)

    def test_each_audited_call_has_a_line_in_the_system_log(self):
        agent = self.start()
        self.request("guest-ping")
        self.request("guest-file-open", path="/dev/null")
        self.request("guest-file-open", path="/no/\nfile", mode="r")
        self.request("guest-exec", path="/bin/true", arg=["a b", "c"])
        self.assert_logged(
            "info", 14, f'guest-file-open {self.caller}, path: "/dev/null": succeeded' + DONE)
        self.assert_logged(
            "warning", 12, rf'guest-file-open {self.caller}, path: "/no/\\nfile", mode: "r": '
            r"failed after \S+ ms: .*No such file or directory$")
        self.assert_logged(
            "info", 14,
            rf'guest-exec {self.caller}, path: "/bin/true", arg: \["a b", "c"\]: succeeded' + DONE)
        self.assertEqual(agent.log(), "")

    def test_each_refused_command_has_one_line(self):
        self.start(block=["guest-get-time"])
        for _ in range(3):
            self.request("guest-get-time")
        self.request("guest-no-such-command")
        self.assert_logged("warning", 12, f"guest-get-time {self.caller}: refused: Command "
                           "guest-get-time has been disabled: the command is not allowed$")
        self.assert_logged("warning", 12, f"unknown command {self.caller}: refused: The command "
                           "guest-no-such-command has not been found$")

    def test_refusals_while_frozen_are_logged_after_the_thaw(self):
        agents.skip_unless_thaw_allowed()
        agent = self.start("-l", "${dir}/agent.log", frozen=True)
        self.request("guest-get-time")
        self.system_log.setblocking(False)
        self.assertRaises(BlockingIOError, self.system_log.recv, 1)
        self.system_log.settimeout(agents.TIMEOUT)
        self.request("guest-fsfreeze-thaw")
        self.assert_logged(
            "warning", 12, f"guest-get-time {self.caller}: refused: Command guest-get-time has "
            r"been disabled: the command is not allowed while filesystems are frozen "
            r"\(at \S+Z, while frozen\)$")
        self.assert_logged("info", 14, f"guest-fsfreeze-thaw {self.caller}: succeeded" + DONE)
        self.assertEqual((agent.directory / "agent.log").read_text(encoding="utf-8"), "")

    def test_a_verbose_log_file_has_all_calls(self):
        agent = self.start("-v", "-l", "${dir}/agent.log")
        self.request("guest-ping")
        self.request("guest-file-open", path="/dev/null")
        self.request("guest-exec", path="/bin/true", arg=["x" * 300])
        lines = (agent.directory / "agent.log").read_text(encoding="utf-8").splitlines()
        self.assertRegex(lines[0], rf": debug: guest-ping {self.caller}: succeeded" + DONE)
        self.assertRegex(lines[1], rf": info: guest-file-open {self.caller}, path: ")
        self.assertRegex(lines[2], rf': info: guest-exec {self.caller}, path: "/bin/true", '
                         r'arg: \["x{198}…: succeeded' + DONE)

    def test_arguments_of_programs_can_be_left_out(self):
        self.start(bellhop_configuration="[log]\nexec-arguments=false\n")
        self.request("guest-exec", path="/bin/true", arg=["a"])
        self.assert_logged("info", 14,
                           f'guest-exec {self.caller}, path: "/bin/true": succeeded' + DONE)

    def test_secrets_are_in_no_log(self):
        reason = user_accounts.reason_to_skip()
        if reason:
            raise unittest.SkipTest(reason)
        options = ["-v", "-l", "${dir}/agent.log"]
        with user_accounts.AccountsSandbox(agents.bellhopd(), options=options) as sandbox:
            for name in ("alice", "no-such-user"):
                sandbox.call("guest-set-user-password", username=name, password=SECRET,
                             crypted=False)
            sandbox.call("guest-exec", path="/bin/true", env=["A=hunter2"], **{
                "input-data": SECRET})
            sandbox.call("guest-file-open", path="/dev/null", mode="w")
            sandbox.call("guest-file-write", handle=1000, **{"buf-b64": SECRET})
            log = (sandbox.agent.directory / "agent.log").read_text(encoding="utf-8")
        self.assertIn('guest-set-user-password called on unix-listen', log)
        self.assertIn('username: "alice": succeeded', log)
        self.assertIn("guest-file-write called", log)
        self.assertNotIn("hunter2", log)
        self.assertNotIn(SECRET[:8], log)


if __name__ == "__main__":
    unittest.main()
