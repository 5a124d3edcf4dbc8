# SPDX-License-Identifier: Apache-2.0
"""vsock between a host and its guest. The host is itself a guest, in which a second QEMU runs.

The machine that runs the tests needs neither vhost-vsock nor KVM: QEMU emulates SVM.
"""

import pathlib
import tempfile
import unittest

from harness.channel_checks import ask, carry, socat
from harness.vm import VmTest, guest

CID = 42
PORTS = {"bellhopd": 1024, "qemu-ga": 1025}
MEGABYTE = 1 << 20
# Files that QEMU needs in addition to its libraries, at Debian's paths.
FIRMWARE = ("/usr/share/seabios/bios-256k.bin", "/usr/share/qemu/linuxboot_dma.bin",
            "/usr/share/qemu/kvmvapic.bin")
START = f"""qemu-system-x86_64 -L /firmware -nodefaults -display none -no-user-config -machine q35 \
-accel kvm -cpu host -m 384 -kernel /inner/kernel -initrd /inner/initrd -no-reboot \
-append '{guest.KERNEL_LINE} rdinit=/sbin/init' -serial file:/dev/ttyS1 \
-device vhost-vsock-pci,guest-cid={CID} </dev/null >/dev/ttyS1 2>&1 &
"""
TIMEOUT = 120  # seconds until an agent must answer


class Nested(VmTest):
    def listening_agent(self, make, name):
        return make(channel=None, options=(
            "-m", "vsock-listen", "-p", f"4294967295:{PORTS[name]}"))

    def inner(self, directory):
        """The files of the inner guest."""
        vm = guest.Guest("inner", modules=["vmw_vsock_virtio_transport"], agents=[
            self.listening_agent(guest.bellhopd, "bellhopd"),
            self.listening_agent(guest.qemu_ga, "qemu-ga")])
        kernel, first = vm.prepare_in(directory)
        files = {"inner/kernel": kernel, "inner/initrd": first}
        for path in map(pathlib.Path, FIRMWARE):
            if not path.exists():
                self.skipTest(f"needs {path}: run tools/setup --vm")
            files[f"firmware/{path.name}"] = path
        return files

    def test_from_the_host(self):
        with tempfile.TemporaryDirectory(prefix="bellhop-inner-") as directory:
            files = self.inner(directory)
            program = guest.initramfs.programs({
                "usr/bin/qemu-system-x86_64": "/usr/bin/qemu-system-x86_64"})
            vm = self.boot("host of a guest", modules=["kvm-amd", "vhost_vsock"], memory="2048",
                           files=files, archives=[program, socat()],
                           channels={f"to-{name}": f"to-{name}" for name in PORTS}, start=START,
                           agents=[make(channel=None, starts=False)
                                   for make in (guest.bellhopd, guest.qemu_ga)])
        for name, port in PORTS.items():
            with self.subTest(name):
                self.check_agent(vm, name, f"VSOCK-CONNECT:{CID}:{port}")

    def check_agent(self, vm, name, address):
        reply = vm.shell("echo '{\"execute\": \"guest-ping\"}' | "
                         f"socat -t 10 - {address},retry={TIMEOUT * 10},interval=0.1",
                         timeout=TIMEOUT)
        self.assertEqual(reply, '{"return": {}}\n')
        host = ask(vm, address, "guest-get-host-name")
        self.assertEqual(host, {"return": {"host-name": "minimal"}})
        vm.shell(f"socat /dev/virtio-ports/to-{name} {address} >/dev/null 2>&1 &")
        with vm.connect(name, channel=f"to-{name}") as client:
            carry(self, client, MEGABYTE)


if __name__ == "__main__":
    unittest.main()
