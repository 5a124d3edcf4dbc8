# SPDX-License-Identifier: Apache-2.0
"""A running QEMU and its monitor."""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import time

from harness import packages
from harness.agents import Unavailable

PROGRAM = "qemu-system-x86_64"


class Failed(AssertionError):
    """QEMU exited, failed a command, or did not complete it in time."""


def start_with_pdeathsig(command, log):
    """Starts a program that the kernel kills when this thread ends for any reason."""
    if not shutil.which(command[0]):
        raise Unavailable(f"needs {command[0]}: run tools/setup --vm")
    with open(log, "ab") as output:
        return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", *map(str, command)],
                                stdin=subprocess.DEVNULL, stdout=output, stderr=output)


def accelerator():
    """Options of QEMU: KVM if a kernel starts with it, else emulation."""
    wanted = os.environ.get("BELLHOP_VM_ACCEL")  # kvm, tcg
    if wanted != "tcg" and (wanted == "kvm" or _kvm_works()):
        return ["-accel", "kvm", "-cpu", "host"]
    return ["-accel", "tcg,thread=multi", "-cpu", "max"]


def _kvm_works(timeout=10.0):
    """Tested once per boot of this machine: /dev/kvm may exist and hang."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    directory = packages.CACHE / f"kvm-{boot}"
    with packages.build_once(directory) as staging:
        if staging:
            works = _starts_with_kvm(staging, timeout)
            (staging / "works").write_text("yes" if works else "no", encoding="ascii")
    return (directory / "works").read_text(encoding="ascii") == "yes"


def _starts_with_kvm(directory, timeout):
    """Whether a kernel runs until it panics for lack of a root filesystem, which ends QEMU."""
    process = start_with_pdeathsig(
        [PROGRAM, "-nodefaults", "-display", "none", "-no-user-config", "-machine", "q35", "-accel",
         "kvm", "-cpu", "host", "-m", "256", "-kernel", packages.Kernel().image, "-append",
         "console=ttyS0 panic=-1", "-no-reboot", "-serial", f"file:{directory}/console"],
        directory / "qemu")
    try:
        return process.wait(timeout) == 0 and "VFS" in (directory / "console").read_text(
            encoding="utf-8", errors="replace")
    except (subprocess.TimeoutExpired, OSError):
        return False
    finally:
        process.kill()
        process.wait()


class Qemu:
    """A QEMU process. It is killed when this process exits for any reason."""

    def __init__(self, directory, options):
        self.directory = pathlib.Path(directory)
        self.command = [PROGRAM, "-nodefaults", "-display", "none", "-no-user-config",
                        *accelerator(), "-qmp", f"unix:{directory}/qmp,server=on,wait=off",
                        *options]
        self.process = start_with_pdeathsig(self.command, self.directory / "qemu.log")
        self.qmp = None

    def connect(self, timeout=10.0):
        """Waits for the monitor. Raises Failed if QEMU does not start."""
        deadline = time.monotonic() + timeout
        while True:
            if self.process.poll() is not None:
                raise Failed(f"QEMU exited with {self.process.returncode}: {self.log_text()}")
            try:
                self.qmp = Qmp(self.directory / "qmp", timeout)
                return
            except (FileNotFoundError, ConnectionError):  # the latter: QEMU is exiting
                if time.monotonic() > deadline:
                    raise Failed("QEMU has not opened its monitor") from None
                time.sleep(0.01)

    def log_text(self):
        return (self.directory / "qemu.log").read_text(encoding="utf-8", errors="replace").strip()

    def wait(self, timeout=30.0):
        """Waits until QEMU exits, for example because the guest powers off. Returns its status."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Failed(f"QEMU was still running after {timeout} s") from None

    def kill(self):
        self.process.kill()
        self.process.wait()
        if self.qmp:
            self.qmp.close()


class Qmp:
    """QEMU's monitor. Stores events until event() returns them."""

    def __init__(self, path, timeout=30.0):
        self.timeout = timeout
        self.events = []
        self.last = None
        self._buffer = b""
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise
        self._message(time.monotonic() + timeout)  # the greeting
        self("qmp_capabilities")

    def __call__(self, command, **arguments):
        """Executes a command and returns its return value. '_' in argument names stands for '-'."""
        request = {"execute": command}
        if arguments:
            request["arguments"] = {key.replace("_", "-"): value
                                    for key, value in arguments.items()}
        self.last = json.dumps(request)
        self._socket.settimeout(self.timeout)
        self._socket.sendall(self.last.encode() + b"\n")
        deadline = time.monotonic() + self.timeout
        while True:
            message = self._message(deadline)
            if "return" in message:
                return message["return"]
            if "error" in message:
                raise Failed(f"QMP {self.last}: {message['error']['desc']}")
            self.events.append(message)

    def human(self, line):
        """Executes a command of the human monitor. Returns its output."""
        return self("human-monitor-command", command_line=line)

    def event(self, name, timeout=30.0, **data):
        """Waits for an event of this name whose data has these members. Removes and returns it."""
        deadline = time.monotonic() + timeout
        data = {key.replace("_", "-"): value for key, value in data.items()}
        while True:
            for event in self.events:
                if event["event"] == name and data.items() <= event.get("data", {}).items():
                    self.events.remove(event)
                    return event
            try:
                self.events.append(self._message(deadline))
            except TimeoutError:
                seen = [event["event"] for event in self.events]
                raise Failed(f"no event {name} {data or ''} in {timeout} s, only {seen}") from None

    def _message(self, deadline):
        while b"\n" not in self._buffer:
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
            data = self._socket.recv(1 << 16)
            if not data:
                raise Failed(f"QEMU closed its monitor; the last command was {self.last}")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return json.loads(line)

    def close(self):
        self._socket.close()
