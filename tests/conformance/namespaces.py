"""Network namespaces for tests and benchmarks."""

import subprocess

import agents


class NoNamespace(Exception):
    """None can be made here; the message says why."""


class Namespace:
    """A network namespace with an interface `lo` that is down. It ends with its `with`."""

    def __init__(self):
        self.process = None

    def __enter__(self):
        # The shell ends when this process does, because its input ends.
        self.process = agents.spawn(
            ["unshare", "--net", "sh", "-c", "echo made; exec cat >/dev/null"], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if self.process.stdout.readline() != "made\n":
            error = self.process.communicate()[1]
            raise NoNamespace(f"no network namespace can be made: {error.strip()}")
        return self

    def __exit__(self, *_):
        self.process.communicate()

    @property
    def enter(self):
        """The command that runs another one in the namespace."""
        return ["nsenter", f"--net=/proc/{self.process.pid}/ns/net"]

    def run(self, *command, given=None):
        """Runs a command in the namespace; an error's text, or None."""
        process = agents.spawn(self.enter + list(command), stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        output = process.communicate(given)[0].decode(errors="replace")
        return None if process.returncode == 0 else output.strip() or "no reason given"

    def ip(self, *lines):
        """Runs commands of ip(8), a line each."""
        given = "".join(line + "\n" for line in lines).encode("utf-8", "surrogateescape")
        error = self.run("ip", "-batch", "-", given=given)
        assert error is None, error
