# SPDX-License-Identifier: Apache-2.0
"""Network namespaces for tests and benchmarks, and the comparison of two agents' replies about one.
"""

import subprocess
import time

from harness import agents

INTERFACES = "guest-network-get-interfaces"
ROUTES = "guest-network-get-route"

# Kinds of interfaces: the arguments of `ip link add`. Some need v0, one end of a veth pair.
KINDS = {
    "vlan": "x0 link v0 type vlan id 5",
    "vlan_802_1ad": "x0 link v0 type vlan proto 802.1ad id 5",
    "macvlan": "x0 link v0 type macvlan mode bridge",
    "macvtap": "x0 link v0 type macvtap",
    "ipvlan": "x0 link v0 type ipvlan mode l2",
    "macsec": "x0 link v0 type macsec",
    "dummy": "x0 type dummy",
    "ifb": "x0 type ifb",
    "ipip": "x0 type ipip local 10.1.0.1 remote 10.1.0.2",
    "sit": "x0 type sit local 10.1.0.1 remote 10.1.0.2",
    "gre": "x0 type gre local 10.1.0.1 remote 10.1.0.2",
    "gretap": "x0 type gretap local 10.1.0.1 remote 10.1.0.2",
    "ip6tnl": "x0 type ip6tnl local fd00::1 remote fd00::2",
    "ip6gre": "x0 type ip6gre local fd00::1 remote fd00::2",
    "vti": "x0 type vti local 10.1.0.1 remote 10.1.0.2",
    "vxlan": "x0 type vxlan id 4 dstport 4789 local 10.1.0.1 remote 10.1.0.2 dev v0",
    "geneve": "x0 type geneve id 5 remote 10.1.0.2",
    "wireguard": "x0 type wireguard",
    "vrf": "x0 type vrf table 10",
    "can": "x0 type vcan",
    "nlmon": "x0 type nlmon",
}


class NamespaceUnavailable(Exception):
    """No network namespace can be created here; the message says why."""


class Namespace:
    """A network namespace whose interface `lo` is down. Use it in a `with`, which removes it."""

    def __init__(self):
        self.process = None

    def __enter__(self):
        # cat exits together with this process, at the end of its input.
        holder = ["unshare", "--net", "sh", "-c", "echo created; exec cat >/dev/null"]
        try:
            self.process = agents.spawn(holder, text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except FileNotFoundError as error:
            raise NamespaceUnavailable(f"cannot create a network namespace: {error}") from None
        if self.process.stdout.readline() != "created\n":
            error = self.process.communicate()[1]
            raise NamespaceUnavailable(f"cannot create a network namespace: {error.strip()}")
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.communicate()

    @property
    def enter(self):
        """A command prefix that runs a command in the namespace."""
        return ["nsenter", f"--net=/proc/{self.process.pid}/ns/net"]

    def run(self, *command, given=None):
        """Runs a command in the namespace. Returns None, or the text of its error."""
        process = agents.spawn(self.enter + list(command), stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        output = process.communicate(given)[0].decode(errors="replace")
        return None if process.returncode == 0 else output.strip() or "no reason given"

    def ip(self, *lines):
        """Runs commands of ip(8), one per argument."""
        given = "".join(line + "\n" for line in lines).encode("utf-8", "surrogateescape")
        error = self.run("ip", "-batch", "-", given=given)
        assert error is None, error


def without_sign_extension(routes):
    """qemu-ga's routes without its sign extension of 32-bit numbers (`route-numbers` in
    docs/compatibility.md)."""
    return [dict(route, flags=route["flags"] & 0xFFFFFFFF, metric=route["metric"] & 0xFFFFFFFF)
            for route in routes]


def stable_replies(ours, oracle, command):
    """bellhopd's reply, and the reply that qemu-ga would have given at the same moment.

    qemu-ga is called before and after; its replies count if both are equal. Counters only grow: one
    that lies between qemu-ga's two is accepted.
    """
    def expected():
        reply = oracle.call(command)
        return without_sign_extension(reply) if command == ROUTES else reply

    deadline = time.monotonic() + agents.TIMEOUT
    before = expected()
    while True:
        reply = ours.call(command)
        after = expected()
        if before == after or reply == after:
            return reply, after
        if command == INTERFACES and _without_counters(before) == _without_counters(after):
            return reply, _with_counters_between(reply, before, after)
        before = after
        if time.monotonic() > deadline:
            raise AssertionError("the network keeps changing")


def _without_counters(interfaces):
    return [dict(interface, statistics=list(interface.get("statistics", ())))
            for interface in interfaces]


def _with_counters_between(reply, before, after):
    """`after` with each counter of `reply` that lies between those of `before` and `after`."""
    counters = {interface["name"]: interface.get("statistics", {}) for interface in reply}
    result = []
    for old, new in zip(before, after):
        ours = counters.get(new["name"], {})
        between = {name: ours[name] for name, value in new.get("statistics", {}).items()
                   if old["statistics"][name] <= ours.get(name, -1) <= value}
        result.append(dict(new, statistics={**new["statistics"], **between})
                      if "statistics" in new else new)
    return result
