# SPDX-License-Identifier: Apache-2.0
"""Commands that change processors, memory blocks and clocks, compared with the real qemu-ga.

Each agent gets the same request in the same state of the same guest. The replies and the resulting
states of the guest are compared; bellhopd's replies are validated against its schema.
"""

import unittest

from harness.vm import VmTest, guest, short

try:
    import jsonschema
except ImportError:
    jsonschema = None

SECOND = 1_000_000_000
CPU = "/sys/devices/system/cpu"
MEMORY = "/sys/devices/system/memory"


def processors(*wanted):
    return {"vcpus": [{"logical-id": number, "online": online} for number, online in wanted]}


def blocks(*wanted):
    return {"mem-blks": [{"phys-index": number, "online": online} for number, online in wanted]}


def error(description):
    return {"error": {"class": "GenericError", "desc": description}}


class Compared(VmTest):
    """A guest with bellhopd and qemu-ga, and requests to both."""

    def boot_both(self, **arguments):
        self.guest = self.boot(agents=[guest.bellhopd(), guest.qemu_ga()], **arguments)
        self.ours, self.theirs = self.guest.connect("bellhopd"), self.guest.connect("qemu-ga")
        self.schema = self.ours.call("bellhop-schema")["commands"]
        return self.guest

    def ask(self, client, command, arguments=None):
        """The reply with its list sorted by number: qemu-ga's order is arbitrary."""
        request = {"execute": command}
        if arguments is not None:
            request["arguments"] = arguments
        reply = client.request(request)
        if command.startswith("guest-get-") and isinstance(reply.get("return"), list):
            reply["return"].sort(key=lambda entry: entry.get("logical-id", entry.get("phys-index")))
        if client is self.ours and "return" in reply and jsonschema:
            jsonschema.validate(reply["return"], self.schema[command]["returns"])
        return reply

    def both(self, command, arguments=None, before="", after=""):
        """For both agents: runs the script `before`, sends the request and runs the script `after`.
        Asserts that the results are equal. Returns the reply and the output of `after`."""
        results = []
        for client in (self.theirs, self.ours):
            if before:
                self.guest.shell(before)
            reply = self.ask(client, command, arguments)
            results.append((reply, self.guest.shell(after) if after else ""))
        self.assertEqual(results[1], results[0], f"{command} {arguments}")
        return results[1]


class Processors(Compared):
    ALL = f"for i in {CPU}/cpu[1-9]*/online; do echo 1 >$i; done"
    ONLINE = f"cat {CPU}/online"

    def set(self, *wanted):
        reply, online = self.both("guest-set-vcpus", processors(*wanted), self.ALL, self.ONLINE)
        self.both("guest-get-vcpus")
        return reply, online.strip()

    @short
    def test_are_set_like_by_qemu_ga(self):
        self.boot_both(cpus="3")
        self.assertEqual(self.set((1, False)), ({"return": 1}, "0,2"))
        self.assertEqual(self.set((1, True), (2, False), (2, True), (1, False)),
                         ({"return": 4}, "0,2"))
        self.assertEqual(self.set(), ({"return": 0}, "0-2"))
        # The first failure ends the list. It is an error only if it is the first element.
        self.assertEqual(self.set((1, False), (7, False), (2, False)), ({"return": 1}, "0,2"))
        self.assertEqual(self.set((7, False), (2, False)), (error(
            f"Could not open '{CPU}/cpu7/': No such file or directory"), "0-2"))
        self.assertEqual(self.set((-1, True))[0], error(
            f"Could not open '{CPU}/cpu-1/': No such file or directory"))
        self.assertEqual(self.set((0, False), (2, False)),
                         (error("logical processor #0 can't be offlined"), "0-2"))
        self.assertEqual(self.set((0, True), (1, False), (2, False)), ({"return": 3}, "0"))

    def test_can_be_hot_added(self):
        vm = self.boot_both(machine="pc", cpus="1,maxcpus=3")
        free = next(slot for slot in vm.qmp("query-hotpluggable-cpus") if "qom-path" not in slot)
        vm.qmp("device_add", driver=free["type"], id="added", **free["props"])
        vm.shell(f"while [ ! -e {CPU}/cpu1 ]; do sleep 0.05; done; echo 0 >{CPU}/cpu1/online")
        reply, _ = self.both("guest-get-vcpus")
        self.assertEqual([entry["online"] for entry in reply["return"]], [True, False])
        reply, online = self.both("guest-set-vcpus", processors((1, True)),
                                  f"echo 0 >{CPU}/cpu1/online", self.ONLINE)
        self.assertEqual((reply, online), ({"return": 1}, "0-1\n"))

    def test_cannot_be_set_by_an_agent_without_rights(self):
        vm = self.boot_both(cpus="2")
        # root may write to every file, so the state is on a read-only filesystem.
        vm.shell(f"mkdir -p /tmp/cpu/cpu0 /tmp/cpu/cpu1; echo 1 >/tmp/cpu/cpu1/online; mount -t "
                 f"tmpfs none /mnt; cp -r /tmp/cpu/. /mnt; mount -o remount,ro /mnt; "
                 f"mount --bind /mnt {CPU}")
        ours = self.ask(self.ours, "guest-set-vcpus", processors((1, False)))
        self.assertEqual(ours, error(f"could not open {CPU}/cpu1//online: Read-only file system"))
        self.assertEqual(self.ask(self.theirs, "guest-set-vcpus", processors((1, False))), ours)
        # qemu-ga opens the file for writing even if the state is unchanged.
        self.assertEqual(self.ask(self.ours, "guest-set-vcpus", processors((1, True))),
                         {"return": 1})
        self.assertEqual(self.ask(self.theirs, "guest-set-vcpus", processors((1, True))), ours)


class Memory(Compared):
    def boot_with_more(self):
        vm = self.boot_both(machine="pc", memory="512,slots=2,maxmem=2G",
                            start=f"echo offline >{MEMORY}/auto_online_blocks")
        vm.qmp("object-add", **{"qom-type": "memory-backend-ram", "id": "m", "size": 256 << 20})
        vm.qmp("device_add", driver="pc-dimm", id="added", memdev="m")
        vm.shell(f"while [ $(ls -d {MEMORY}/memory[0-9]* | wc -l) -lt 6 ]; do sleep 0.05; done")
        return vm

    @short
    def test_is_set_like_by_qemu_ga(self):
        vm = self.boot_with_more()
        reply, _ = self.both("guest-get-memory-blocks")
        added = [entry["phys-index"] for entry in reply["return"] if not entry["online"]]
        self.assertEqual(len(added), 2)
        size, _ = self.both("guest-get-memory-block-info")
        self.assertEqual(size, {"return": {"size": 128 << 20}})
        states = f"cat {MEMORY}/memory{added[0]}/state {MEMORY}/memory{added[1]}/state"
        off = f"for i in {added[0]} {added[1]}; do echo offline >{MEMORY}/memory$i/state; done"
        first = vm.shell(f"cat {MEMORY}/memory{added[0]}/state")
        self.assertEqual(first, "offline\n")
        reply, state = self.both(
            "guest-set-memory-blocks",
            blocks((added[0], True), (999, False), (added[1], True), (0, True)),
            f"{off} 2>/dev/null; :", states)
        self.assertEqual([entry["response"] for entry in reply["return"]],
                         ["success", "not-found", "success", "success"])
        self.assertEqual(state, "online\nonline\n")
        self.both("guest-get-memory-blocks")
        reply, state = self.both("guest-set-memory-blocks", blocks((added[1], False)),
                                 f"echo online >{MEMORY}/memory{added[1]}/state 2>/dev/null; :",
                                 states)
        self.assertEqual((reply["return"][0]["response"], state), ("success", "online\noffline\n"))

    def test_that_cannot_be_offlined_is_an_error(self):
        self.boot_both()
        reply, _ = self.both("guest-set-memory-blocks", blocks((0, False), (-1, True), (0, True)))
        self.assertEqual([entry["response"] for entry in reply["return"]],
                         ["operation-failed", "not-found", "success"])
        self.assertEqual(reply["return"][0]["error-code"], 22)  # EINVAL
        self.assertEqual(reply["return"][1]["phys-index"], (1 << 64) - 1)
        self.both("guest-set-memory-blocks", blocks())

    def test_of_kernels_with_less_support(self):
        vm = self.boot_both()
        vm.shell("mkdir -p /tmp/m/memory1 /tmp/m/memory3; "
                 f"echo online >/tmp/m/memory3/state; mount --bind /tmp/m {MEMORY}")
        reply, _ = self.both("guest-set-memory-blocks", blocks((1, False), (2, False), (3, False)),
                             "echo online >/tmp/m/memory3/state")
        self.assertEqual([entry["response"] for entry in reply["return"]],
                         ["operation-not-supported", "not-found", "success"])
        # qemu-ga adds an error code to the success.
        ours = self.ask(self.ours, "guest-set-memory-blocks", blocks((1, True)))
        self.assertEqual(ours, {"return": [{"phys-index": 1, "response": "success"}]})
        vm.shell(f"umount {MEMORY}; mkdir /tmp/none; mount --bind /tmp/none /sys/devices/system")
        reply, _ = self.both("guest-set-memory-blocks", blocks((1, False)))
        self.assertEqual(reply["return"][0]["response"], "operation-not-supported")


class Clocks(Compared):
    """The guest's clock and its hardware clock, here a PC's."""

    def set_clock(self, text):
        self.guest.shell(f"date -u -s '{text}'")

    def now(self):
        return self.ours.call("guest-get-time")

    def hardware(self):
        """The hardware clock in seconds since 1970, read as UTC."""
        return int(self.guest.shell("cat /sys/class/rtc/rtc0/since_epoch"))

    def assert_clocks_show(self, seconds):
        """Both clocks, within the time that the requests may take."""
        self.assertLess(abs(self.now() / SECOND - seconds), 10)
        self.assertLess(abs(self.hardware() - seconds), 10)

    @short
    def test_are_set_like_by_qemu_ga(self):
        self.boot_both()
        for number, client in enumerate((self.theirs, self.ours)):
            wanted = 1_700_000_000 + number * 1_000_000
            reply = self.ask(client, "guest-set-time", {"time": wanted * SECOND + 123_456_789})
            self.assertEqual(reply, {"return": {}})
            self.assert_clocks_show(wanted)
            self.set_clock("2001-01-01 00:00:00")
            self.assertEqual(self.ask(client, "guest-set-time"), {"return": {}})
            self.assert_clocks_show(wanted)

    def test_are_set_to_fractions_of_a_second(self):
        self.boot_both()
        self.assertEqual(self.ask(self.ours, "guest-set-time", {"time": 1_800_000_000 * SECOND}),
                         {"return": {}})
        # On AMD processors Linux does not reset the clock's divider when it sets the clock: its
        # seconds keep their phase.
        self.assert_apart_less_than(600_000)
        self.set_clock("2001-01-01 00:00:00")
        self.assertEqual(self.ask(self.ours, "guest-set-time"), {"return": {}})
        self.assert_apart_less_than(200_000)

    def assert_apart_less_than(self, limit):
        """Reads both clocks at the start of the hardware clock's second. Asserts that the smallest
        difference of several readings is below `limit` microseconds: the machine may be busy."""
        script = ("f=/sys/class/rtc/rtc0/since_epoch; read a <$f; b=$a; "
                  "while [ $b = $a ]; do read b <$f; done; "
                  "adjtimex | grep -E 'time.tv_sec|time.tv_usec'; echo $b")
        differences = []
        for _ in range(5):
            words = self.guest.shell(script).split()
            system = (int(words[words.index("time.tv_sec:") + 1]) * 1_000_000
                      + int(words[words.index("time.tv_usec:") + 1]))
            differences.append(system - int(words[-1]) * 1_000_000)
        self.assertLess(min(map(abs, differences)), limit, differences)

    def test_are_not_set_to_times_that_qemu_ga_refuses(self):
        self.boot_both()
        before = self.now()
        for time in (-SECOND * SECOND, 3_155_760_000 * SECOND, (1 << 63) - 1):
            self.assertEqual(self.ask(self.ours, "guest-set-time", {"time": time}),
                             error("Invalid time"))
            theirs = self.ask(self.theirs, "guest-set-time", {"time": time})
            # It appends the reason of an earlier, unrelated failure.
            self.assertTrue(theirs["error"]["desc"].startswith("Invalid time"), theirs)
        # The kernel rejects a time before the guest's boot.
        reply, _ = self.both("guest-set-time", {"time": 0})
        self.assertEqual(reply, error("Failed to set time to guest: Invalid argument"))
        self.assertLess(self.now() - before, 60 * SECOND)

    def test_hardware_clock_in_local_time(self):
        zone = "EST5EDT,M3.2.0,M11.1.0"
        agent = guest.bellhopd()
        agent.program = f"env TZ={zone} {agent.program}"
        vm = self.boot(agents=[agent], files={"etc/adjtime": "0.0 0 0.0\n0\nLOCAL\n"})
        self.guest, self.ours = vm, vm.connect()
        self.schema = self.ours.call("bellhop-schema")["commands"]
        self.ask(self.ours, "guest-set-time", {"time": 1_700_000_000 * SECOND})
        self.assertLess(abs(self.hardware() - (1_700_000_000 - 5 * 3600)), 10)
        self.set_clock("2001-01-01 00:00:00")
        self.ask(self.ours, "guest-set-time")
        self.assertLess(abs(self.now() / SECOND - 1_700_000_000), 20)

    def test_without_hardware_clock(self):
        vm = self.boot_both()
        vm.shell("mv /dev/rtc0 /dev/gone; rm -f /dev/rtc")
        missing = "cannot open /dev/rtc: No such file or directory"
        self.assertEqual(self.ask(self.ours, "guest-set-time", {"time": 1_700_000_000 * SECOND}),
                         error(f"failed to set hardware clock to system time: {missing}"))
        self.assertLess(abs(self.now() / SECOND - 1_700_000_000), 10)
        self.assertEqual(self.ask(self.ours, "guest-set-time"),
                         error(f"failed to set system time to hardware clock: {missing}"))


if __name__ == "__main__":
    unittest.main()
