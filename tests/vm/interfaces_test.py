# SPDX-License-Identifier: Apache-2.0
"""The network commands in a guest, whose kernel supports more kinds of interfaces than a host may.
"""

import unittest

from harness import initramfs
from harness.network_namespace import INTERFACES, KINDS, ROUTES, stable_replies
from harness.vm import VmTest, guest

MODULES = ("veth", "bridge", "bonding", "dummy", "8021q", "macvlan", "macvtap", "ipvlan", "macsec",
           "ifb", "ipip", "sit", "ip_gre", "ip6_tunnel", "ip6_gre", "ip_vti", "vxlan", "geneve",
           "wireguard", "vrf", "nlmon")
MISSING = {"can"}  # in Debian's cloud kernel

BASE = """link set lo up
link add v0 type veth peer name v1
link add w0 type veth peer name w1
link add u0 type veth peer name u1
addr add 10.1.0.1/24 dev v0
addr add fd00::1/64 dev v0 nodad
link set v0 up
link set v1 up
"""
BOND = """link add bond7 type bond mode active-backup
link set w0 master bond7
addr add 10.8.0.1/24 dev bond7
link set bond7 up
"""
ROUTES_MADE = """route add default via 10.1.0.99 metric 4294967295
route add unreachable 10.20.0.0/16
route add blackhole fd13::/48
route add 10.2.0.0/16 nexthop via 10.1.0.98 nexthop via 10.1.0.97
route add fd14::/48 nexthop via fd00::98 nexthop via fd00::97
route add fd15::/64 via fd00::99 metric 77
"""


class Network(VmTest):
    def guest(self, modules, **arguments):
        return self.boot(agents=[guest.bellhopd(), guest.qemu_ga("sid")], modules=modules,
                         archives=[initramfs.programs({"usr/sbin/ip": "/usr/sbin/ip"})],
                         **arguments)

    def ip(self, vm, lines):
        vm.shell(f"/usr/sbin/ip -batch - <<'END'\n{lines}END\n")

    def compare(self, vm):
        self.maxDiff = None
        ours, oracle = vm.connect("bellhopd"), vm.connect("qemu-ga")
        replies = []
        for command in (INTERFACES, ROUTES):
            reply, expected = stable_replies(ours, oracle, command)
            self.assertEqual(reply, expected)
            replies.append(reply)
        return {interface["name"]: interface for interface in replies[0]}, replies[1]

    def test_every_kind_of_interface(self):
        vm = self.guest(MODULES)
        self.ip(vm, BASE)
        names = {}
        for number, (kind, line) in enumerate(KINDS.items()):
            # A device can have only one of these.
            line = line.replace("v0 type ipvlan", "w1 type ipvlan").replace("v0 type macsec",
                                                                            "u0 type macsec")
            if kind not in MISSING:
                names[kind] = f"x{number}"
                vm.shell(f"/usr/sbin/ip link add {line.replace('x0', names[kind], 1)}")
                # Fails for interfaces without addresses, and for those that cannot be up.
                vm.shell(f"/usr/sbin/ip addr add 10.7.{number}.1/24 dev x{number}; "
                         f"/usr/sbin/ip addr add fd07::{number}/64 dev x{number} nodad; "
                         f"/usr/sbin/ip link set x{number} up; true")
        self.ip(vm, BOND + ROUTES_MADE)
        interfaces, routes = self.compare(vm)
        self.assertLess({*names.values(), "bond7", "v0"}, set(interfaces))
        self.assertEqual(interfaces[names["ipip"]]["hardware-address"], "0a:01:00:01:00:00")
        self.assertEqual(interfaces[names["wireguard"]]["hardware-address"], "00:00:00:00:00:00")
        self.assertIn("10.20.0.0", [route["destination"] for route in routes])

    def test_a_kernel_without_ipv6(self):
        vm = self.guest(["veth"], kernel_options="ipv6.disable=1")
        self.ip(vm, "link set lo up\nlink add v0 type veth peer name v1\n"
                      "addr add 10.1.0.1/24 dev v0\nlink set v0 up\nlink set v1 up\n")
        reply = vm.connect("qemu-ga").request({"execute": ROUTES})
        self.assertEqual(reply["error"]["desc"],
                         'open("/proc/net/ipv6_route"): No such file or directory')
        routes = vm.connect("bellhopd").call(ROUTES)
        self.assertEqual([(route["iface"], route["destination"]) for route in routes],
                         [("v0", "10.1.0.0")])


if __name__ == "__main__":
    unittest.main()
