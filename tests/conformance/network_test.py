# SPDX-License-Identifier: Apache-2.0
"""Compares bellhopd's and a real qemu-ga's replies about the network.

Every test creates a network namespace and starts bellhopd and qemu-ga in it.
BELLHOP_PAIRS: the number of veth pairs in the largest network (default 100). Issue reports mention
2000; qemu-ga needs half a minute for these.
"""

import os
import subprocess
import threading
import unittest

from harness import agents
from harness.network_namespace import (INTERFACES, KINDS, ROUTES, Namespace, NamespaceUnavailable,
                                       stable_replies)

ORACLES = ("sid", "trixie")


class NetworkTest(unittest.TestCase):
    def namespace(self):
        if reason := agents.missing_program("nsenter", "ip"):
            self.skipTest(reason)
        namespace = Namespace()
        self.addCleanup(namespace.__exit__)
        try:
            return namespace.__enter__()
        except NamespaceUnavailable as reason:
            self.skipTest(str(reason))

    def add_link(self, namespace, line):
        """Runs `ip link add`. Skips the test if the kernel lacks the kind of interface."""
        error = namespace.run("ip", "link", "add", *line.split())
        if error:
            self.skipTest(f"ip link add {line}: {error}")

    def client(self, namespace, command, wrap=(), **options):
        agent = agents.Agent(command, wrap=namespace.enter + list(wrap), **options)
        self.addCleanup(agent.__exit__)
        connection = agent.__enter__().connect()
        self.addCleanup(connection.close)
        return connection

    def bellhopd(self, namespace, **options):
        return self.client(namespace, agents.bellhopd(), **options)

    def compare(self, namespace):
        """Asserts that bellhopd's replies are equal to qemu-ga's. Returns the interfaces by name,
        and the list of routes."""
        ours = self.bellhopd(namespace)
        self.maxDiff = None
        compared = 0
        reasons = []
        for suite in ORACLES:
            try:
                oracle = self.client(namespace, agents.oracle(suite))
            except agents.Unavailable as reason:
                reasons.append(str(reason))
                continue
            interfaces, expected = stable_replies(ours, oracle, INTERFACES)
            self.assertEqual(interfaces, expected, suite)
            routes, expected = stable_replies(ours, oracle, ROUTES)
            self.assertEqual(routes, expected, suite)
            compared += 1
        if not compared:
            self.skipTest("; ".join(reasons))
        self.assertEqual(len(interfaces), len({i["name"] for i in interfaces}))
        return {interface["name"]: interface for interface in interfaces}, routes


def addresses_of(interface):
    return [f"{a['ip-address']}/{a['prefix']}" for a in interface.get("ip-addresses", [])]


class Interfaces(NetworkTest):
    def test_only_a_loopback_that_is_down(self):
        interfaces, _ = self.compare(self.namespace())
        self.assertEqual(interfaces["lo"],
                         {"name": "lo", "hardware-address": "00:00:00:00:00:00"})

    def test_loopback(self):
        namespace = self.namespace()
        namespace.ip("link set lo up")
        interfaces, _ = self.compare(namespace)
        self.assertEqual(addresses_of(interfaces["lo"]), ["127.0.0.1/8", "::1/128"])
        self.assertIn("statistics", interfaces["lo"])

    def test_several_addresses(self):
        namespace = self.namespace()
        namespace.ip(
            "link add v0 type veth peer name v1",
            "addr add 10.1.0.1/24 dev v0", "addr add 10.1.0.2/24 dev v0",
            "addr add 10.2.0.1/8 dev v0", "addr add 10.3.0.1/32 dev v0",
            "addr add 10.4.0.1/31 dev v0", "addr add 10.5.0.1/0 dev v0",
            "addr add fd00::1/64 dev v0 nodad", "addr add fd00::2/128 dev v0 nodad",
            "addr add fd01::1/0 dev v0 nodad", "link set v0 up", "link set v1 up")
        interfaces, _ = self.compare(namespace)
        # Nine, and the link-local address.
        self.assertEqual(len(addresses_of(interfaces["v0"])), 10)
        self.assertIn("10.5.0.1/0", addresses_of(interfaces["v0"]))

    def test_an_interface_that_is_down(self):
        namespace = self.namespace()
        namespace.ip("link add v0 type veth peer name v1", "addr add 10.1.0.1/24 dev v0",
                     "addr add fd00::1/64 dev v0")
        interfaces, _ = self.compare(namespace)
        self.assertEqual(addresses_of(interfaces["v0"]), ["10.1.0.1/24", "fd00::1/64"])
        self.assertNotIn("statistics", interfaces["v1"])
        self.assertNotIn("ip-addresses", interfaces["v1"])

    def test_addresses_with_peers(self):
        namespace = self.namespace()
        namespace.ip(
            "link add v0 type veth peer name v1", "link set v0 up", "link set v1 up",
            "addr add 10.1.0.1 peer 10.1.0.2/32 dev v0",
            "addr add 10.2.0.1 peer 10.3.0.0/16 dev v0",
            "addr add fd00::1 peer fd00::2/128 dev v0 nodad",
            "addr add fd01::1 peer fd02::/48 dev v0 nodad")
        interfaces, _ = self.compare(namespace)
        self.assertEqual({a for a in addresses_of(interfaces["v0"]) if not a.startswith("fe80")},
                         {"10.1.0.1/32", "10.2.0.1/16", "fd00::1/128", "fd01::1/48"})

    def test_only_ipv6(self):
        namespace = self.namespace()
        namespace.ip("link add v0 type veth peer name v1", "link set v0 up", "link set v1 up",
                     "addr add fd00::1/64 dev v0 nodad")
        interfaces, routes = self.compare(namespace)
        types = {a["ip-address-type"] for i in interfaces.values()
                 for a in i.get("ip-addresses", [])}
        self.assertEqual(types, {"ipv6"})
        self.assertEqual({route["version"] for route in routes}, {6})

    def test_without_ipv6(self):
        namespace = self.namespace()
        namespace.run("sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6")
        namespace.ip("link set lo up", "link add v0 type veth peer name v1",
                     "addr add 10.1.0.1/24 dev v0", "link set v0 up", "link set v1 up")
        interfaces, _ = self.compare(namespace)
        self.assertEqual(addresses_of(interfaces["lo"]), ["127.0.0.1/8"])
        self.assertEqual(addresses_of(interfaces["v0"]), ["10.1.0.1/24"])

    def test_labels(self):
        namespace = self.namespace()
        namespace.ip(
            "link add v0 type veth peer name v1",
            "addr add 10.1.0.1/24 dev v0", "addr add 10.2.0.1/24 dev v0 label v0:web",
            "addr add 10.3.0.1/24 dev v0 label v0:web", "addr add 10.4.0.1/24 dev v1 label v1:",
            "addr add 10.5.0.1/24 dev v1", "addr add fd00::1/64 dev v0")
        interfaces, _ = self.compare(namespace)
        self.assertEqual(set(list(interfaces)[-2:]), {"v0:web", "v1:"})
        self.assertEqual(addresses_of(interfaces["v0:web"]), ["10.2.0.1/24", "10.3.0.1/24"])
        self.assertEqual(interfaces["v0:web"]["hardware-address"],
                         interfaces["v0"]["hardware-address"])
        self.assertNotIn("statistics", interfaces["v0:web"])

    def test_renamed_interfaces(self):
        namespace = self.namespace()
        namespace.ip("link add v0 type veth peer name v1", "addr add 10.1.0.1/24 dev v0",
                     "addr add 10.2.0.1/24 dev v0 label v0:web", "link set v0 name swapped",
                     "link set v1 name v0", "addr add 10.3.0.1/24 dev v0")
        interfaces, _ = self.compare(namespace)
        self.assertEqual(addresses_of(interfaces["v0"]), ["10.3.0.1/24"])
        self.assertEqual(addresses_of(interfaces["swapped"]), ["10.1.0.1/24"])

    def test_odd_names(self):
        namespace = self.namespace()
        names = ["fifteen-letters", "caf\u00e9", "quote\"d", "back\\slash", "v0.5"]
        for number, name in enumerate(names):
            self.add_link(namespace, f"{name} type veth peer name peer{number}")
            error = namespace.run("ip", "addr", "add", f"10.{number}.0.1/24", "dev", name)
            self.assertIsNone(error)
        interfaces, _ = self.compare(namespace)
        self.assertLess(set(names), set(interfaces))

    def test_a_name_that_is_not_utf_8(self):
        namespace = self.namespace()
        process = agents.spawn(namespace.enter + ["ip", "link", "add", b"x\xff\xfey", "type",
                                                  "veth", "peer", "name", "v1"],
                               stderr=subprocess.PIPE)
        error = process.communicate()[1].decode(errors="replace").strip()
        if process.returncode:
            self.skipTest(f"ip link add: {error}")
        interfaces, _ = self.compare(namespace)
        self.assertTrue([name for name in interfaces if name.startswith("x\ufffd")])

    def test_statistics(self):
        namespace = self.namespace()
        namespace.ip("link add v0 type veth peer name v1", "addr add 10.1.0.1/24 dev v0",
                     "addr add 10.2.0.1/24 dev v1", "link set v0 up", "link set v1 up")
        # With a permanent neighbour entry, datagrams are sent at once.
        namespace.ip("neigh add 10.1.0.2 lladdr 02:00:00:00:00:02 dev v0 nud permanent")
        error = namespace.run("python3", "-c", """
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
    for _ in range(100):
        sender.sendto(bytes(1000), ("10.1.0.2", 9))
""")
        self.assertIsNone(error)
        interfaces, _ = self.compare(namespace)
        self.assertGreaterEqual(interfaces["v0"]["statistics"]["tx-packets"], 100)
        self.assertGreaterEqual(interfaces["v1"]["statistics"]["rx-bytes"], 100_000)

    def test_a_bridge(self):
        namespace = self.namespace()
        namespace.ip("link add v0 type veth peer name v1", "link add v2 type veth peer name v3",
                     "link add br0 type bridge", "link set v1 master br0", "link set v3 master br0",
                     "addr add 10.1.0.1/24 dev br0", "addr add 10.1.0.2/24 dev v0",
                     *(f"link set {name} up" for name in ("v0", "v1", "v2", "v3", "br0")))
        interfaces, _ = self.compare(namespace)
        self.assertIn("10.1.0.1/24", addresses_of(interfaces["br0"]))

    def test_a_bond(self):
        namespace = self.namespace()
        self.add_link(namespace, "bond7 type bond mode active-backup")
        namespace.ip("link add v0 type veth peer name v1", "link add v2 type veth peer name v3",
                     "link set v0 master bond7", "link set v2 master bond7",
                     "addr add 10.1.0.1/24 dev bond7", "link set bond7 up", "link set v1 up")
        interfaces, _ = self.compare(namespace)
        self.assertEqual(interfaces["v0"]["hardware-address"],
                         interfaces["v2"]["hardware-address"])

    def test_a_tun_and_a_tap(self):
        namespace = self.namespace()
        for mode in ("tun", "tap"):
            error = namespace.run("ip", "tuntap", "add", f"{mode}0", "mode", mode)
            if error:
                self.skipTest(f"ip tuntap add: {error}")
        namespace.ip("addr add 10.1.0.1 peer 10.1.0.2 dev tun0", "addr add 10.2.0.1/24 dev tap0",
                     "link set tun0 up", "link set tap0 up")
        interfaces, _ = self.compare(namespace)
        self.assertEqual(interfaces["tun0"]["hardware-address"], "00:00:00:00:00:00")
        self.assertNotEqual(interfaces["tap0"]["hardware-address"], "00:00:00:00:00:00")

    def test_an_agent_without_privileges(self):
        namespace = self.namespace()
        namespace.ip("link set lo up", "link add v0 type veth peer name v1",
                     "addr add 10.1.0.1/24 dev v0", "link set v0 up")
        unprivileged = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        ours = self.bellhopd(namespace)
        other = self.bellhopd(namespace, wrap=unprivileged,
                              prepare=lambda directory: directory.chmod(0o1777))
        for command in (INTERFACES, ROUTES):
            reply, expected = stable_replies(other, ours, command)
            self.assertEqual(reply, expected)

    def test_interfaces_that_come_and_go(self):
        namespace = self.namespace()
        namespace.ip("link set lo up", "link add v0 type veth peer name v1",
                     "addr add 10.1.0.1/24 dev v0")
        ended = threading.Event()
        errors = []

        def change():
            while not ended.is_set():
                try:
                    namespace.ip(*(f"link add a{i} type veth peer name b{i}" for i in range(20)),
                                 *(f"addr add 10.9.{i}.1/24 dev a{i}" for i in range(20)),
                                 *(f"link del a{i}" for i in range(20)))
                except AssertionError as error:
                    errors.append(error)
                    return

        changing = threading.Thread(target=change)
        changing.start()
        try:
            ours = self.bellhopd(namespace)
            for _ in range(200):
                interfaces = ours.call(INTERFACES)
                names = [interface["name"] for interface in interfaces]
                self.assertEqual(len(names), len(set(names)))
                self.assertLessEqual({"lo", "v0", "v1"}, set(names))
                ours.call(ROUTES)
        finally:
            ended.set()
            changing.join()
        self.assertEqual(errors, [])

    def test_many_interfaces(self):
        pairs = int(os.environ.get("BELLHOP_PAIRS") or 100)
        namespace = self.namespace()
        namespace.ip(*(f"link add a{i} type veth peer name b{i}" for i in range(pairs)),
                     *(f"addr add 10.{i >> 8}.{i & 255}.1/32 dev a{i}" for i in range(pairs)),
                     *(f"addr add fd00::{i:x}/128 dev b{i} nodad" for i in range(pairs)))
        interfaces, _ = self.compare(namespace)
        self.assertEqual(len(interfaces), 2 * pairs + 1)


class Kinds(NetworkTest):
    def compare_kind(self, line):
        namespace = self.namespace()
        namespace.ip("link add v0 type veth peer name v1", "addr add 10.1.0.1/24 dev v0",
                     "addr add fd00::1/64 dev v0 nodad", "link set v0 up", "link set v1 up")
        self.add_link(namespace, line)
        namespace.run("ip", "addr", "add", "10.7.0.1/24", "dev", "x0")
        namespace.run("ip", "addr", "add", "fd07::1/64", "dev", "x0", "nodad")
        namespace.run("ip", "link", "set", "x0", "up")
        interfaces, _ = self.compare(namespace)
        self.assertIn("x0", interfaces)


def _add_kind_tests():
    for name, line in KINDS.items():
        setattr(Kinds, f"test_{name}", lambda self, line=line: self.compare_kind(line))


_add_kind_tests()


class Routes(NetworkTest):
    def network(self):
        namespace = self.namespace()
        namespace.ip("link set lo up", "link add v0 type veth peer name v1",
                     "addr add 10.1.0.1/24 dev v0", "addr add fd00::1/64 dev v0 nodad",
                     "link set v0 up", "link set v1 up")
        return namespace

    def route_to(self, routes, destination):
        found = [route for route in routes if route["destination"] == destination]
        self.assertTrue(found, destination)
        return found[0]

    def test_without_any(self):
        _, routes = self.compare(self.namespace())
        self.assertEqual([route for route in routes if route["version"] == 4], [])

    def test_through_gateways(self):
        namespace = self.network()
        namespace.ip("route add default via 10.1.0.99", "route add ::/0 via fd00::99",
                     "route add 10.2.0.0/16 via 10.1.0.98 metric 50",
                     "route add 10.3.0.1 via 10.1.0.97",
                     "route add 10.4.0.0/14 dev v0",
                     "route add fd01::/48 via fd00::98 metric 77",
                     "route add fd02::1 via fd00::98")
        _, routes = self.compare(namespace)
        self.assertEqual(self.route_to(routes, "0.0.0.0"), {
            "iface": "v0", "destination": "0.0.0.0", "metric": 0, "gateway": "10.1.0.99",
            "mask": "0.0.0.0", "irtt": 0, "flags": 3, "refcnt": 0, "use": 0, "window": 0, "mtu": 0,
            "version": 4})
        route = self.route_to(routes, "fd01::")
        self.assertEqual((route["nexthop"], route["desprefixlen"], route["metric"]),
                         ("fd00::98", "48", 77))

    def test_metrics_of_tcp(self):
        namespace = self.network()
        namespace.ip("route add 10.2.0.0/16 via 10.1.0.99 mtu lock 1300 advmss 900",
                     "route add 10.3.0.0/16 via 10.1.0.99 rtt 100ms window 4000",
                     "route add fd01::/48 via fd00::99 mtu 1300")
        _, routes = self.compare(namespace)
        self.assertEqual(self.route_to(routes, "10.2.0.0")["mtu"], 940)
        self.assertEqual(self.route_to(routes, "10.3.0.0")["window"], 4000)
        self.assertEqual(self.route_to(routes, "10.3.0.0")["irtt"], 100)

    def test_numbers_with_the_highest_bit(self):
        namespace = self.network()
        namespace.ip("route add 10.2.0.0/16 via 10.1.0.99 metric 4294967295",
                     "route add fd01::/48 via fd00::99 metric 4294967295")
        _, routes = self.compare(namespace)
        self.assertEqual(self.route_to(routes, "10.2.0.0")["metric"], 0xFFFFFFFF)
        self.assertEqual(self.route_to(routes, "fd01::")["metric"], 0xFFFFFFFF)
        self.assertEqual(self.route_to(routes, "::1")["flags"], 0x80200001)

    def test_that_reject(self):
        namespace = self.network()
        kinds = ("unreachable", "blackhole", "prohibit", "throw")
        namespace.ip(*(f"route add {kind} 10.{i + 20}.0.0/16" for i, kind in enumerate(kinds)),
                     *(f"route add {kind} fd0{i + 1}::/48" for i, kind in enumerate(kinds)))
        _, routes = self.compare(namespace)
        self.assertEqual(self.route_to(routes, "10.20.0.0")["iface"], "*")
        self.assertEqual(self.route_to(routes, "fd01::")["iface"], "lo")

    def test_with_several_next_hops(self):
        namespace = self.network()
        namespace.ip(
            "route add 10.2.0.0/16 nexthop via 10.1.0.98 weight 5 nexthop via 10.1.0.97",
            "route add fd01::/48 nexthop via fd00::98 nexthop via fd00::97")
        _, routes = self.compare(namespace)
        self.assertEqual([route["nexthop"] for route in routes if route["destination"] == "fd01::"],
                         ["fd00::98", "fd00::97"])

    def test_from_a_source(self):
        namespace = self.network()
        error = namespace.run("ip", "-6", "route", "add", "fd01::/64", "from", "fd02::/48", "via",
                              "fd00::99")
        if error:
            self.skipTest(f"a route with a source: {error}")
        _, routes = self.compare(namespace)
        route = self.route_to(routes, "fd01::")
        self.assertEqual((route["source"], route["srcprefixlen"]), ("fd02::", "48"))

    def test_of_ipv4_through_ipv6(self):
        namespace = self.network()
        error = namespace.run("ip", "route", "add", "10.2.0.0/16", "via", "inet6", "fd00::5", "dev",
                              "v0")
        if error:
            self.skipTest(f"a route of IPv4 through IPv6: {error}")
        self.compare(namespace)

    def test_in_other_tables(self):
        namespace = self.network()
        namespace.ip("route add 10.2.0.0/16 via 10.1.0.99 table 77",
                     "route add fd01::/48 via fd00::99 table 77")
        _, routes = self.compare(namespace)
        destinations = {route["destination"] for route in routes}
        self.assertNotIn("10.2.0.0", destinations)
        self.assertIn("fd01::", destinations)

    def test_of_an_interface_that_is_down(self):
        namespace = self.network()
        namespace.ip("route add 10.2.0.0/16 via 10.1.0.99", "link set v1 down")
        self.compare(namespace)
        namespace.ip("link set v0 down")
        _, routes = self.compare(namespace)
        self.assertEqual([route for route in routes if route["version"] == 4], [])

    def test_many(self):
        namespace = self.network()
        namespace.ip(*(f"route add 10.2.{i >> 8}.{i & 255} via 10.1.0.99" for i in range(1000)),
                     *(f"route add fd01::{i:x} via fd00::99" for i in range(1, 1000)))
        _, routes = self.compare(namespace)
        self.assertGreater(len(routes), 2000)


if __name__ == "__main__":
    unittest.main()
