# SPDX-License-Identifier: Apache-2.0
"""Runs bellhopd and a real qemu-ga with the same command lines, for the tests of options.

BELLHOPD and QEMU_GA name the programs; the defaults are the newest build and Debian sid's qemu-ga.
The agents listen only on sockets in temporary directories.
"""

import contextlib
import os
import pathlib
import subprocess
import tempfile
import unittest

from harness import agents

LISTEN = ["-m", "unix-listen", "-p", "{dir}/socket", "-t", "{dir}"]
BLOCKED = ["-b", ",".join(agents.DANGEROUS)]


def qemu_ga():
    return os.environ.get("QEMU_GA") or agents.oracle("sid")


def fill(arguments, directory):
    return [argument.replace("{dir}", directory) for argument in arguments]


class CommandLineTest(unittest.TestCase):
    """Runs both programs, each run in its own directory."""

    def setUp(self):
        self.programs = {"qemu-ga": qemu_ga(), "bellhopd": agents.bellhopd()}
        self.maxDiff = None

    @contextlib.contextmanager
    def directory(self):
        with tempfile.TemporaryDirectory(prefix="options-test-") as directory:
            yield directory

    def run_program(self, kind, arguments, directory, variables=()):
        """Runs in `directory` until the program exits: no command line starts an agent."""
        environment = {name: value for name, value in os.environ.items()
                       if name not in ("QGA_CONF", "LISTEN_FDS", "LISTEN_PID")}
        environment.update(variables)
        return subprocess.run([self.programs[kind], *fill(arguments, directory)],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=agents.TIMEOUT, cwd=directory,
                              env=environment, check=False)

    def run_both(self, arguments, content=None, variables=()):
        """(status, output, error) of each, qemu-ga's first, with `content` in the file {dir}/conf.
        The directory's name reads {dir} in both."""
        results = {}
        for kind in self.programs:
            with self.directory() as directory:
                if content is not None:
                    data = content if isinstance(content, bytes) else content.encode()
                    pathlib.Path(directory, "conf").write_bytes(data)
                filled = [(name, value.replace("{dir}", directory)) for name, value in variables]
                run = self.run_program(kind, arguments, directory, filled)
                output = run.stdout.replace(directory.encode(), b"{dir}")
                error = run.stderr.replace(directory.encode(), b"{dir}")
                results[kind] = (run.returncode, output, error)
        return results["qemu-ga"], results["bellhopd"]

    def assert_same_dump(self, arguments, content=None, variables=()):
        # -D comes first, so that no option takes it as its value. The pid file is not the default
        # one: with -d, qemu-ga removes it.
        arguments = ["-D", "-f", "{dir}/pid", *arguments]
        theirs, ours = self.run_both(arguments, content, variables)
        self.assertEqual(theirs[0], 0, theirs)
        self.assertEqual(ours[:2], theirs[:2], (arguments, content, ours[2]))

    def assert_both_refuse(self, arguments, content=None):
        theirs, ours = self.run_both(arguments, content)
        self.assertEqual(theirs[0], 1, theirs)
        self.assertEqual(ours[0], 1, (arguments, ours))
        self.assertTrue(theirs[1] + theirs[2])
        self.assertTrue(ours[2].strip(), arguments)
