# SPDX-License-Identifier: Apache-2.0
"""libvirt as the client: virsh and the Python binding give the same results with bellhopd as with
qemu-ga.

virsh.json lists the calls of virsh, in order:
  args            its arguments; the domain's name is inserted after the first
  needs, option   commands of the agent, and an option that only newer versions of virsh have;
                  without them the call is left out
  status, output  its exit status (default 0), and a regular expression for its output
  volatile        regular expressions for parts of the output that may differ
  optional-lines  a regular expression for lines that only one may have, because of
                  `disks-without-udev` in docs/compatibility.md
  file, file-line a file in the guest, and a regular expression for a line that it must have
"""

import contextlib
import functools
import json
import pathlib
import re
import subprocess
import unittest

from harness import libvirtd, packages
from harness.vm import VmTest, agents, guest, short

HERE = pathlib.Path(__file__).resolve().parent
VERBS = json.loads((HERE / "virsh.json").read_text(encoding="utf-8"))
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICkyZMhA2rd3ddP0kOIZyBnCry8zb4JM+obuLixwrdnM a@host\n"
HOST_NAME = ("domhostname", "--source", "agent")
# libvirt's messages about an agent that does not answer in time; they differ since version 11.
LATE = "not responding|didn't respond to command within"
LATE_ERRORS = ("VIR_ERR_AGENT_UNRESPONSIVE", "VIR_ERR_AGENT_COMMAND_TIMEOUT")
# Blocked while the filesystem is frozen, which the agent does not know.
OPEN = json.dumps({"execute": "guest-file-open", "arguments": {"path": "/mnt/a/new", "mode": "w"}})
FREEZE, THAW = "fsfreeze --freeze /mnt/a", "fsfreeze --unfreeze /mnt/a"


class LibvirtTest(VmTest):
    @contextlib.contextmanager
    def domain(self, *makes, session=False, **arguments):
        """A guest with these agents, run by a private libvirtd."""
        with contextlib.ExitStack() as stack:
            daemon = stack.enter_context(libvirtd.Libvirt(session))
            vm = libvirtd.Domain(daemon, *(make() for make in makes), **arguments)
            stack.callback(vm.stop)
            self.guests.append(vm)
            vm.boot()
            try:
                yield vm
            except AssertionError as error:
                # Reported while the guest still exists.
                raise AssertionError(
                    f"{error}\n{vm.report()}\nlibvirtd: {daemon.last_log_line()}") from None
            finally:
                self.guests.remove(vm)

    def needs(self, vm, *commands):
        missing = sorted(set(commands) - vm.commands())
        if missing:
            self.skipTest(f"{vm.running} has no {', '.join(missing)}")


@functools.lru_cache(maxsize=None)
def options_of(word):
    """virsh's help for one of its commands."""
    return packages.run("virsh", "help", word)


def virsh_knows(verb):
    return verb.get("option", "") in options_of(verb["args"][0])


class Verbs(LibvirtTest):
    def play(self, vm, key):
        """Virsh's results for VERBS. None for those that the agent or virsh does not support."""
        has, results = vm.commands(), []
        for verb in VERBS:
            if not set(verb.get("needs", ())) <= has or not virsh_knows(verb):
                results.append(None)
                continue
            arguments = [word.replace("${agent}", vm.running).replace("${key}", str(key))
                         for word in verb["args"]]
            output, status = vm.virsh(*arguments)
            content = vm.shell(f"cat {verb['file']}") if "file" in verb else ""
            results.append((output, status, content))
        return results

    def check(self, agent, verb, result):
        output, status, content = result
        where = f"{agent}: virsh {' '.join(verb['args'])} printed: {output}"
        self.assertEqual(status, verb.get("status", 0), where)
        self.assertIsNotNone(re.fullmatch(verb["output"], output, re.DOTALL), where)
        if "file" in verb:
            self.assertIsNotNone(re.search(f"^{verb['file-line']}$", content, re.MULTILINE),
                                 f"{where}\n{verb['file']}: {content}")

    @staticmethod
    def normalized(verb, output):
        if "optional-lines" in verb:
            output = re.sub(verb["optional-lines"], "", output + "\n").rstrip("\n")
        for pattern in verb.get("volatile", ()):
            output = re.sub(pattern, "…", output, flags=re.MULTILINE)
        with contextlib.suppress(ValueError):
            return json.loads(output)  # the order of members is irrelevant
        return output

    def compare(self, **mode):
        with self.domain(guest.bellhopd, guest.qemu_ga, **mode) as vm:
            key = vm.directory / "key.pub"
            key.write_text(KEY, encoding="ascii")
            ours = self.play(vm, key)
            vm.shell("rm -rf /home/guest/.ssh")
            vm.switch_agent("qemu-ga")
            theirs = self.play(vm, key)
        missing = set()
        for verb, mine, other in zip(VERBS, ours, theirs):
            if not virsh_knows(verb):
                continue
            with self.subTest(" ".join(verb["args"])):
                self.check("qemu-ga", verb, other)
                if mine is None:
                    missing.update(verb["needs"])
                    continue
                self.check("bellhopd", verb, mine)
                self.assertEqual(self.normalized(verb, mine[0]), self.normalized(verb, other[0]))
        return missing, vm

    @short
    def test_have_the_same_results_in_system_mode(self):
        self.compare()

    def test_have_the_same_results_in_session_mode(self):
        self.compare(session=True)

    @short
    def test_none_is_left_out(self):
        """Skipped with the names if bellhopd lacks commands, or virsh options."""
        schema = subprocess.run([agents.bellhopd(), "--schema"], stdout=subprocess.PIPE,
                                check=True, timeout=agents.TIMEOUT).stdout
        has = set(json.loads(schema)["commands"])
        missing = set().union(*(verb.get("needs", ()) for verb in VERBS)) - has
        if missing:
            self.skipTest("bellhopd lacks " + ", ".join(sorted(missing)))
        unknown = [" ".join(verb["args"]) for verb in VERBS if not virsh_knows(verb)]
        if unknown:
            self.skipTest("this virsh has no " + ", ".join(unknown))


class Late(LibvirtTest):
    """An agent that answers late or not at all: libvirt's results then and afterwards."""

    @short
    def test_libvirt_recovers_after_a_stuck_command(self):
        with self.domain(guest.bellhopd) as vm:
            vm.shell(FREEZE)
            output, status = vm.virsh("qemu-agent-command", "--timeout", "1", OPEN)
            self.assertEqual(status, 1, output)
            self.assertRegex(output, LATE)
            # libvirt synchronises again; qemu-ga would answer that only after the command.
            self.assertEqual(vm.virsh(*HOST_NAME), ("minimal", 0))
            vm.shell(THAW)
            for _ in range(3):  # the late reply affects none of these
                self.assertEqual(vm.virsh(*HOST_NAME), ("minimal", 0))

    def test_libvirt_waits_for_the_given_timeout(self):
        with self.domain(guest.bellhopd) as vm:
            vm.shell(f"{FREEZE}; (sleep 7; {THAW}) >/dev/null 2>&1 &")
            output, status = vm.virsh("qemu-agent-command", "--timeout", "60", OPEN)
            self.assertEqual((status, sorted(json.loads(output))), (0, ["return"]))

    def check_agent_timeout(self, make):
        """guest-agent-timeout applies to a stopped agent. Its late replies affect nothing."""
        with self.domain(make) as vm:
            self.assertEqual(vm.virsh("guest-agent-timeout", "--timeout", "1"), ("", 0))
            pid = vm.agent_pid(vm.running)
            vm.shell(f"kill -STOP {pid}")
            for _ in range(2):
                output, status = vm.virsh("domtime")
                self.assertEqual(status, 1, output)
                self.assertRegex(output, LATE)
            vm.shell(f"kill -CONT {pid}")
            self.assertEqual(vm.virsh("guest-agent-timeout", "--timeout", "-1"), ("", 0))
            for _ in range(3):
                self.assertEqual(vm.virsh(*HOST_NAME), ("minimal", 0))

    def test_libvirt_applies_guest_agent_timeout(self):
        self.check_agent_timeout(guest.bellhopd)

    def test_libvirt_applies_guest_agent_timeout_with_qemu_ga(self):
        self.check_agent_timeout(guest.qemu_ga)

    def test_libvirt_recovers_after_a_restart_of_the_agent(self):
        with self.domain(guest.bellhopd) as vm:
            vm.stop_agent("bellhopd")
            output, status = vm.virsh("qemu-agent-command", "--timeout", "2",
                                      '{"execute": "guest-ping"}')
            self.assertEqual(status, 1, output)
            vm.start_agent("bellhopd")
            vm.wait_until_connected()
            self.assertEqual(vm.virsh(*HOST_NAME), ("minimal", 0))


class Power(LibvirtTest):
    """Shutdown, reboot and suspend of the guest, with each agent."""

    def check_suspend(self, make):
        with self.domain(make) as vm:
            self.needs(vm, "guest-suspend-ram")
            output, status = vm.virsh("dompmsuspend", "mem")
            self.assertEqual(status, 0, output)
            vm.wait_for_state("pmsuspended")
            self.assertEqual(vm.virsh("dompmwakeup")[1], 0)
            vm.wait_for_state("running")
            vm.wait_until_connected()
            self.assertEqual(vm.virsh(*HOST_NAME), ("minimal", 0))

    def test_suspend_and_wakeup(self):
        self.check_suspend(guest.bellhopd)

    def test_suspend_and_wakeup_with_qemu_ga(self):
        self.check_suspend(guest.qemu_ga)

    def check_suspend_to_disk(self, make):
        """The guest shuts down, and resumes when it is started again with the same disks."""
        with self.domain(make, swap=True) as vm:
            vm.shell("echo of the first start >/run/marker")
            output, status = vm.virsh("dompmsuspend", "disk")
            self.assertEqual(status, 0, output)
            vm.wait_for_state("gone")
            vm.restart()
            self.assertEqual(vm.shell("cat /run/marker"), "of the first start\n")
            self.assertEqual(vm.virsh(*HOST_NAME), ("minimal", 0))

    def test_suspend_to_disk(self):
        self.check_suspend_to_disk(guest.bellhopd)

    def test_suspend_to_disk_with_qemu_ga(self):
        self.check_suspend_to_disk(guest.qemu_ga)

    def test_hybrid_suspend(self):
        """qemu-ga does not support it in this guest."""
        with self.domain(guest.bellhopd, guest.qemu_ga, swap=True) as vm:
            self.check_hybrid_suspend(vm)
            vm.switch_agent("qemu-ga")
            output, status = vm.virsh("dompmsuspend", "hybrid")
            self.assertEqual(status, 1)
            self.assertIn("the requested suspend mode is not supported by the guest", output)

    def check_hybrid_suspend(self, vm):
        """Resumes from memory, and from the disk after QEMU was killed."""
        vm.shell("echo of the first start >/run/marker")
        for wakes in (True, False):
            output, status = vm.virsh("dompmsuspend", "hybrid")
            self.assertEqual(status, 0, output)
            vm.wait_for_state("pmsuspended")
            if wakes:
                self.assertEqual(vm.virsh("dompmwakeup")[1], 0)
                vm.wait_for_state("running")
                vm.wait_until_connected()
            else:
                vm.restart()
            self.assertEqual(vm.shell("cat /run/marker"), "of the first start\n")
            self.assertEqual(vm.virsh(*HOST_NAME), ("minimal", 0))

    def check_reboot_and_shutdown(self, make):
        with self.domain(make) as vm:
            self.needs(vm, "guest-shutdown")
            vm.shell("touch /tmp/before")
            output, status = vm.virsh("reboot", "--mode", "agent")
            self.assertEqual(status, 0, output)
            vm.after_reboot()
            self.assertEqual(vm.shell("ls /tmp/before", check=False),
                             "ls: /tmp/before: No such file or directory\n")
            output, status = vm.virsh("shutdown", "--mode", "agent")
            self.assertEqual(status, 0, output)
            vm.wait_for_state("gone")

    def test_reboot_and_shutdown(self):
        self.check_reboot_and_shutdown(guest.bellhopd)

    def test_reboot_and_shutdown_with_qemu_ga(self):
        self.check_reboot_and_shutdown(guest.qemu_ga)


class Binding(LibvirtTest):
    """libvirt's Python binding, run by the distribution's Python."""

    def run_binding(self, vm, *arguments):
        done = subprocess.run(
            ["/usr/bin/python3", HERE / "harness" / "libvirt_binding.py", vm.libvirt.uri,
             vm.name, *arguments],
            text=True, check=False, timeout=180, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        if "No module named 'libvirt'" in done.stderr:
            self.skipTest("needs python3-libvirt: run tools/setup --vm")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_returns_the_same(self):
        with self.domain(guest.bellhopd, guest.qemu_ga) as vm:
            has = vm.commands()
            ours = self.run_binding(vm)
            vm.switch_agent("qemu-ga")
            theirs = self.run_binding(vm)
        for name, (needed, value) in theirs.items():
            with self.subTest(name):
                if set(needed) <= has:
                    self.assertEqual(ours[name][1], value)

    def test_recovers_after_its_own_timeout(self):
        with self.domain(guest.bellhopd) as vm:
            vm.shell(FREEZE)
            error, ping = self.run_binding(vm, "late")
            self.assertIn(error, LATE_ERRORS)
            self.assertEqual(ping, '{"return":{}}')
            vm.shell(THAW)
            self.assertEqual(self.run_binding(vm)["qemuAgentCommand"][1], '{"return":{}}')


if __name__ == "__main__":
    unittest.main()
