"""Ansible as the client, through community.libvirt.libvirt_qemu: raw, setup, command, copy, fetch.

The same playbook with bellhopd and with qemu-ga in the same guest; what its tasks return is
compared.
"""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from harness import libvirtd, python3
from harness.vm import VmTest, agents, guest, short

HERE = pathlib.Path(__file__).resolve().parent
NEEDED = {"guest-exec", "guest-exec-status", "guest-file-open", "guest-file-close",
          "guest-file-read", "guest-file-write"}
TOLD = ("rc", "stdout", "stderr", "changed", "failed", "msg", "skipped", "checksum", "size", "mode",
        "ansible_facts")
CONNECTION = "community.libvirt.libvirt_qemu"
# When something was, and where Ansible put what for the moment.
MOVES = ("date_time", "ansible_date_time")


def ansible_is_there():
    """Raises Unavailable where the connection plugin cannot be used."""
    if not shutil.which("ansible-playbook"):
        raise agents.Unavailable("needs ansible: run tools/setup --vm")
    output = subprocess.run(["ansible-doc", "-t", "connection", "-j", CONNECTION], text=True,
                            check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    if CONNECTION not in output:
        raise agents.Unavailable(f"ansible has no {CONNECTION}")
    if subprocess.run(["/usr/bin/python3", "-c", "import libvirt"], check=False,
                      stderr=subprocess.DEVNULL).returncode:
        raise agents.Unavailable("needs python3-libvirt: run tools/setup --vm")


class Ansible(VmTest):
    def plays(self, python):
        with contextlib.ExitStack() as stack:
            ansible_is_there()
            daemon = stack.enter_context(libvirtd.Libvirt())
            vm = libvirtd.Domain(
                daemon, guest.bellhopd(), guest.qemu_ga(), memory="1024" if python else "512",
                archives=[python3.archive()] if python else [])
            stack.callback(vm.stop)
            vm.boot()
            directory = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(
                prefix="bellhop-ansible-")))
            self.assertLessEqual(NEEDED, vm.commands())
            ours = self.play(vm, directory, python)
            vm.shell("rm -rf /tmp/text /tmp/random /tmp/.ansible")
            vm.switch_agent("qemu-ga")
            theirs = self.play(vm, directory, python)
        self.assertEqual(list(ours), list(theirs))
        for task, result in ours.items():
            with self.subTest(task):
                self.assertEqual(result, theirs[task])
        return ours

    def play(self, vm, directory, python):
        """What each task of the playbook returned."""
        (directory / "random").write_bytes(bytes(range(256)) * 1200)
        shutil.copy(HERE / "playbook.yml", directory)
        (directory / "inventory").write_text(
            f"guest ansible_connection={CONNECTION} ansible_host={vm.name} "
            f"ansible_libvirt_uri={vm.libvirt.uri} ansible_remote_tmp=/tmp/.ansible "
            f"ansible_python_interpreter=/usr/bin/python3 python={python}\n", encoding="ascii")
        (directory / "ansible.cfg").write_text(
            "[defaults]\nstdout_callback = json\nhost_key_checking = false\n", encoding="ascii")
        done = subprocess.run(
            ["ansible-playbook", "-i", "inventory", "playbook.yml"], cwd=directory, text=True,
            check=False, timeout=400, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(os.environ, HOME=str(directory), ANSIBLE_CONFIG=str(directory / "ansible.cfg"),
                     LC_ALL="C.UTF-8"))
        try:
            (play,) = json.loads(done.stdout)["plays"]
        except ValueError:
            self.fail(f"{vm.running}: {done.stdout[-2000:]}\n{done.stderr[-2000:]}\n"
                      f"{vm.report()}")
        results = {task["task"]["name"]: self.told(task["hosts"]["guest"])
                   for task in play["tasks"]}
        if python:
            self.assertEqual((directory / "fetched").read_bytes(),
                             (directory / "random").read_bytes())
            (directory / "fetched").unlink()
        return results

    @staticmethod
    def told(result):
        told = {key: result[key] for key in TOLD if key in result}
        for key in MOVES:
            told.get("ansible_facts", {}).pop(key, None)
        return told

    @short
    def test_raw_takes_only_a_shell(self):
        told = self.plays(python=False)
        self.assertEqual(told["raw"], {"rc": 0, "stdout": "out\n", "stderr": "error\n",
                                       "changed": True})
        self.assertEqual(told["raw that fails"]["rc"], 3)

    def test_modules_in_a_guest_with_python(self):
        told = self.plays(python=True)
        self.assertEqual(told["setup"]["ansible_facts"]["ansible_user_id"], "root")
        self.assertEqual(told["command"]["stdout"], "one|two words|it's|ünïcode|")
        self.assertEqual(told["command that fails"]["rc"], 7)
        self.assertEqual(told["shell with standard input"]["stdout"], "input\n/tmp")
        self.assertTrue(told["copy of 300 KiB"]["changed"])
        self.assertFalse(told["copy once more changes nothing"]["changed"])
        self.assertTrue(told["fetch"]["changed"])


if __name__ == "__main__":
    unittest.main()
