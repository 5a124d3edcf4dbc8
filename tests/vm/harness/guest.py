# SPDX-License-Identifier: Apache-2.0
"""A minimal guest: BusyBox init, agents, and what a test adds."""

import contextlib
import dataclasses
import os
import pathlib
import shutil
import tempfile
import time

from harness import agents, initramfs, packages, qemu
from harness.guest_client import Client
from harness.shell import Shell, ShellError

BOOT_TIMEOUT = float(os.environ.get("BELLHOP_VM_BOOT_LIMIT", "90"))  # seconds per attempt
# The kernel command line of every guest. The kernel's timer check counts processor cycles and fails
# if QEMU emulates the processor on a busy machine.
KERNEL_LINE = "console=ttyS0 quiet panic=-1 no_timer_check"
FIRST_PORT = "org.qemu.guest_agent.0"


@dataclasses.dataclass
class Agent:
    """An agent to run in a guest, and its channel.

    channel: "virtio-serial" or "isa-serial"; None: the test creates one itself.
    starts: True: at boot. False: the test calls Guest.start_agent().
    """
    name: str
    program: str  # in the guest
    kind: str  # "bellhopd" or "qemu-ga"
    archive: "pathlib.Path | None"
    options: tuple = ()
    channel: "str | None" = "virtio-serial"
    port: str = FIRST_PORT
    starts: bool = True
    device: str = ""  # in the guest; set by Guest for isa-serial

    def command(self):
        command = [self.program, "-t", f"/run/{self.name}"]
        if self.channel:
            command += ["-m", self.channel, "-p", self.device or f"/dev/virtio-ports/{self.port}"]
        return " ".join([*command, *self.options])


@dataclasses.dataclass
class Disk:
    """A disk with a given device or content; the default is empty and on virtio-blk.

    device: QEMU's device and its properties, among them the bus. image: the image that is copied.
    """
    size: int = 0  # bytes, of an empty disk
    device: str = "virtio-blk-pci"
    image: "pathlib.Path | None" = None

    def make(self, path):
        if self.image:
            packages.run("cp", "--sparse=always", "--reflink=auto", self.image, path, timeout=300)
            return
        with open(path, "wb") as file:
            file.truncate(self.size)


def bellhopd(name="bellhopd", program=None, **fields):
    """This build's bellhopd, or the one at `program`."""
    archive = initramfs.programs({"usr/sbin/bellhopd": program or agents.bellhopd()})
    return Agent(name, "/usr/sbin/bellhopd", "bellhopd", archive, **fields)


def qemu_ga(suite="sid", name="qemu-ga", port="org.qemu.guest_agent.1", into="", **fields):
    """The real qemu-ga of a Debian suite. into: see initramfs.qemu_ga(). Raises
    agents.Unavailable."""
    archive = initramfs.qemu_ga(agents.oracle(suite), into)
    return Agent(name, "/opt/qemu-ga/qemu-ga", "qemu-ga", archive, port=port, **fields)


def agent_from_program(program, name="agent"):
    """An agent from a program of this machine: a bellhopd, or a qemu-ga of get-qemu-ga."""
    if pathlib.Path(program).read_bytes()[:2] != b"#!":
        return bellhopd(name, program)
    return Agent(name, "/opt/qemu-ga/qemu-ga", "qemu-ga", initramfs.qemu_ga(program))


class Guest:
    """A virtual machine. Use it in a `with`, or boot() and stop().

    name: for messages.
    agents: the agents to run.
    disks: {name: size in bytes, or a Disk}. The name is the disk's serial number.
    modules: kernel modules to load at boot. extra_modules: modules that are only installed.
    files: {path: bytes, text or path here}, added to the guest's files.
    start: a script that runs before the agents start.
    options: more options of QEMU. ${dir} is the directory of its sockets.
    machine: "q35" or "pc". Suspend to RAM and hot-added processors need "pc".
    cpus: the argument of -smp. memory: in MiB, the argument of -m.
    kernel: "cloud" or "all" (every driver).
    channels: {name: port}, more virtio-serial ports.
    archives: more content of the guest, from initramfs.programs(), or trees.
    root: the image of a disk with a complete system, whose own init starts. The image is not
        changed: writes go to an overlay.
    kernel_options: added to the kernel command line.
    """

    def __init__(self, name="minimal", agents=(), disks=None, modules=(), extra_modules=(),
                 files=None, start="", options=(), machine="q35", cpus="1", memory="512",
                 kernel="cloud", channels=None, archives=(), root=None, kernel_options=""):
        self.name = name
        self.agents = {agent.name: agent for agent in agents}
        self.disks = {disk_name: disk if isinstance(disk, Disk) else Disk(disk)
                      for disk_name, disk in (disks or {}).items()}
        self.modules = tuple(modules)
        self.extra_modules = tuple(extra_modules)
        self.files = dict(files or {})
        self.start_script = start
        self.options = list(options)
        self.machine, self.cpus, self.memory, self.flavour = machine, cpus, memory, kernel
        self.channels = dict(channels or {})
        self.archives = list(archives)
        self.root = root
        self.kernel_options = kernel_options
        self.directory = None  # the guest's files
        self.sockets = None  # the directory of the current QEMU's sockets and logs
        self.qemu = self.shell = None
        self.clients = []
        self.boots = 0

    def __str__(self):
        return f"guest '{self.name}'"

    def __enter__(self):
        return self.boot()

    def __exit__(self, *_):
        self.stop()

    # Lifecycle

    def boot(self):
        """Starts the guest and waits until it answers. Retries once."""
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="bellhop-vm-"))
        try:
            self._prepare()
            try:
                self._boot()
            except (ShellError, qemu.Failed) as error:
                _log_retry(self, error)
                self._end_qemu()
                self._boot()
        except BaseException:
            self.stop()
            raise
        return self

    def _start_qemu(self, *options):
        self.sockets = pathlib.Path(tempfile.mkdtemp(prefix="qemu-", dir=self.directory))
        self.qemu = qemu.Qemu(self.sockets, [*self._command(), *options])
        self.qemu.connect()

    def migrate(self, live):
        """Migrates the guest to another QEMU. live: to a running one, else through a file."""
        source, clients = self.qemu, list(self.clients)
        self.qmp("migrate-set-capabilities",
                 capabilities=[{"capability": "events", "state": True}])
        self.shell.close()
        try:
            if live:
                self._start_qemu("-incoming", f"unix:{self.directory}/migration")
                self._migrate_from(source, f"unix:{self.directory}/migration")
            else:
                self._migrate_from(source, f"exec:cat >{self.directory}/state")
                self._start_qemu("-incoming", "defer")
                self.qmp("migrate-incoming", uri=f"exec:cat {self.directory}/state")
            self.qmp.event("RESUME", timeout=BOOT_TIMEOUT)
        finally:
            source.kill()
            for client in clients:
                client.close()
                self.clients.remove(client)
        self.shell = Shell(self, self.sockets / "control")
        self.shell(":", timeout=BOOT_TIMEOUT)

    @staticmethod
    def _migrate_from(source, uri):
        source.qmp("migrate", uri=uri)
        source.qmp.event("MIGRATION", timeout=BOOT_TIMEOUT, status="completed")

    def _boot(self):
        self.boots += 1
        self._start_qemu()
        self.shell = Shell(self, self.sockets / "control")
        try:
            self.shell(":", timeout=BOOT_TIMEOUT)
        except ShellError as error:
            status = self.qemu.process.poll()
            if status is None:
                raise
            raise qemu.Failed(f"{error}; QEMU exited with {status}: "
                              f"{self.qemu.log_text()}") from None

    def restart(self):
        """Kills the guest and boots it again with its disks."""
        self._end_qemu()
        self._boot()

    def wait_for_console(self, text, timeout=30.0):
        """Waits until the kernel or a program has printed the text on the console."""
        deadline = time.monotonic() + timeout
        while text not in (self.sockets / "console.log").read_text("utf-8", errors="replace"):
            if time.monotonic() > deadline:
                raise ShellError(f"{self}: no '{text}' on the console in {timeout} s")
            time.sleep(0.05)

    def stop(self):
        self._end_qemu()
        if self.directory:
            shutil.rmtree(self.directory, ignore_errors=True)

    def _end_qemu(self):
        for client in self.clients:
            client.close()
        self.clients.clear()
        if self.shell:
            self.shell.close()
        if self.qemu:
            self.qemu.kill()
        self.qemu = self.shell = None

    @property
    def qmp(self):
        return self.qemu.qmp

    # Agents

    def connect(self, name=None, synchronize=True, timeout=30.0, channel=None):
        """A new client of an agent. name: default: the first agent. channel: default: its own."""
        agent = self.agents[name] if name else next(iter(self.agents.values()))
        client = Client(self, agent, channel or agent.name)
        return client.synchronize(timeout) if synchronize else client

    def start_agent(self, name):
        self.shell(self._start_line(self.agents[name]))

    def stop_agent(self, name, signal="TERM"):
        """Sends the signal to an agent and waits until it has exited."""
        self.shell(f"pid=$(cat /run/{name}.pid); kill -{signal} $pid; "
                   f"while [ -e /proc/$pid ]; do sleep 0.05; done")

    def agent_pid(self, name):
        return int(self.shell(f"cat /run/{name}.pid"))

    @staticmethod
    def _start_line(agent):
        # Output goes to a serial line that the host logs: it survives a crash of the guest.
        return (f"mkdir -p /run/{agent.name} /usr/local/var/run; "
                f"{agent.command()} </dev/null >/dev/ttyS1 2>&1 & echo $! >/run/{agent.name}.pid\n")

    # QEMU's command line

    def disk(self, name):
        """The path of a disk's raw image."""
        return self.directory / f"{name}.raw"

    def prepare_in(self, directory):
        """Creates the guest's files without starting QEMU. Returns the paths of kernel and
        initramfs."""
        self.directory = pathlib.Path(directory)
        self._prepare()
        return self.kernel.image, self.directory / "initrd"

    def _prepare(self):
        self.kernel = packages.Kernel(self.flavour)
        archives = [initramfs.base(self.kernel, (*self.modules, *self.extra_modules))]
        archives += dict.fromkeys([*self.archives, *(agent.archive for agent in self.agents.values()
                                                     if agent.archive)])
        self._serial_lines()
        tree = initramfs.Tree()
        starts = [self._start_line(agent) for agent in self.agents.values() if agent.starts]
        tree.file("etc/vm/start", self.start_script + "\n" + "".join(starts))
        tree.file("etc/vm/modules", "".join(f"{module}\n" for module in
                                            (*initramfs.MODULES, *self.modules)))
        for path, content in self.files.items():
            tree.file(path, content)
        with open(self.directory / "initrd", "wb") as initrd:
            for archive in archives:
                initrd.write(archive.archive() if isinstance(archive, initramfs.Tree)
                             else archive.read_bytes())
            initrd.write(tree.archive())
        for name, disk in self.disks.items():
            disk.make(self.disk(name))
        if self.root:
            packages.run("qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw",
                         "-b", pathlib.Path(self.root).resolve(), self.directory / "root.qcow2")

    def _serial_lines(self):
        lines = [agent for agent in self.agents.values() if agent.channel == "isa-serial"]
        for number, agent in enumerate(lines, 2):
            agent.device = f"/dev/ttyS{number}"

    def _command(self):
        init = "/etc/vm/root" if self.root else "/sbin/init"
        command = [
            "-machine", self.machine, "-smp", str(self.cpus), "-m", str(self.memory),
            "-no-reboot", "-kernel", self.kernel.image, "-initrd", self.directory / "initrd",
            "-append", f"{KERNEL_LINE} {self.kernel_options} rdinit={init}",
            *self._socket("console", f",logfile={self.sockets}/console.log"),
            "-serial", "chardev:console", "-serial", f"file:{self.sockets}/agents.log",
            "-device", "virtio-serial-pci,id=hostside",
            *self._port("control", "hostside", "control")]
        names = {agent.name: agent.port for agent in self.agents.values()
                 if agent.channel == "virtio-serial"}
        names.update(self.channels)
        if names:
            command += ["-device", "virtio-serial-pci,id=ports"]
        for name, port in names.items():
            command += self._port(name, "ports", port)
        for agent in self.agents.values():
            if agent.channel == "isa-serial":
                command += [*self._socket(agent.name),
                            "-device", f"isa-serial,chardev={agent.name}"]
        if self.root:
            command += ["-drive", f"file={self.directory}/root.qcow2,format=qcow2,if=none,id=root",
                        "-device", "virtio-blk-pci,drive=root,serial=root"]
        # They include the controllers of disks, so they come first.
        command += [str(option).replace("${dir}", str(self.sockets)) for option in self.options]
        for name, disk in self.disks.items():
            drive = f"file={self.disk(name)},format=raw,if=none,id={name},discard=unmap"
            command += ["-drive", drive, "-device",
                        f"{disk.device},drive={name},serial={name},id=disk-{name}"]
        return command

    def _socket(self, name, properties=""):
        return ["-chardev", f"socket,id={name},path={self.sockets}/{name},server=on,wait=off"
                            f"{properties}"]

    def _port(self, name, bus, port):
        return [*self._socket(name),
                "-device", f"virtserialport,bus={bus}.0,chardev={name},name={port},id=port-{name}"]

    # Diagnostics

    def report(self):
        """The state of the guest for a failed test, at most a screen."""
        now = time.monotonic()
        lines = [f"In {self}, booted {self.boots} times, its files are in {self.directory}:"]
        for client in self.clients[-3:]:
            if client.last:
                when, data = client.last
                lines.append(f"  last request to {client.agent.name}, {now - when:.1f} s ago: "
                             f"{data!r}")
        if self.qemu and self.qemu.process.poll() is not None:
            lines.append(f"  QEMU has exited with {self.qemu.process.returncode}")
        for name, count in (("agents.log", 8), ("console.log", 8), ("qemu.log", 4)):
            lines += _tail(self.sockets / name, count)
        return "\n".join(lines)

    def save_logs(self, name):
        """Copies the logs to the cache. Returns the directory."""
        directory = packages.CACHE / "failed" / f"{name}-{os.getpid()}"
        directory.mkdir(parents=True, exist_ok=True)
        for log in self.directory.glob("*/*.log"):
            shutil.copy(log, directory / f"{log.parent.name}-{log.name}")
        return directory


def _tail(path, count):
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    lines = [line.rstrip()[:160] for line in text.splitlines() if line.strip()]
    return [f"  {path.name}:"] + [f"    {line}" for line in lines[-count:]] if lines else []


def _log_retry(guest, error):
    """Logs a failed boot: about one in several hundred never answers, and more must be noticed."""
    logs = guest.save_logs(f"boot-{guest.name}")
    with contextlib.suppress(AssertionError, OSError, AttributeError):  # it may have no monitor
        (logs / "registers").write_text(guest.qmp.human("info registers"), encoding="utf-8")
    with open(packages.CACHE / "retried-boots.log", "a", encoding="utf-8") as log:
        log.write(f"{time.strftime('%F %T')} {guest.name}: {error}; logs in {logs}\n")
    print(f"note: {guest} was booted again: {str(error).splitlines()[0]}; logs in {logs}",
          flush=True)
