"""Starts bellhopd and a real qemu-ga with the same command lines, and compares what comes of it.

BELLHOPD names the one, QEMU_GA the other; without them the newest build and Debian sid's qemu-ga
are used. Nothing is served to anybody but the tests, from sockets in directories of their own.
"""

import contextlib
import fcntl
import itertools
import os
import pathlib
import re
import signal
import stat
import struct
import subprocess
import tempfile
import time
import unittest

import agents

LISTEN = ["-m", "unix-listen", "-p", "{dir}/socket", "-t", "{dir}"]
BLOCKED = ["-b", ",".join(agents.DANGEROUS)]

# Where Bellhop differs on purpose: command line (or what it is about), and why.
DIFFERENCES = {
    "texts": "The text of --help, and texts on standard error around the reason, are Bellhop's "
             "own; GLib's prefix `** (process:1): CRITICAL **:` is not written.",
    "usage to stderr": "qemu-ga tells of a bad option on standard output, and getopt's message "
                       "twice; Bellhop says both once, on standard error.",
    "--blacklist": "qemu-ga dropped the option and the key blacklist in 9.1 and ignores the key: "
                   "what an old file blocks would be open. Bellhop blocks it.",
    "stray value": "qemu-ga reads its command line twice and getopt moves stray arguments to the "
                   "end in between, so `stray --method` takes `stray` as the method. Bellhop says "
                   "that the value is missing.",
    "-d -D": "qemu-ga removes the pid file when it only prints its configuration as a daemon, "
             "that of a running agent too. Bellhop does not.",
    "undecodable list": "qemu-ga crashes when block-rpcs or allow-rpcs cannot be decoded. Bellhop "
                        "refuses the file.",
    "failed daemon": "qemu-ga leaves with status 0 before it knows whether the daemon can start. "
                     "Bellhop waits for the daemon and leaves with its status.",
    "-V": "Under its own name Bellhop prints its own version. Under the name qemu-ga it prints "
          "what qemu-ga prints.",
    "list order": "Bellhop lists commands in its own order, and has commands of its own.",
}

# Command lines that both dump their configuration for: same output, same status.
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

# Command lines that both refuse: same status, and something is said.
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

# Configuration files that both dump: (content, further options).
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

# Configuration files that both refuse.
BAD_FILES = [
    "x\n", "method=x\n", "[general\n", "[general]\nfoo\n", "[general]\n=foo\n", "[general]\n;x\n",
    "[]\n", "[a[b]\n", "[general] x\n", "\ufeff[general]\n", "[general]\nk]=x\n",
    "[general]\nk[d e]=x\n", "[general]\nEncoding=latin1\n", "[general]\nverbose=yes\n",
    "[general]\ndaemon=TRUE\n", "[general]\ndaemon=\n", "[general]\nretry-path=2\n",
    "[general]\nlogfile=\\x\n", "[general]\nlogfile=a\\\n", "[general]\nlogfile=a\\;b\n",
    b"[general]\nlogfile=\xff\n",
]


def qemu_ga():
    return os.environ.get("QEMU_GA") or agents.oracle("sid")


def fill(arguments, directory):
    return [argument.replace("{dir}", directory) for argument in arguments]


class Case(unittest.TestCase):
    """What the tests share: both programs, and a directory of its own for each run."""

    def setUp(self):
        try:
            self.programs = {"qemu-ga": qemu_ga(), "bellhopd": agents.bellhopd()}
        except agents.Unavailable as reason:
            self.skipTest(str(reason))
        self.maxDiff = None

    @contextlib.contextmanager
    def directory(self):
        with tempfile.TemporaryDirectory(prefix="options-test-") as directory:
            yield directory

    def run_program(self, kind, arguments, directory, variables=()):
        """Runs to the end, in `directory`: none of the command lines starts an agent."""
        environment = {name: value for name, value in os.environ.items()
                       if name not in ("QGA_CONF", "LISTEN_FDS", "LISTEN_PID")}
        environment.update(variables)
        return subprocess.run([self.programs[kind], *fill(arguments, directory)],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=agents.PATIENCE, cwd=directory,
                              env=environment, check=False)

    def both(self, arguments, content=None, variables=()):
        """What each does, with `content` in the file {dir}/conf. Names of directories are alike."""
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
        # -D stands first, so that no option takes it for its value, and the usual pid file is out
        # of reach: with -d, qemu-ga removes it.
        arguments = ["-D", "-f", "{dir}/pid", *arguments]
        theirs, ours = self.both(arguments, content, variables)
        self.assertEqual(theirs[0], 0, theirs)
        self.assertEqual(ours[:2], theirs[:2], (arguments, content, ours[2]))

    def assert_both_refuse(self, arguments, content=None):
        theirs, ours = self.both(arguments, content)
        self.assertEqual(theirs[0], 1, theirs)
        self.assertEqual(ours[0], 1, (arguments, ours))
        self.assertTrue(theirs[1] + theirs[2])
        self.assertTrue(ours[2].strip(), arguments)


class DumpConf(Case):
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
                # Lists are reversed each time, as qemu-ga does.
                self.assertEqual(again, first.replace(b"=b,a", b"=a,b"))

    def test_the_variable_names_the_file(self):
        variables = [("QGA_CONF", "{dir}/conf")]
        content = "[general]\nstatedir=/by-variable\n"
        self.assert_same_dump([], content, variables)
        self.assert_same_dump(["-t", "/by-option"], content, variables)
        self.assert_same_dump([], None, [("QGA_CONF", "/nope")])
        self.assert_same_dump([], None, [("QGA_CONF", "")])

    def test_the_option_beats_the_variable(self):
        self.assert_same_dump(["-c", "{dir}/conf"], "[general]\nlogfile=/x\n",
                              [("QGA_CONF", "/dev/null")])

    def test_the_last_file_counts(self):
        self.assert_same_dump(["-c", "/nope", "--config", "{dir}/conf"], "[general]\nverbose=1\n")


class Refusals(Case):
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
                theirs, ours = self.both(["-c", "{dir}/conf", "-D"], content)
                if b"\\" in theirs[2] or b"\xef\xbf\xbd" in theirs[2]:
                    continue  # GLib shows what is not printable in its own way
                self.assertEqual(reason.search(ours[2])[0], reason.search(theirs[2])[0])


class Answers(Case):
    def test_lists_of_commands(self):
        for arguments in (["-b", "help"], ["-b", "?"], ["-a", "help"], ["--allow-rpcs=?"],
                          ["-D", "--block-rpcs", "help"], ["-b", "help", "-x"]):
            with self.subTest(arguments=arguments):
                theirs, ours = self.both(arguments)
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
                theirs, ours = self.both(arguments)
                self.assertEqual((theirs[0], ours[0]), (0, 0))
                self.assertTrue(ours[1].startswith(b"bellhopd "))
                output = subprocess.run([named, *arguments], stdout=subprocess.PIPE,
                                        timeout=agents.PATIENCE, check=True).stdout
                self.assertEqual(output, b"QEMU Guest Agent 11.1.3\n")
                if b" 11.1.3" in theirs[1]:
                    self.assertEqual(output, theirs[1])

    def test_help(self):
        theirs, ours = self.both(["--help", "-x"])
        self.assertEqual((theirs[0], ours[0]), (0, 0))
        for option in re.findall(rb"(?m)^  -\w, (--[a-z-]+)", theirs[1]):
            self.assertIn(option, ours[1])


class Differences(Case):
    """Each is one still; a case that became alike leaves DIFFERENCES."""

    def test_usage_goes_to_standard_error(self):
        theirs, ours = self.both(["--bogus"])
        self.assertIn(b"--help", theirs[1])
        self.assertEqual(ours[1], b"")
        self.assertIn(b"--help", ours[2])

    def test_blacklist_is_obeyed(self):
        theirs, ours = self.both(["-D", "--blacklist=x"])
        self.assertEqual(theirs[0], 1)
        self.assertIn(b"block-rpcs=x\n", ours[1])
        theirs, ours = self.both(["-D", "-c", "{dir}/conf"], "[general]\nblacklist=x\n")
        self.assertIn(b"block-rpcs=\n", theirs[1])
        self.assertIn(b"block-rpcs=x\n", ours[1])

    def test_a_stray_argument_is_no_value(self):
        theirs, ours = self.both(["-D", "stray", "--block-rpcs"])
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
        theirs, ours = self.both(["-D", "-c", "{dir}/conf"], "[general]\nblock-rpcs=\\x\n")
        self.assertEqual(theirs[0], -signal.SIGSEGV)
        self.assertEqual(ours[0], 1)


class Pages(Case):
    """The manual pages name everything that there is."""

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
        source = (agents.ROOT / "src" / "agent" / "configuration.cpp").read_text(encoding="utf-8")
        keys = re.findall(r'\{"([a-z-]+)", take_', source)
        self.assertIn("hook-timeout", keys)
        for key in keys:
            self.assertIn(f".BR {key} =", page)


def wait_until(condition):
    deadline = time.monotonic() + agents.PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("waited too long")
        time.sleep(0.02)


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return False
    return state.rpartition(")")[2].split()[0] != "Z"


class Life(Case):
    """What becomes of an agent that serves: pid file, log, daemon."""

    def start_daemon(self, kind, directory, *more):
        arguments = [*LISTEN, *BLOCKED, "-d", "-f", "{dir}/pid", *more]
        return self.run_program(kind, arguments, directory)

    @contextlib.contextmanager
    def part(self, kind):
        with self.subTest(kind=kind), self.directory() as directory:
            yield directory

    @contextlib.contextmanager
    def client(self, directory):
        connection = agents.Connection(os.path.join(directory, "socket"))
        with contextlib.closing(connection.socket):
            yield connection

    @contextlib.contextmanager
    def daemon(self, kind, directory, *more):
        run = self.start_daemon(kind, directory, *more)
        self.assertEqual((run.returncode, run.stdout, run.stderr), (0, b"", b""))
        path = pathlib.Path(directory, "pid")
        wait_until(lambda: path.exists() and path.read_text(encoding="ascii").endswith("\n"))
        pid = int(path.read_text(encoding="ascii"))
        self.assertIn(directory, pathlib.Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8"))
        # qemu-ga's parent leaves before the daemon is one.
        wait_until(lambda: os.readlink(f"/proc/{pid}/fd/2") == "/dev/null")
        try:
            yield pid
        finally:
            os.kill(pid, signal.SIGTERM)
            wait_until(lambda: not is_alive(pid))

    def test_a_daemon_is_detached(self):
        for kind in self.programs:
            with self.part(kind) as directory:
                with self.daemon(kind, directory) as pid:
                    proc = pathlib.Path(f"/proc/{pid}")
                    self.assertEqual(os.readlink(proc / "cwd"), "/")
                    self.assertEqual([os.readlink(proc / "fd" / fd) for fd in "012"],
                                     ["/dev/null"] * 3)
                    status = (proc / "status").read_text(encoding="utf-8")
                    self.assertRegex(status, r"Umask:\s*0077")
                    self.assertEqual(os.getsid(pid), pid)

    def test_the_pid_file_is_locked_and_private_and_goes(self):
        for kind in self.programs:
            with self.part(kind) as directory:
                path = pathlib.Path(directory, "pid")
                with self.daemon(kind, directory) as pid:
                    self.assertEqual(path.read_text(encoding="ascii"), f"{pid}\n")
                    self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
                    with open(path, "r+b") as file:
                        query = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
                        answer = fcntl.fcntl(file, fcntl.F_GETLK, query)
                    kind_of_lock, _, start, length, owner = struct.unpack("hhqqi4x", answer)
                    self.assertEqual((kind_of_lock, start, length, owner),
                                     (fcntl.F_WRLCK, 0, 0, pid))
                wait_until(lambda: not path.exists())

    def test_two_of_them_exclude_each_other(self):
        for first, second in itertools.permutations(self.programs):
            with self.subTest(first=first), self.directory() as directory:
                with self.daemon(first, directory) as pid:
                    run = self.start_daemon(second, directory, "-p", "{dir}/other")
                    # qemu-ga's daemon fails after its parent has left with status 0.
                    self.assertEqual(run.returncode, 0 if second == "qemu-ga" else 1)
                    path = pathlib.Path(directory, "pid")
                    self.assertEqual(path.read_text(encoding="ascii"), f"{pid}\n")

    def test_a_pid_file_that_cannot_be_written_is_told(self):
        for kind in self.programs:
            with self.part(kind) as directory:
                run = self.start_daemon(kind, directory, "-f", "/nope/pid")
                self.assertEqual(run.returncode, 0 if kind == "qemu-ga" else 1)
                if kind == "bellhopd":
                    self.assertIn(b"Could not create '/nope/pid': No such file", run.stderr)

    @contextlib.contextmanager
    def foreground(self, kind, directory, *more):
        arguments = fill([*LISTEN, *BLOCKED, *more], directory)
        process = agents.spawn([self.programs[kind], *arguments], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=directory)
        try:
            wait_until(lambda: os.path.exists(os.path.join(directory, "socket"))
                       or process.poll() is not None)
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()

    def test_log_lines(self):
        for kind in self.programs:
            with self.part(kind) as directory:
                with self.foreground(kind, directory, "-v", "-l", "{dir}/log") as process:
                    with self.client(directory) as connection:
                        # No line feed: qemu-ga would log it as it is.
                        connection.send(b'{"execute":"guest-ping"}')
                        connection.read_line()
                    process.terminate()
                    process.wait(agents.PATIENCE)
                text = pathlib.Path(directory, "log").read_text(encoding="utf-8")
                self.assertTrue(text)
                for line in text.splitlines():
                    self.assertRegex(
                        line, r"^\d{10,}\.\d{6}: (error|critical|warning|message|info|debug): .")
                mode = stat.S_IMODE(pathlib.Path(directory, "log").stat().st_mode)
                self.assertEqual(mode, 0o666 & ~0o022)

    def test_a_silent_default(self):
        for kind in self.programs:
            with self.part(kind) as directory:
                with self.foreground(kind, directory) as process:
                    with self.client(directory) as connection:
                        connection.request({"execute": "guest-ping"})
                        connection.request({"execute": "guest-no-such-command"})
                    process.terminate()
                    output, error = process.communicate(timeout=agents.PATIENCE)
                    self.assertEqual((process.returncode, output, error), (0, b"", b""))

    def test_no_pid_file_in_the_foreground(self):
        for kind in self.programs:
            with self.part(kind) as directory:
                with self.foreground(kind, directory, "-f", "{dir}/pid"):
                    self.assertFalse(os.path.exists(os.path.join(directory, "pid")))

    def test_no_log_while_frozen(self):
        for kind in self.programs:
            with self.part(kind) as directory:
                pathlib.Path(directory, "qga.state.isfrozen").touch()
                with self.foreground(kind, directory, "-v", "-l", "{dir}/log"):
                    with self.client(directory) as connection:
                        connection.request({"execute": "guest-ping"})
                    self.assertFalse(os.path.exists(os.path.join(directory, "log")))


if __name__ == "__main__":
    unittest.main()
