# SPDX-License-Identifier: Apache-2.0
"""The prompts of tools/vm: the host's, and from there the guest's."""

import argparse
import os
import pathlib
import select
import socket
import subprocess
import sys
import termios
import tty

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "vm"))

from harness.vm import agents, guest  # noqa: E402  (found through the line above)

BELLHOP = ROOT / "build" / "release" / "client" / "bellhop"
BACK = b"\x1d"  # Ctrl-]


def boot(options):
    """A guest with the agent and a shell on its console."""
    agent = guest.agent_from_program(options.agent)
    disks = {f"disk{number}": size << 20 for number, size in enumerate(options.disk)}
    inittab = guest.initramfs.INITTAB + "ttyS0::respawn:-/bin/sh\n"
    return guest.Guest("of tools/vm", agents=[agent], disks=disks, machine=options.machine,
                       cpus=options.cpus, memory=options.memory, files={"etc/inittab": inittab},
                       options=["-nic", "user,model=virtio-net-pci"], modules=["virtio_net"])


class Host:
    """Runs the lines of the host's prompt and prints their output."""

    def __init__(self, vm):
        self.vm = vm
        self.endpoint = f"unix:{vm.sockets}/agent"

    def run(self, line):
        """Returns whether the line succeeded."""
        word, _, rest = line.strip().partition(" ")
        if not word:
            return True
        if word.startswith("!"):
            print(self.vm.shell(line.strip()[1:], timeout=600.0, check=False), end="")
            return True
        if word == "log":
            print((self.vm.sockets / "agents.log").read_text(errors="replace"), end="")
            return True
        if word == "guest":
            self.open_console()
            return True
        command = [BELLHOP, "--connect", self.endpoint, "call", word, *([rest] if rest else [])]
        return subprocess.run(command, check=False).returncode == 0

    def open_console(self):
        """Connects the terminal to the guest's console until Ctrl-]."""
        print("The guest's prompt; Ctrl-] returns.")
        before = termios.tcgetattr(0)
        with socket.socket(socket.AF_UNIX) as console:
            console.connect(str(self.vm.sockets / "console"))
            console.sendall(b"\n")
            try:
                tty.setraw(0)
                while self.forward(console):
                    pass
            finally:
                termios.tcsetattr(0, termios.TCSADRAIN, before)
        print()

    @staticmethod
    def forward(console):
        """Forwards input and output. Returns False at Ctrl-] or the end of one of them."""
        ready, _, _ = select.select([0, console], [], [])
        if console in ready:
            data = console.recv(65536)
            os.write(1, data)
            if not data:
                return False
        if 0 in ready:
            typed = os.read(0, 4096)
            console.sendall(typed.partition(BACK)[0])
            return bool(typed) and BACK not in typed
        return True


def prompt(host):
    try:
        import readline  # noqa: F401  (input() then edits lines)
    except ImportError:
        pass
    print(f"The guest is running. Other clients reach its agent at {host.endpoint}\n"
          '"guest" opens its prompt, "!" runs a program there, everything else is a command for\n'
          'the agent, such as guest-info; Ctrl-D stops the machine.')
    while host.vm.qemu.process.poll() is None:
        try:
            host.run(input("host> "))
        except EOFError:
            print()
            return 0
        except KeyboardInterrupt:
            print()
        except AssertionError as error:
            print(error)
    print("The machine has stopped.")
    return 0


def main():
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--agent", default=ROOT / "build" / "release" / "src" / "bellhopd")
    parser.add_argument("--machine", default="q35")
    parser.add_argument("--cpus", default="1")
    parser.add_argument("--memory", default="512")
    parser.add_argument("--disk", type=int, action="append", default=[])
    parser.add_argument("lines", nargs="*")
    options = parser.parse_args()
    try:
        with boot(options) as vm:
            vm.connect().close()
            host = Host(vm)
            if not options.lines:
                return prompt(host)
            return 0 if all([host.run(line) for line in options.lines]) else 1
    except (agents.Unavailable, AssertionError) as error:
        print(f"vm: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
