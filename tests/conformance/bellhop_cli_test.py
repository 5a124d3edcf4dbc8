# SPDX-License-Identifier: Apache-2.0
"""Runs the host's client, bellhop, against bellhopd and against a real qemu-ga.

BELLHOP=PATH names the program, BELLHOPD=PATH and QEMU_GA=PATH the agents; each has a default.
"""

import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import unittest

from harness import agents


def bellhop():
    """The path of the client to test: $BELLHOP, else the newest build's."""
    named = os.environ.get("BELLHOP")
    candidates = [pathlib.Path(named)] if named else [
        build / "client" / "bellhop" for build in agents.build_directories()]
    for program in candidates:
        if os.access(program, os.X_OK):
            return str(program.resolve())
    raise AssertionError("bellhop is not built (set BELLHOP to name one)")


def run(*arguments, stdin=""):
    """Runs `bellhop arguments…` until it exits. Returns the CompletedProcess."""
    return subprocess.run([bellhop(), *map(str, arguments)], input=stdin, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300, check=False)


class WithAgent:
    """The tests that need an agent. Subclasses set which one."""

    @staticmethod
    def command():
        raise NotImplementedError

    def setUp(self):
        self.agent = agents.Agent(self.command(), block=["guest-get-users"])
        self.agent.__enter__()
        self.addCleanup(self.agent.__exit__, None, None, None)

    def bellhop(self, *arguments, stdin=""):
        return run("--connect", f"unix:{self.agent.socket_path}", *arguments, stdin=stdin)

    def call(self, command, arguments=None):
        """A command's return value."""
        given = [] if arguments is None else [json.dumps(arguments)]
        done = self.bellhop("call", command, *given)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)

    def test_ping_prints_the_round_trip(self):
        done = self.bellhop("ping")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"\Aunix:\S+ answered guest-ping in \d+\.\d{3} m?s\n\Z")

    def test_info_lists_the_commands(self):
        done = self.bellhop("info")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        version, counts, empty, *rows = done.stdout.splitlines()
        info = self.call("guest-info")
        self.assertEqual(version.split(), ["Agent", "version", info["version"]])
        commands = sorted(info["supported_commands"], key=lambda entry: entry["name"])
        enabled = sum(entry["enabled"] for entry in commands)
        self.assertEqual(counts.split(maxsplit=1)[1], f"{len(commands)}: {enabled} enabled, "
                         f"{len(commands) - enabled} disabled")
        self.assertEqual(empty, "")
        self.assertEqual([row.split()[0] for row in rows], [entry["name"] for entry in commands])
        states = {row.split()[0]: row.split(maxsplit=1)[1] for row in rows}
        self.assertEqual(states["guest-ping"], "enabled")
        self.assertEqual(states["guest-get-users"], "disabled")

    def test_call_prints_the_value_over_several_lines(self):
        done = self.bellhop("call", "guest-get-host-name")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, json.dumps({"host-name": socket.gethostname()}, indent=2) +
                         "\n")

    def test_call_prints_one_line_when_asked(self):
        for order in (["call", "--compact", "guest-ping"], ["call", "guest-ping", "--compact"]):
            done = self.bellhop(*order)
            self.assertEqual((done.returncode, done.stdout), (0, "{}\n"))

    def test_call_passes_arguments_and_carries_any_text(self):
        text = 'grüße "日本" 😀 \\ \n\t\x1b[1m\x7f'
        with tempfile.NamedTemporaryFile("wb", prefix="bellhop-ü-") as file:
            file.write(text.encode())
            file.flush()
            handle = self.call("guest-file-open", {"path": file.name})
            read = self.call("guest-file-read", {"handle": handle, "count": 4096})
            self.call("guest-file-close", {"handle": handle})
        self.assertEqual(read, {"buf-b64": agents.b64(text.encode()), "eof": True,
                                "count": len(text.encode())})

    def test_call_reads_arguments_from_standard_input(self):
        content = os.urandom(1 << 20)  # more than execve() allows in one argument
        with tempfile.NamedTemporaryFile(prefix="bellhop-") as file:
            handle = self.call("guest-file-open", {"path": file.name, "mode": "w"})
            done = self.bellhop("call", "guest-file-write", "-", stdin=json.dumps(
                {"handle": handle, "buf-b64": agents.b64(content)}))
            self.call("guest-file-close", {"handle": handle})
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(json.loads(done.stdout), {"count": len(content), "eof": False})
            self.assertEqual(pathlib.Path(file.name).read_bytes(), content)

    def test_call_accepts_the_largest_reply(self):
        size = 48 << 20
        handle = self.call("guest-file-open", {"path": "/dev/zero"})
        done = self.bellhop("--timeout", 200, "call", "guest-file-read",
                            json.dumps({"handle": handle, "count": size}))
        self.call("guest-file-close", {"handle": handle})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(len(json.loads(done.stdout)["buf-b64"]), size // 3 * 4)

    def test_call_prints_the_time_on_standard_error(self):
        done = self.bellhop("call", "--time", "--compact", "guest-ping")
        self.assertEqual((done.returncode, done.stdout), (0, "{}\n"))
        self.assertRegex(done.stderr, r"\A\d+\.\d{3} m?s\n\Z")

    def test_errors_of_the_agent_end_with_1_and_name_class_and_description(self):
        missing = self.bellhop("call", "guest-file-open", '{"path": "/nonexistent/file"}')
        self.assertEqual((missing.returncode, missing.stdout), (1, ""))
        self.assertEqual(missing.stderr, "bellhop: guest-file-open: GenericError: failed to open "
                         "file '/nonexistent/file' (mode: 'r'): No such file or directory\n")
        unknown = self.bellhop("call", "guest-nonsense")
        self.assertEqual(unknown.returncode, 1)
        self.assertEqual(unknown.stderr, "bellhop: guest-nonsense: CommandNotFound: The command "
                         "guest-nonsense has not been found\n")
        disabled = self.bellhop("call", "guest-get-users")
        self.assertEqual(disabled.returncode, 1)
        self.assertIn(": CommandNotFound: Command guest-get-users has been disabled",
                      disabled.stderr)

    def test_half_a_request_of_a_client_that_left_does_no_harm(self):
        with self.agent.connect() as other:
            other.send(b'{"execute": "guest-file-open", "arguments": {"path": "/etc/')
        self.assertEqual(self.call("guest-ping"), {})

    def test_an_agent_that_serves_another_client_ends_with_3(self):
        with self.agent.connect() as other:
            other.call("guest-ping")
            done = self.bellhop("--timeout", 0.1, "ping")
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn("did not answer guest-sync-delimited within 0.1 s", done.stderr)
        self.assertEqual(self.call("guest-ping"), {})

    def test_a_reply_that_cannot_be_written_ends_with_4(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([bellhop(), "--connect", f"unix:{self.agent.socket_path}",
                                   "call", "guest-ping"], stdout=full, stderr=subprocess.PIPE,
                                  timeout=60, check=False)
        self.assertEqual((done.returncode, done.stderr), (
            4, b"bellhop: cannot write to standard output: No space left on device\n"))


class WithBellhopd(WithAgent, unittest.TestCase):
    @staticmethod
    def command():
        return os.environ.get("BELLHOPD") or agents.bellhopd()


class WithQemuGa(WithAgent, unittest.TestCase):
    @staticmethod
    def command():
        return os.environ.get("QEMU_GA") or agents.oracle(agents.SUITES[0])


class WithoutAgent(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="bellhop-client-")
        self.addCleanup(directory.cleanup)
        self.path = pathlib.Path(directory.name) / "sock"

    def refused(self, status, *arguments, stdin=""):
        """Runs `bellhop arguments…`, which must exit with `status`. Returns its standard error."""
        done = run(*arguments, stdin=stdin)
        self.assertEqual((done.returncode, done.stdout), (status, ""), done.stderr)
        return done.stderr

    def test_no_socket_ends_with_3(self):
        said = self.refused(3, "--connect", f"unix:{self.path}", "ping")
        self.assertTrue(said.startswith(
            f"bellhop: cannot connect to unix:{self.path}: No such file or directory ("), said)

    def test_a_socket_without_a_listener_ends_with_3(self):
        with socket.socket(socket.AF_UNIX) as abandoned:
            abandoned.bind(str(self.path))
        self.assertIn("Connection refused (no program listens on this socket any more",
                      self.refused(3, "--connect", f"unix:{self.path}", "info"))

    def test_an_agent_that_never_answers_ends_with_3(self):
        with socket.socket(socket.AF_UNIX) as silent:
            silent.bind(str(self.path))
            silent.listen(1)
            said = self.refused(3, "--connect", f"unix:{self.path}", "--timeout", "0.05", "call",
                                "guest-get-time")
        self.assertIn(f"unix:{self.path} did not answer guest-sync-delimited within 0.05 s", said)

    def test_a_wrong_command_line_ends_with_2_and_says_why(self):
        endpoint = ("--connect", f"unix:{self.path}")
        for arguments, reason in (
                ((), "--connect is required"),
                (("ping",), "--connect is required"),
                (endpoint, "subcommand is required"),
                ((*endpoint, "call"), "command is required"),
                ((*endpoint, "guest-ping"), "run with: call guest-ping)"),
                ((*endpoint, "ping", "--frobnicate"), "--frobnicate"),
                ((*endpoint, "--timeout", "0", "ping"), "'0' is not a valid timeout"),
                ((*endpoint, "--timeout", "soon", "ping"), "'soon' is not a valid timeout"),
                (("--connect", str(self.path), "ping"), f"'{self.path}' is not the address of"),
                ((*endpoint, "call", "guest-exec", "{"), "the arguments are not JSON: parse error"),
                ((*endpoint, "call", "guest-exec", ""), "the arguments are not JSON: parse error"),
                ((*endpoint, "call", "guest-exec", "[]"), "must be a JSON object"),
                ((*endpoint, "call", "guest-exec", "null"), "must be a JSON object"),
                ((*endpoint, "call", "guest-exec", "-"), "the arguments are not JSON"),
        ):
            with self.subTest(arguments):
                self.assertIn(reason, self.refused(2, *arguments))

    def test_help_lists_exit_codes_and_subcommands(self):
        done = run("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for text in ("--connect", "--timeout", "call", "ping", "info", "Exit status:"):
            self.assertIn(text, done.stdout)
        self.assertIn("--compact", run("call", "--help").stdout)

    def test_version_is_one_line(self):
        done = run("--version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"\Abellhop \d+\.\d+\.\d+\n\Z")


if __name__ == "__main__":
    sys.exit(unittest.main())
