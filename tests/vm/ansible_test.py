# SPDX-License-Identifier: Apache-2.0
"""Ansible as the client, through community.libvirt.libvirt_qemu: raw, setup, command, copy, fetch.

Runs the same playbook with bellhopd and with qemu-ga in the same guest, and compares the results of
its tasks.
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
COMPARED = ("rc", "stdout", "stderr", "changed", "failed", "msg", "skipped", "checksum", "size",
            "mode", "ansible_facts")
CONNECTION = "community.libvirt.libvirt_qemu"
# Facts that change between the runs.
VOLATILE_FACTS = ("date_time", "ansible_date_time")


def require_ansible():
    """Raises Unavailable if the connection plugin cannot be used."""
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
    def run_playbook(self, python):
        """Runs the playbook with both agents and compares. Returns bellhopd's results."""
        with contextlib.ExitStack() as stack:
            require_ansible()
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
        """The result of each task of the playbook."""
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
        results = {task["task"]["name"]: self.comparable(task["hosts"]["guest"])
                   for task in play["tasks"]}
        if python:
            self.assertEqual((directory / "fetched").read_bytes(),
                             (directory / "random").read_bytes())
            (directory / "fetched").unlink()
        return results

    @staticmethod
    def comparable(result):
        compared = {key: result[key] for key in COMPARED if key in result}
        for key in VOLATILE_FACTS:
            compared.get("ansible_facts", {}).pop(key, None)
        return compared

    @short
    def test_raw_needs_only_a_shell(self):
        results = self.run_playbook(python=False)
        self.assertEqual(results["raw"], {"rc": 0, "stdout": "out\n", "stderr": "error\n",
                                          "changed": True})
        self.assertEqual(results["raw that fails"]["rc"], 3)

    def test_modules_in_a_guest_with_python(self):
        results = self.run_playbook(python=True)
        self.assertEqual(results["setup"]["ansible_facts"]["ansible_user_id"], "root")
        self.assertEqual(results["command"]["stdout"], "one|two words|it's|ünïcode|")
        self.assertEqual(results["command that fails"]["rc"], 7)
        self.assertEqual(results["shell with standard input"]["stdout"], "input\n/tmp")
        self.assertTrue(results["copy of 300 KiB"]["changed"])
        self.assertFalse(results["copy once more changes nothing"]["changed"])
        self.assertTrue(results["fetch"]["changed"])


if __name__ == "__main__":
    unittest.main()
