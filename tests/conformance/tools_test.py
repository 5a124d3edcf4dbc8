# SPDX-License-Identifier: Apache-2.0
"""What the tools do to the machine: tools/setup with fake package tools, the labels of CTest."""

import json
import os
import pathlib
import pty
import subprocess
import sys
import tempfile
import unittest

from harness import agents

SETUP = agents.ROOT / "tools" / "setup"

# Programs that tools/setup runs. $MISSING: packages that are not installed; $USER_ID: the user;
# $DONE: a file to which sudo and apt-get write how they were called.
FAKES = {
    "dpkg-query": 'for package; do :; done; '
                  'case " $MISSING " in *" $package "*) exit 1 ;; *) echo "ii " ;; esac',
    "apt-get": 'echo "apt-get $*" >>"$DONE"',
    "apt-cache": "exit 0",
    "id": 'echo "$USER_ID"',
    "sudo": 'echo sudo >>"$DONE"; exec "$@"',
}


class Setup(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="bellhop-setup-")
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        for name, script in FAKES.items():
            program = self.directory / name
            program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
            program.chmod(0o755)

    def run_setup(self, *options, missing="", user=0, answer=None):
        """Runs tools/setup; `answer` is typed at a terminal. Returns (status, its messages, the
        calls of sudo and apt-get)."""
        done = self.directory / "done"
        done.write_text("", encoding="utf-8")
        environment = dict(os.environ, MISSING=missing, USER_ID=str(user), DONE=str(done),
                           CXX="c++", PATH=f"{self.directory}:{os.environ['PATH']}")
        terminal, stdin = pty.openpty()
        if answer is not None:
            os.write(terminal, answer.encode())
        process = subprocess.run([SETUP, *options], env=environment, text=True, check=False,
                                 stdin=subprocess.DEVNULL if answer is None else stdin,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 timeout=agents.TIMEOUT)
        os.close(terminal)
        os.close(stdin)
        return process.returncode, process.stdout, done.read_text(encoding="utf-8")

    INSTALLS_STRACE = "apt-get install -y -q --no-install-recommends strace\n"

    def test_does_nothing_if_all_packages_are_installed(self):
        status, text, done = self.run_setup("--vm", "--ci")
        self.assertEqual((status, done), (0, ""))
        self.assertIn("all packages are installed", text)

    def test_root_installs_what_is_missing(self):
        status, _, done = self.run_setup(missing="strace", user=0, answer="n\n")
        self.assertEqual((status, done), (0, self.INSTALLS_STRACE))

    def test_a_user_is_asked_before_sudo_runs(self):
        status, text, done = self.run_setup(missing="strace", user=1000, answer="y\n")
        self.assertEqual((status, done), (0, "sudo\n" + self.INSTALLS_STRACE))
        self.assertIn("will run: sudo apt-get install --no-install-recommends strace", text)

    def test_nothing_is_installed_without_a_yes(self):
        for answer in ("n\n", "\n", "\x04"):
            with self.subTest(answer):
                status, text, done = self.run_setup(missing="strace", user=1000, answer=answer)
                self.assertEqual((status, done), (1, ""))
                self.assertIn("installed nothing; tools/test --no-install does without", text)

    def test_a_user_without_a_terminal_is_not_asked(self):
        status, _, done = self.run_setup(missing="strace", user=1000)
        self.assertEqual((status, done), (0, "sudo\n" + self.INSTALLS_STRACE))

    def test_no_install_names_packages_of_tests_and_succeeds(self):
        for user in (0, 1000):
            status, text, done = self.run_setup("--no-install", "--vm", user=user,
                                                missing="strace qemu-system-x86")
            self.assertEqual((status, done), (0, ""))
            self.assertIn("not installed: strace qemu-system-x86; tests that need them", text)

    def test_no_install_fails_without_the_packages_of_the_build(self):
        for user, command in ((0, ": apt-get install"), (1000, ": sudo apt-get install")):
            status, text, done = self.run_setup("--no-install", user=user,
                                                missing="libasio-dev strace libfmt-dev")
            self.assertEqual((status, done), (1, ""))
            self.assertIn(f"{command} libasio-dev libfmt-dev\n", text)

    def test_no_install_fails_without_the_compiler_of_a_sanitizer(self):
        status, text, _ = self.run_setup("--no-install", "--ci", missing="clang-19 clang-tidy-19")
        self.assertEqual(status, 1)
        self.assertIn("apt-get install clang-19\n", text)


class Skips(unittest.TestCase):
    def test_a_missing_program_is_named_with_its_package(self):
        self.assertIsNone(agents.missing_program("sh", "sleep"))
        with tempfile.TemporaryDirectory() as empty:
            process = subprocess.run(
                [sys.executable, "-c", "from harness import agents\n"
                 "print(agents.missing_program('mkfs.xfs'), agents.missing_program('strace'))"],
                env=dict(os.environ, PATH=empty), cwd=agents.ROOT / "tests" / "conformance",
                stdout=subprocess.PIPE, text=True, check=True)
        self.assertEqual(process.stdout,
                         "needs mkfs.xfs, package xfsprogs needs strace, package strace\n")


class Labels(unittest.TestCase):
    def test_each_test_of_ctest_has_the_label_of_its_kind(self):
        build = pathlib.Path(agents.bellhopd()).parents[1]
        listed = subprocess.run(["ctest", "--show-only=json-v1"], cwd=build, text=True, check=True,
                                stdout=subprocess.PIPE).stdout
        found = set()
        for test in json.loads(listed)["tests"]:
            labels = [value for entry in test.get("properties", [])
                      if entry["name"] == "LABELS" for value in entry["value"]]
            if not test["name"].endswith("_NOT_BUILT"):
                self.assertEqual(len({"unit", "conformance", "vm"}.intersection(labels)), 1, test)
            found.update(labels)
        self.assertEqual(found, {"unit", "conformance", "vm", "long"})


if __name__ == "__main__":
    unittest.main()
