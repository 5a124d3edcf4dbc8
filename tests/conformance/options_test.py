# SPDX-License-Identifier: Apache-2.0
"""Compares bellhopd and a real qemu-ga, started with the same command lines."""

import itertools
import os
import pathlib
import re
import signal
import subprocess
import unittest

from harness import agents
from harness.command_lines import LISTEN, CommandLineTest

# Intended differences: command line or topic, and the reason.
DIFFERENCES = {
    "texts": "Bellhop has its own text for --help and around the reason on standard error; it does "
             "not print GLib's prefix `** (process:1): CRITICAL **:`.",
    "usage to stderr": "qemu-ga reports a bad option on standard output, and getopt's message "
                       "twice; Bellhop prints both once, on standard error.",
    "--blacklist": "qemu-ga dropped the option and the key blacklist in 9.1 and ignores the key, "
                   "which enables the commands that an old file blocks. Bellhop blocks them.",
    "stray value": "qemu-ga parses its command line twice and getopt moves stray arguments to the "
                   "end in between, so `stray --method` uses `stray` as the method. Bellhop "
                   "reports that the value is missing.",
    "-d -D": "With both, qemu-ga removes the pid file, even that of a running agent. Bellhop does "
             "not.",
    "undecodable list": "qemu-ga crashes if block-rpcs or allow-rpcs cannot be decoded. Bellhop "
                        "rejects the file.",
    "failed daemon": "qemu-ga exits with status 0 before it knows whether the daemon can start. "
                     "Bellhop waits for the daemon and exits with its status.",
    "-V": "Under its own name Bellhop prints its own version. Under the name qemu-ga it prints "
          "qemu-ga's.",
    "list order": "Bellhop lists commands in its own order, and has additional commands.",
}

# Command lines with which both dump their configuration: same output, same status.
DUMPS = [
    [], ["-v"], ["-r"], ["-d"], ["-dvr"], ["-F"], ["-F/x"], ["-F=/x"], ["-F", "/x"],
    ["--fsfreeze-hook"], ["--fsfreeze-hook="], ["--fs=/x"], ["-dF/x"], ["-Fv"], ["-F", "-v"],
    ["-l", "log"], ["-l", ""], ["-l", " a\tb "], ["-l", "a\\b\nc\rd;ä"], ["-p", ""], ["-p", "/x"],
    ["-m", "isa-serial"], ["-m", "unix-listen", "-p", "/x"], ["-m", "bogus", "-p", "/x"],
    ["-munix-listen", "-p/x"], ["--me=isa-serial"], ["--pa=/x"], ["--pi=/x"], ["--log", "/x"],
    ["--st=rel"], ["--s=rel"], ["-t", "rel"], ["--da"], ["--verb"], ["--ret"], ["--dump"],
    ["-b", "a,b,c"], ["-b", "a", "-b", "b,c"], ["-b", ""], ["-b", ","], ["-b", " a, b "],
    ["-b", "help,a"], ["--b=a"], ["--bl=a"], ["--block", "a"], ["-a", "a,b"], ["--al=a"],
    ["-a", ""], ["-a", "a", "-b", "b"], ["stray"], ["stray", "-v", "", "-"], ["--", "-v"],
    ["-s", "x"], ["-v", "-v"], ["-m", "isa-serial", "-m", "virtio-serial"], ["-p", "--schema"],
]

# Command lines that both reject: same status, with a message.
REFUSED = [
    ["-x"], ["-vx"], ["-xV"], ["-x", "-V"], ["--bogus"], ["--bogus=1"], ["-m"], ["--method"],
    ["--bl"], ["--p"], ["--v"], ["--ver"], ["--d", "-D"], ["--verbose=1"], ["--dump-conf=1"],
    ["-s"], ["--service=x"], ["--="], ["-m", "unix-listen"], ["-m", "unix-listen", "-D"],
    ["-m", "vsock-listen"],
    ["-m", ""], ["-m", "bogus"], ["-m", "bogus", "-p", "/x", "-t", "{dir}"], ["-c", "/nope"],
    ["-c", "/nope", "-V"], ["-V", "-c", "/nope"], ["-c", "/nope", "-h"],
    ["--config=/nope", "-b", "help"],
    ["-c", "", "-D"], ["-c", "{dir}", "-D"], ["-c", "/dev/null", "-D"],
    ["-c", "{dir}/socket/x", "-D"],
    ["-m", "unix-listen", "-p", "/nope/socket", "-t", "{dir}"],
    LISTEN + ["-l", "/nope/log"], LISTEN + ["-l", "{dir}"],
    ["-m", "unix-listen", "-p", "{dir}/" + "x" * 120, "-t", "{dir}"],
    ["-m", "virtio-serial", "-p", "/nope", "-t", "{dir}"],
    ["-m", "vsock-listen", "-p", "bogus", "-t", "{dir}"],
    ["-m", "unix-listen", "-p", "{dir}/socket", "-t", "/nope"],
]

# Configuration files that both dump: (content, additional options).
FILES = [
    ("", []), ("# comment\n", []), ("[general]\n", []), ("[general]", []),
    ("[general]\ndaemon=true\nverbose=1\nretry-path=1\n", []),
    ("[general]\ndaemon=false\nverbose=false\n", ["-d", "-v"]),
    ("[general]\ndaemon=true  \n", []), ("[general]\ndaemon=0\n", ["-d"]),
    ("[general]\nmethod=unix-listen\npath=/x\nlogfile=/l\npidfile=/p\nfsfreeze-hook=/h\n"
     "statedir=/s\n", []),
    ("[general]\nmethod=unix-listen\npath=/x\nlogfile=/l\nstatedir=/s\n",
     ["-p", "/y", "-l", "/m", "-t", "/t", "-F"]),
    ("[general]\nblock-rpcs=a,b\nallow-rpcs=c,d\n", []),
    ("[general]\nblock-rpcs=a,b\n", ["-b", "c,d"]), ("[general]\nallow-rpcs=a\n", ["-b", "c"]),
    ("[general]\nblock-rpcs=\n", []), ("[general]\nblock-rpcs=help\n", []),
    ("[general]\nblock-rpcs=a, b ,c\n", []), ("[general]\nblock-rpcs=a;b\n", []),
    ("[general]\nblock-rpcs=a\nblock-rpcs=b\n", []),
    ("[general]\nbogus=1\n[other]\nfoo=bar\n", []), ("[Desktop]\nmethod=unix-listen\n", []),
    (" [general] \n \t logfile \t = \t x y \n", []), ("[general]\r\nlogfile=x\r\n", []),
    ("[general]\nlogfile=\\sa\\tb\\nc\\rd\\\\\n", []), ("[general]\nlogfile=\n", []),
    ("[general]\nlogfile=a=b#c\n", []), ("[general]\nlogfile[de]=x\n", []),
    ("[general]\nlog file=x\n", []),
    ("[general]\nlogfile=x\n[other]\nlogfile=y\n[general]\nlogfile=z\n", []),
    ("[general]\nEncoding=UTF-8\nlogfile=ä\n", []),
]

# Configuration files that both reject.
BAD_FILES = [
    "x\n", "method=x\n", "[general\n", "[general]\nfoo\n", "[general]\n=foo\n", "[general]\n;x\n",
    "[]\n", "[a[b]\n", "[general] x\n", "\ufeff[general]\n", "[general]\nk]=x\n",
    "[general]\nk[d e]=x\n", "[general]\nEncoding=latin1\n", "[general]\nverbose=yes\n",
    "[general]\ndaemon=TRUE\n", "[general]\ndaemon=\n", "[general]\nretry-path=2\n",
    "[general]\nlogfile=\\x\n", "[general]\nlogfile=a\\\n", "[general]\nlogfile=a\\;b\n",
    b"[general]\nlogfile=\xff\n",
]


class DumpConf(CommandLineTest):
    def test_command_lines(self):
        for arguments in DUMPS:
            with self.subTest(arguments=arguments):
                self.assert_same_dump(arguments)

    def test_combinations(self):
        choices = [["-d"], ["-v"], ["-r"], ["-F/h"], ["-l/l"], ["-ba,b"], ["-ac"]]
        for count in range(2, len(choices) + 1, 2):
            for combination in itertools.combinations(choices, count):
                arguments = [argument for part in combination for argument in part]
                with self.subTest(arguments=arguments):
                    self.assert_same_dump(arguments)

    def test_files(self):
        for content, arguments in FILES:
            with self.subTest(content=content, arguments=arguments):
                self.assert_same_dump(["-c", "{dir}/conf", *arguments], content)

    def test_a_dump_is_read_back(self):
        for arguments in ([], ["-dvr", "-l", " a\\b\tc", "-F/h", "-b", "a,b", "-a", "c"]):
            with self.directory() as directory:
                dump = ["-D", "-f", "/nope/pid"]
                first = self.run_program("bellhopd", dump + arguments, directory).stdout
                pathlib.Path(directory, "conf").write_bytes(first)
                again = self.run_program("bellhopd", ["-D", "-c", "{dir}/conf"], directory).stdout
                # Each dump reverses lists, like qemu-ga's.
                self.assertEqual(again, first.replace(b"=b,a", b"=a,b"))

    def test_the_environment_variable_names_the_file(self):
        variables = [("QGA_CONF", "{dir}/conf")]
        content = "[general]\nstatedir=/by-variable\n"
        self.assert_same_dump([], content, variables)
        self.assert_same_dump(["-t", "/by-option"], content, variables)
        self.assert_same_dump([], None, [("QGA_CONF", "/nope")])
        self.assert_same_dump([], None, [("QGA_CONF", "")])

    def test_the_option_overrides_the_environment_variable(self):
        self.assert_same_dump(["-c", "{dir}/conf"], "[general]\nlogfile=/x\n",
                              [("QGA_CONF", "/dev/null")])

    def test_the_last_file_counts(self):
        self.assert_same_dump(["-c", "/nope", "--config", "{dir}/conf"], "[general]\nverbose=1\n")


class Refusals(CommandLineTest):
    def test_command_lines(self):
        for arguments in REFUSED:
            with self.subTest(arguments=arguments):
                self.assert_both_refuse(arguments)

    def test_files(self):
        for content in BAD_FILES:
            with self.subTest(content=content):
                self.assert_both_refuse(["-c", "{dir}/conf", "-D"], content)

    def test_reasons(self):
        reason = re.compile(rb"error loading configuration from path: [^\n]*")
        for content in BAD_FILES:
            with self.subTest(content=content):
                theirs, ours = self.run_both(["-c", "{dir}/conf", "-D"], content)
                if b"\\" in theirs[2] or b"\xef\xbf\xbd" in theirs[2]:
                    continue  # GLib escapes unprintable characters differently
                self.assertEqual(reason.search(ours[2])[0], reason.search(theirs[2])[0])


class Answers(CommandLineTest):
    def test_lists_of_commands(self):
        for arguments in (["-b", "help"], ["-b", "?"], ["-a", "help"], ["--allow-rpcs=?"],
                          ["-D", "--block-rpcs", "help"], ["-b", "help", "-x"]):
            with self.subTest(arguments=arguments):
                theirs, ours = self.run_both(arguments)
                self.assertEqual((theirs[0], ours[0]), (0, 0))
                lines = ours[1].decode().split("\n")
                self.assertEqual(lines.pop(), "")
                known = set(theirs[1].decode().split())
                self.assertEqual([line for line in lines
                                  if line not in known and not line.startswith("bellhop-")], [])
                self.assertIn("guest-ping", lines)

    def test_version(self):
        for arguments in (["-V"], ["--version"], ["-V", "-h"], ["-V", "-x"], ["-Vx"]):
            with self.subTest(arguments=arguments), self.directory() as directory:
                named = os.path.join(directory, "qemu-ga")
                os.symlink(self.programs["bellhopd"], named)
                theirs, ours = self.run_both(arguments)
                self.assertEqual((theirs[0], ours[0]), (0, 0))
                self.assertTrue(ours[1].startswith(b"bellhopd "))
                output = subprocess.run([named, *arguments], stdout=subprocess.PIPE,
                                        timeout=agents.TIMEOUT, check=True).stdout
                self.assertEqual(output, b"QEMU Guest Agent 11.1.3\n")
                if b" 11.1.3" in theirs[1]:
                    self.assertEqual(output, theirs[1])

    def test_help(self):
        theirs, ours = self.run_both(["--help", "-x"])
        self.assertEqual((theirs[0], ours[0]), (0, 0))
        for option in re.findall(rb"(?m)^  -\w, (--[a-z-]+)", theirs[1]):
            self.assertIn(option, ours[1])


class Differences(CommandLineTest):
    """Each still exists. Remove one that no longer does from DIFFERENCES."""

    def test_usage_goes_to_standard_error(self):
        theirs, ours = self.run_both(["--bogus"])
        self.assertIn(b"--help", theirs[1])
        self.assertEqual(ours[1], b"")
        self.assertIn(b"--help", ours[2])

    def test_blacklist_is_obeyed(self):
        theirs, ours = self.run_both(["-D", "--blacklist=x"])
        self.assertEqual(theirs[0], 1)
        self.assertIn(b"block-rpcs=x\n", ours[1])
        theirs, ours = self.run_both(["-D", "-c", "{dir}/conf"], "[general]\nblacklist=x\n")
        self.assertIn(b"block-rpcs=\n", theirs[1])
        self.assertIn(b"block-rpcs=x\n", ours[1])

    def test_a_stray_argument_is_no_value(self):
        theirs, ours = self.run_both(["-D", "stray", "--block-rpcs"])
        self.assertIn(b"block-rpcs=stray\n", theirs[1])
        self.assertEqual(ours[0], 1)

    def test_a_dump_leaves_the_pid_file(self):
        for kind, survives in (("qemu-ga", False), ("bellhopd", True)):
            with self.directory() as directory:
                path = pathlib.Path(directory, "pid")
                path.write_text("1\n", encoding="ascii")
                self.run_program(kind, ["-D", "-d", "-f", "{dir}/pid"], directory)
                self.assertEqual(path.exists(), survives, kind)

    def test_an_undecodable_list_is_refused(self):
        theirs, ours = self.run_both(["-D", "-c", "{dir}/conf"], "[general]\nblock-rpcs=\\x\n")
        self.assertEqual(theirs[0], -signal.SIGSEGV)
        self.assertEqual(ours[0], 1)


class Pages(CommandLineTest):
    """The manual pages name all options and keys."""

    def page(self, name):
        text = (agents.ROOT / "packaging" / "man" / name).read_text(encoding="utf-8")
        return text.replace("\\-", "-")

    def test_options(self):
        page = self.page("bellhopd.8")
        with self.directory() as directory:
            text = self.run_program("bellhopd", ["--help"], directory).stdout.decode()
        options = re.findall(r"--[a-z][a-z-]+", text)
        self.assertIn("--schema", options)
        for option in options:
            self.assertIn(option, page)

    def test_keys(self):
        page = self.page("bellhop.conf.5")
        source = (agents.ROOT / "src" / "config" / "keys.cpp").read_text(encoding="utf-8")
        keys = re.findall(r'\{(?:general_group|"[a-z]+"), "([a-z-]+)", ', source)
        self.assertIn("retry-path", keys)
        self.assertIn("hook-timeout", keys)
        for key in keys:
            self.assertIn(f".BR {key} =", page)


if __name__ == "__main__":
    unittest.main()
