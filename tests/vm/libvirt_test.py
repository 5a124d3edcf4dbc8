"""libvirt as the client: virsh and the Python binding say the same with bellhopd as with qemu-ga.

virsh.json lists what virsh is told, in order: words (the domain's name comes after the first),
needs (the agent's commands) and option (of words, that only newer versions of virsh have): without
them the line is left out; status and says (a regular expression) of virsh, moves (what may differ),
omits (lines that only one may have, because of `disks-without-udev` in docs/compatibility.md),
leaves and in (a line of that file in the guest).
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
# What libvirt says of an agent that does not answer in time; its version 11 says it otherwise.
LATE = "not responding|didn't respond to command within"
LATE_ERRORS = ("VIR_ERR_AGENT_UNRESPONSIVE", "VIR_ERR_AGENT_COMMAND_TIMEOUT")
# Stuck as long as the filesystem is frozen, of which the agent does not know.
OPEN = json.dumps({"execute": "guest-file-open", "arguments": {"path": "/mnt/a/new", "mode": "w"}})
FREEZE, THAW = "fsfreeze --freeze /mnt/a", "fsfreeze --unfreeze /mnt/a"


class LibvirtTest(VmTest):
    @contextlib.contextmanager
    def domain(self, *makes, session=False, **arguments):
        """A guest with these agents, of a libvirtd of its own."""
        with contextlib.ExitStack() as stack:
            daemon = stack.enter_context(libvirtd.Libvirt(session))
            vm = libvirtd.Domain(daemon, *(make() for make in makes), **arguments)
            stack.callback(vm.stop)
            self.guests.append(vm)
            vm.boot()
            try:
                yield vm
            except AssertionError as error:
                # Told while the guest is there.
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
    """What virsh says about the options of one of its commands."""
    return packages.run("virsh", "help", word)


def virsh_knows(verb):
    return verb.get("option", "") in options_of(verb["args"][0])


class Verbs(LibvirtTest):
    def play(self, vm, key):
        """What virsh says to each of VERBS, as far as the running agent has the commands."""
        has, results = vm.commands(), []
        for verb in VERBS:
            if not set(verb.get("needs", ())) <= has or not virsh_knows(verb):
                results.append(None)
                continue
            arguments = [word.replace("${agent}", vm.running).replace("${key}", str(key))
                         for word in verb["args"]]
            output, status = vm.virsh(*arguments)
            left = vm.shell(f"cat {verb['file']}") if "file" in verb else ""
            results.append((output, status, left))
        return results

    def check(self, who, verb, result):
        output, status, left = result
        where = f"{who}: virsh {' '.join(verb['args'])} said: {output}"
        self.assertEqual(status, verb.get("status", 0), where)
        self.assertIsNotNone(re.fullmatch(verb["output"], output, re.DOTALL), where)
        if "file" in verb:
            self.assertIsNotNone(re.search(f"^{verb['file-line']}$", left, re.MULTILINE),
                                 f"{where}\n{verb['file']}: {left}")

    @staticmethod
    def without_what_moves(verb, output):
        if "optional-lines" in verb:
            output = re.sub(verb["optional-lines"], "", output + "\n").rstrip("\n")
        for pattern in verb.get("volatile", ()):
            output = re.sub(pattern, "…", output, flags=re.MULTILINE)
        with contextlib.suppress(ValueError):
            return json.loads(output)  # the order of members means nothing
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
                self.assertEqual(self.without_what_moves(verb, mine[0]),
                                 self.without_what_moves(verb, other[0]))
        return missing, vm

    @short
    def test_say_the_same_in_system_mode(self):
        self.compare()

    def test_say_the_same_in_session_mode(self):
        self.compare(session=True)

    @short
    def test_all_of_them_were_tried(self):
        """As long as bellhopd lacks commands, or virsh options, this is skipped and says which."""
        schema = subprocess.run([agents.bellhopd(), "--schema"], stdout=subprocess.PIPE,
                                check=True, timeout=agents.TIMEOUT).stdout
        has = set(json.loads(schema)["commands"])
        left_out = {" ".join(verb["args"][:1]): sorted(set(verb.get("needs", ())) - has)
                    for verb in VERBS if not set(verb.get("needs", ())) <= has}
        if left_out:
            self.skipTest("bellhopd lacks " + ", ".join(sorted(set(sum(left_out.values(), [])))))
        unknown = [" ".join(verb["args"]) for verb in VERBS if not virsh_knows(verb)]
        if unknown:
            self.skipTest("this virsh has no " + ", ".join(unknown))


class Late(LibvirtTest):
    """An agent that answers late, or not, and what libvirt says then and afterwards."""

    @short
    def test_libvirt_goes_on_after_a_command_that_was_stuck(self):
        with self.domain(guest.bellhopd) as vm:
            vm.shell(FREEZE)
            output, status = vm.virsh("qemu-agent-command", "--timeout", "1", OPEN)
            self.assertEqual(status, 1, output)
            self.assertRegex(output, LATE)
            # libvirt synchronizes anew; qemu-ga would not answer that before the command ends.
            self.assertEqual(vm.virsh(*HOST_NAME), ("minimal", 0))
            vm.shell(THAW)
            for _ in range(3):  # the late reply disturbs none of these
                self.assertEqual(vm.virsh(*HOST_NAME), ("minimal", 0))

    def test_libvirt_waits_as_long_as_it_is_told(self):
        with self.domain(guest.bellhopd) as vm:
            vm.shell(f"{FREEZE}; (sleep 7; {THAW}) >/dev/null 2>&1 &")
            output, status = vm.virsh("qemu-agent-command", "--timeout", "60", OPEN)
            self.assertEqual((status, sorted(json.loads(output))), (0, ["return"]))

    def keeps_its_limit(self, make):
        """That of guest-agent-timeout, for an agent that stands still for longer. What it says
        afterwards disturbs nothing."""
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

    def test_libvirt_keeps_the_limit_that_it_was_given(self):
        self.keeps_its_limit(guest.bellhopd)

    def test_libvirt_keeps_the_limit_that_it_was_given_with_qemu_ga(self):
        self.keeps_its_limit(guest.qemu_ga)

    def test_libvirt_goes_on_after_the_agent_was_away(self):
        with self.domain(guest.bellhopd) as vm:
            vm.stop_agent("bellhopd")
            output, status = vm.virsh("qemu-agent-command", "--timeout", "2",
                                      '{"execute": "guest-ping"}')
            self.assertEqual(status, 1, output)
            vm.start_agent("bellhopd")
            vm.wait_until_connected()
            self.assertEqual(vm.virsh(*HOST_NAME), ("minimal", 0))


class Power(LibvirtTest):
    """What ends, pauses or restarts the guest, with each agent."""

    def suspends(self, make):
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
        self.suspends(guest.bellhopd)

    def test_suspend_and_wakeup_with_qemu_ga(self):
        self.suspends(guest.qemu_ga)

    def sleeps_on_disk(self, make):
        """libvirt sees it end, and starts it again with the same disks."""
        with self.domain(make, swap=True) as vm:
            vm.shell("echo of the first start >/run/marker")
            output, status = vm.virsh("dompmsuspend", "disk")
            self.assertEqual(status, 0, output)
            vm.wait_for_state("gone")
            vm.restart()
            self.assertEqual(vm.shell("cat /run/marker"), "of the first start\n")
            self.assertEqual(vm.virsh(*HOST_NAME), ("minimal", 0))

    def test_suspend_to_disk(self):
        self.sleeps_on_disk(guest.bellhopd)

    def test_suspend_to_disk_with_qemu_ga(self):
        self.sleeps_on_disk(guest.qemu_ga)

    def test_hybrid_suspend(self):
        """qemu-ga cannot, in this guest."""
        with self.domain(guest.bellhopd, guest.qemu_ga, swap=True) as vm:
            self.sleep_in_both(vm)
            vm.switch_agent("qemu-ga")
            output, status = vm.virsh("dompmsuspend", "hybrid")
            self.assertEqual(status, 1)
            self.assertIn("the requested suspend mode is not supported by the guest", output)

    def sleep_in_both(self, vm):
        """Woken from memory, and then from the disk, when QEMU was killed meanwhile."""
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

    def reboots_and_ends(self, make):
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
        self.reboots_and_ends(guest.bellhopd)

    def test_reboot_and_shutdown_with_qemu_ga(self):
        self.reboots_and_ends(guest.qemu_ga)


class Binding(LibvirtTest):
    """libvirt's Python binding, in the distribution's Python, which has it."""

    def ask(self, vm, *what):
        done = subprocess.run(
            ["/usr/bin/python3", HERE / "harness" / "libvirt_binding.py", vm.libvirt.uri,
             vm.name, *what],
            text=True, check=False, timeout=180, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        if "No module named 'libvirt'" in done.stderr:
            self.skipTest("needs python3-libvirt: run tools/setup --vm")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_returns_the_same(self):
        with self.domain(guest.bellhopd, guest.qemu_ga) as vm:
            has = vm.commands()
            ours = self.ask(vm)
            vm.switch_agent("qemu-ga")
            theirs = self.ask(vm)
        for name, (needed, value) in theirs.items():
            with self.subTest(name):
                if set(needed) <= has:
                    self.assertEqual(ours[name][1], value)

    def test_goes_on_after_its_own_limit(self):
        with self.domain(guest.bellhopd) as vm:
            vm.shell(FREEZE)
            error, ping = self.ask(vm, "late")
            self.assertIn(error, LATE_ERRORS)
            self.assertEqual(ping, '{"return":{}}')
            vm.shell(THAW)
            self.assertEqual(self.ask(vm)["qemuAgentCommand"][1], '{"return":{}}')


if __name__ == "__main__":
    unittest.main()
