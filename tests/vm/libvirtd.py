"""A libvirtd of the tests' own, in system mode, and guests that it runs."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import agents
import guest
import qemu
from shell import Shell

# What libvirtd keeps, each replaced by a folder of ours that only it sees.
FOLDERS = ("/etc/libvirt", "/run/libvirt", "/var/lib/libvirt", "/var/log/libvirt",
           "/var/cache/libvirt")
QEMU_CONF = """user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
"""
DOMAIN = """<domain type='{type}'>
  <name>{name}</name>
  <memory unit='MiB'>512</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='{machine}'>hvm</type>
    <kernel>{kernel}</kernel><initrd>{initrd}</initrd>
    <cmdline>console=ttyS0 quiet panic=-1 rdinit=/sbin/init</cmdline></os>
  <features><acpi/></features>
  <cpu mode='{cpu}'/>
  <pm><suspend-to-mem enabled='yes'/><suspend-to-disk enabled='yes'/></pm>
  <on_poweroff>destroy</on_poweroff><on_reboot>destroy</on_reboot><on_crash>destroy</on_crash>
  <devices>
    <serial type='file'><source path='{folder}/console.log'/><target port='0'/></serial>
    <serial type='file'><source path='{folder}/agents.log'/><target port='1'/></serial>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <channel type='unix'><source mode='bind' path='{folder}/control'/>
      <target type='virtio' name='control'/></channel>
    <disk type='file' device='disk'><driver name='qemu' type='raw'/>
      <source file='{folder}/a.raw'/><target dev='vda' bus='virtio'/><serial>a</serial></disk>
    <interface type='user'><model type='virtio'/></interface>
  </devices>
</domain>
"""


class Libvirt:
    """A running libvirtd. Its guests end with it, and it with this process. Use it in a `with`."""

    def __init__(self):
        self.folder = None
        self.process = None

    def __enter__(self):
        if os.geteuid() != 0:
            raise agents.Unavailable("libvirt's system mode takes root")
        for program in ("libvirtd", "virsh", "unshare"):
            if not shutil.which(program):
                raise agents.Unavailable(f"needs {program}: run tools/setup --vm")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bellhop-libvirt-"))
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self):
        script = ["set -e", "mount -t tmpfs tmpfs /sys/fs/cgroup"]
        if "kvm" not in qemu.accelerator() and os.path.exists("/dev/kvm"):
            script.append("mount --bind /dev/null /dev/kvm")  # which would only hang
        for path in FOLDERS:
            ours = self.folder / path[1:].replace("/", "-")
            ours.mkdir()
            # /run may be new at each start of the machine.
            os.makedirs(path, exist_ok=True)
            script.append(f"mount --bind {ours} {path}")
        (self.folder / "etc-libvirt" / "qemu.conf").write_text(QEMU_CONF, encoding="ascii")
        (self.folder / "libvirtd.conf").write_text(
            f'unix_sock_dir = "{self.folder}"\nauth_unix_rw = "none"\n'
            f'log_outputs = "2:stderr"\n', encoding="ascii")
        # Not in the shell's place: the first process of a namespace has to bury the others, and
        # libvirtd waits for that.
        script.append(f"libvirtd -f {self.folder}/libvirtd.conf --pid-file {self.folder}/pid; exit")
        self.process = qemu.monitored_start(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
             "sh", "-c", "\n".join(script)], self.folder / "libvirtd.log")
        deadline = time.monotonic() + agents.PATIENCE
        while not (self.folder / "libvirt-sock").exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise agents.Unavailable(f"libvirtd does not start here: {self.said()}")
            time.sleep(0.05)

    def said(self):
        with contextlib.suppress(OSError):
            lines = (self.folder / "libvirtd.log").read_text(errors="replace").splitlines()
            return lines[-1] if lines else ""
        return ""

    def __exit__(self, *_):
        if self.process:
            self.process.kill()  # and, by the end of their namespace, all that it started
            self.process.wait()
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def virsh(self, *words, patience=60.0):
        """What virsh prints, and its status."""
        done = subprocess.run(
            ["virsh", "-c", f"qemu+unix:///system?socket={self.folder}/libvirt-sock", "-q",
             *map(str, words)], text=True, check=False, stdin=subprocess.DEVNULL, timeout=patience,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.stdout.strip(), done.returncode


class Domain(guest.Guest):
    """A guest that libvirt runs: the minimal one, with one agent."""

    def __init__(self, libvirt, agent):
        agent.port = guest.FIRST_PORT
        super().__init__(agent.name, agents=[agent], disks={"a": 64 << 20},
                         start="mke2fs -q /dev/vda && mount -t ext4 /dev/vda /mnt",
                         modules=["virtio_net"], machine="pc")
        self.libvirt = libvirt

    def _boot(self):
        self.boots += 1
        self.sockets = self.folder
        kvm = "kvm" in qemu.accelerator()
        definition = self.folder / "domain.xml"
        definition.write_text(DOMAIN.format(
            name=self.name, kernel=self.kernel.image, initrd=self.folder / "initrd",
            folder=self.folder, type="kvm" if kvm else "qemu", machine=self.machine,
            cpu="host-passthrough" if kvm else "maximum"), encoding="utf-8")
        said, status = self.libvirt.virsh("create", definition)
        if status:
            raise qemu.Failed(f"virsh create: {said}")
        self.shell = Shell(self, self.folder / "control")
        self.shell(":", patience=guest.BOOT_LIMIT)
        self.until_connected()

    def until_connected(self, patience=30.0):
        """libvirt believes in an agent when the guest has opened its port."""
        deadline = time.monotonic() + patience
        while True:
            said, status = self.virsh("qemu-agent-command", '{"execute": "guest-ping"}')
            if status == 0:
                return
            if time.monotonic() > deadline:
                raise qemu.Failed(f"virsh qemu-agent-command: {said}")
            time.sleep(0.2)

    def virsh(self, verb, *words):
        return self.libvirt.virsh(verb, self.name, *words)

    def _end_qemu(self):
        if self.libvirt.process and self.libvirt.process.poll() is None:
            self.libvirt.virsh("destroy", self.name)
        super()._end_qemu()
