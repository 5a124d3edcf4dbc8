# SPDX-License-Identifier: Apache-2.0
"""A private libvirtd, and guests that it runs."""

import contextlib
import json
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile
import time

from harness import agents, guest, qemu
from harness.shell import Shell

# libvirtd's directories in system mode. It sees a private directory in place of each.
SYSTEM_DIRECTORIES = ("/etc/libvirt", "/run/libvirt", "/var/lib/libvirt", "/var/log/libvirt",
                      "/var/cache/libvirt")
NOBODY_UID = 65534  # the user of session mode
QEMU_CONF = 'security_driver = "none"\nnamespaces = []\ncgroup_controllers = []\n' \
    'stdio_handler = "file"\n'
SYSTEM_CONF = 'user = "root"\ngroup = "root"\ndynamic_ownership = 0\nremember_owner = 0\n'
DOMAIN = """<domain type='{type}'>
  <name>{name}</name>
  <memory unit='MiB'>{memory}</memory>
  <vcpu>{cpus}</vcpu>
  <os><type arch='x86_64' machine='{machine}'>hvm</type>
    <kernel>{directory}/kernel</kernel><initrd>{directory}/initrd</initrd>
    <cmdline>{line} rdinit=/sbin/init</cmdline></os>
  <features><acpi/></features>
  <cpu mode='{cpu}'/>
  <pm><suspend-to-mem enabled='yes'/><suspend-to-disk enabled='yes'/></pm>
  <on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>destroy</on_crash>
  <devices>
    <serial type='file'><source path='{directory}/console.log'/><target port='0'/></serial>
    <serial type='file'><source path='{directory}/agents.log'/><target port='1'/></serial>
    <channel type='unix'><source mode='bind' path='{directory}/agent'/>
      <target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <channel type='unix'><source mode='bind' path='{directory}/control'/>
      <target type='virtio' name='control'/></channel>
    {disks}
    <interface type='user'><mac address='52:54:00:00:00:01'/><model type='virtio'/></interface>
  </devices>
</domain>
"""
DISK = """<disk type='file' device='disk'><driver name='qemu' type='raw' discard='unmap'/>
      <source file='{path}'/><target dev='vd{letter}' bus='virtio'/>
      <serial>{name}</serial></disk>"""

BOOT_MESSAGE = "the guest's first program runs"

# Programs that the agents call and BusyBox lacks, for the guest's simple files.
SHUTDOWN = """#!/bin/sh
case $1 in
  -r) exec reboot ;;
  -P | -H) exec poweroff ;;
esac
echo "shutdown: unknown option $1" >&2
exit 1
"""
CHPASSWD = """#!/bin/sh
IFS=: read -r user word
grep -q "^$user:" /etc/shadow || { echo "no user $user" >&2; exit 1; }
[ "$1" = -e ] || word=plain-$word
sed -i "s|^$user:[^:]*:|$user:$word:|" /etc/shadow
"""
# Resumes a guest that was suspended to the third disk. Runs before everything else.
RESUME = """echo 254:32 >/sys/power/resume
mkswap /dev/vdc >/dev/null
swapon /dev/vdc
"""
SWAP = 768 << 20
START = """chmod 755 /usr/sbin/chpasswd /sbin/shutdown
chown -R guest:guest /home/guest
for disk in a b; do
  mkdir -p /mnt/$disk
  mke2fs -q -L $disk /dev/vd$disk && mount -t ext4 /dev/vd$disk /mnt/$disk
done
while [ ! -e /dev/virtio-ports/org.qemu.guest_agent.0 ]; do sleep 0.05; done
# No automatic addresses.
echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_ra
echo 1 >/proc/sys/net/ipv6/conf/eth0/addr_gen_mode
ip link set eth0 up
ip address add 192.0.2.7/24 dev eth0
ip address add 2001:db8::7/64 dev eth0
"""


def utmp_record(user, line, seconds):
    """The record of a logged-in user: struct utmp of utmp(5) on x86-64, USER_PROCESS."""
    return struct.pack("<hxxi32s4s32s256shhiii16s20s", 7, 1, line.encode(), b"1", user.encode(),
                       b"", 0, 0, 0, seconds, 250000, b"", b"")


# Files with which every command works in a guest.
FILES = {"usr/sbin/chpasswd": CHPASSWD, "sbin/shutdown": SHUTDOWN,
         "var/run/utmp": utmp_record("guest", "tty1", 1_700_000_000)}


def mount_script(directory, session):
    """The shell script that sets up the mount namespace of a libvirtd."""
    # Hides a /dev/kvm that hangs.
    hide = "kvm" not in qemu.accelerator() and os.path.exists("/dev/kvm")
    script = ["set -e", "mount -t tmpfs tmpfs /sys/fs/cgroup"]
    script += ["mount --bind /dev/null /dev/kvm"] * hide
    if session:
        return script
    for path in SYSTEM_DIRECTORIES:
        private = directory / path[1:].replace("/", "-")
        private.mkdir()
        os.makedirs(path, exist_ok=True)  # /run is empty after each boot of the machine
        script.append(f"mount --bind {private} {path}")
    return script


class Libvirt:
    """A running libvirtd. It and its guests are killed with this process. Use it in a `with`.

    session: session mode, as user nobody; else system mode, as root.
    """

    def __init__(self, session=False):
        self.session = session
        self.directory = None
        self.process = None

    def __enter__(self):
        if os.geteuid() != 0:
            raise agents.Unavailable("a private libvirtd needs root")
        for program in ("libvirtd", "virsh", "unshare", "setpriv"):
            if not shutil.which(program):
                raise agents.Unavailable(f"needs {program}: run tools/setup --vm")
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="bellhop-libvirt-"))
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    @property
    def socket(self):
        return self.directory / ("run/libvirt/libvirt-sock" if self.session else "libvirt-sock")

    @property
    def uri(self):
        mode = "session" if self.session else "system"
        return f"qemu+unix:///{mode}?socket={self.socket}"

    def _start(self):
        script = mount_script(self.directory, self.session)
        daemon = f"libvirtd -f {self.directory}/libvirtd.conf --pid-file {self.directory}/pid"
        configuration = self.directory / "etc-libvirt"
        if self.session:
            configuration = self.directory / "home/.config/libvirt"
            (self.directory / "run").mkdir()
            daemon = (f"env HOME={self.directory}/home XDG_RUNTIME_DIR={self.directory}/run "
                      f"setpriv --reuid {NOBODY_UID} --regid {NOBODY_UID} --clear-groups {daemon}")
        configuration.mkdir(parents=True, exist_ok=True)
        (configuration / "qemu.conf").write_text(
            QEMU_CONF + ("" if self.session else SYSTEM_CONF), encoding="ascii")
        own_sockets = "" if self.session else f'unix_sock_dir = "{self.directory}"\n'
        (self.directory / "libvirtd.conf").write_text(
            own_sockets + 'auth_unix_rw = "none"\nlog_outputs = "2:stderr"\n', encoding="ascii")
        if self.session:
            self.chown_to_session_user(self.directory)
        # No exec: the first process of a pid namespace must reap orphans, and libvirtd waits for
        # that.
        script.append(f"{daemon}; exit")
        self.process = qemu.start_with_pdeathsig(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
             "sh", "-c", "\n".join(script)], self.directory / "libvirtd.log")
        deadline = time.monotonic() + agents.TIMEOUT
        while not self.socket.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise agents.Unavailable(f"libvirtd does not start here: {self.last_log_line()}")
            time.sleep(0.05)

    def chown_to_session_user(self, directory):
        """Changes the owner of a directory and its contents to the user of the session."""
        for path in [directory, *directory.rglob("*")]:
            os.chown(path, NOBODY_UID, NOBODY_UID)

    def last_log_line(self):
        with contextlib.suppress(OSError):
            lines = (self.directory / "libvirtd.log").read_text(errors="replace").splitlines()
            return lines[-1] if lines else ""
        return ""

    def __exit__(self, *_):
        if self.process:
            self.process.kill()  # and with its pid namespace all processes that it started
            self.process.wait()
        if self.directory:
            shutil.rmtree(self.directory, ignore_errors=True)

    def virsh(self, *arguments, timeout=60.0):
        """(output, exit status) of a virsh command."""
        done = subprocess.run(
            ["virsh", "-c", self.uri, "-q", *map(str, arguments)], text=True, check=False,
            stdin=subprocess.DEVNULL, timeout=timeout, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=dict(os.environ, LC_ALL="C", TZ="UTC"))
        return done.stdout.strip(), done.returncode


class Monitor:
    """QEMU's human monitor through libvirt. Has the members of Qemu that Guest uses."""

    def __init__(self, domain):
        self.domain = domain
        self.process = domain.libvirt.process
        self.qmp = self

    def human(self, line):
        return self.domain.virsh("qemu-monitor-command", "--hmp", line)[0]

    def kill(self):
        with contextlib.suppress(subprocess.TimeoutExpired):
            if self.process and self.process.poll() is None:
                self.domain.virsh("destroy")


class Domain(guest.Guest):
    """A minimal guest that libvirt runs. All its agents use libvirt's port, so one runs at a time;
    the first one starts at boot. swap: adds swap space, for suspend to disk."""

    def __init__(self, libvirt, *agents, memory="512", archives=(), files=None, swap=False):
        for number, agent in enumerate(agents):
            agent.port = guest.FIRST_PORT
            agent.starts = number == 0
        super().__init__(
            agents[0].name, agents=agents, start=RESUME * swap + START,
            disks={"a": 64 << 20, "b": 64 << 20, **({"swap": SWAP} if swap else {})},
            modules=["virtio_net"], machine="pc", cpus="2", memory=memory, archives=archives,
            files={**FILES, **(files or {})})
        self.libvirt = libvirt
        self.running = agents[0].name

    def _boot(self):
        self.boots += 1
        self.sockets = self.directory
        shutil.copy(self.kernel.image, self.directory / "kernel")
        kvm = "kvm" in qemu.accelerator()
        disks = [DISK.format(path=self.disk(name), letter=letter, name=name)
                 for name, letter in zip(self.disks, "abc")]
        definition = self.directory / "domain.xml"
        definition.write_text(DOMAIN.format(
            name=self.name, directory=self.directory, line=guest.KERNEL_LINE,
            type="kvm" if kvm else "qemu", cpus=self.cpus,
            machine=self.machine, memory=self.memory, disks="\n    ".join(disks),
            cpu="host-passthrough" if kvm else "maximum"), encoding="utf-8")
        if self.libvirt.session:
            self.libvirt.chown_to_session_user(self.directory)
        self.qemu = Monitor(self)
        output, status = self.libvirt.virsh("create", definition)
        if status:
            raise qemu.Failed(f"virsh create: {output}")
        self.open_shell()
        self.wait_until_connected()

    def open_shell(self):
        """Opens the host's shell, again after each boot of the guest."""
        if self.shell:
            self.shell.close()
        self.shell = Shell(self, self.directory / "control")
        self.shell(":", timeout=guest.BOOT_TIMEOUT)

    def after_reboot(self):
        """Waits until the guest has booted again and its agent answers."""
        self.wait_until(lambda: (self._console(), 0),
                        lambda output: output.count(BOOT_MESSAGE) > 1, 60.0)
        self.open_shell()
        self.wait_until_connected()

    def _console(self):
        return (self.directory / "console.log").read_text(encoding="utf-8", errors="replace")

    def wait_until_connected(self, timeout=30.0):
        """Waits until libvirt reaches the agent: the guest has opened its port."""
        self.wait_until(lambda: self.virsh("qemu-agent-command", '{"execute": "guest-ping"}'),
                        lambda output: output == '{"return":{}}', timeout)

    def wait_for_state(self, state, timeout=60.0):
        """Waits for a state of virsh domstate, or 'gone': the guest no longer exists."""
        self.wait_until(lambda: self.virsh("domstate"),
                        lambda output: output == state or
                        (state == "gone" and "failed to get domain" in output), timeout)

    @staticmethod
    def wait_until(query, condition, timeout):
        """Repeats the query until the condition holds for the first element of its result."""
        deadline = time.monotonic() + timeout
        while not condition(output := query()[0]):
            if time.monotonic() > deadline:
                raise qemu.Failed(f"after {timeout} s virsh still prints: {output}")
            time.sleep(0.1)

    def switch_agent(self, name):
        """Stops the running agent and starts the named one."""
        # qemu-ga deadlocks if a signal that it handles arrives while it holds its lock.
        self.stop_agent(self.running, "KILL" if self.running == "qemu-ga" else "TERM")
        self.start_agent(name)
        self.running = name
        self.wait_until_connected()

    def commands(self):
        """The names of the enabled commands of the running agent."""
        output, _ = self.virsh("qemu-agent-command", '{"execute": "guest-info"}')
        return {entry["name"] for entry in json.loads(output)["return"]["supported_commands"]
                if entry["enabled"]}

    def virsh(self, verb, *arguments, timeout=60.0):
        return self.libvirt.virsh(verb, self.name, *arguments, timeout=timeout)
