# SPDX-License-Identifier: Apache-2.0
"""Prints the results of calls of libvirt's Python binding as JSON: {call: [needs, value]}.

usage: libvirt_binding.py URI DOMAIN [late]
late: instead, the results of a stuck command with a timeout of one second, and of the next command.
A value is the return value of the call, or the code and the text of libvirt's error.
"""

import json
import sys

import libvirt
import libvirt_qemu

COMMAND = '{"execute": "guest-%s"}'
LATE = '{"execute": "guest-file-open", "arguments": {"path": "/mnt/a/new", "mode": "w"}}'


def info(domain, types):
    """The information without values that change, and those that qemu-ga gets from udev."""
    return sorted((key, value) for key, value in domain.guestInfo(types).items()
                  if not key.endswith(("used-bytes", "serial")))


def freeze(domain):
    return [domain.fsFreeze(["/mnt/a"]), domain.fsThaw(), domain.fsFreeze(), domain.fsThaw()]


def interfaces(domain):
    return domain.interfaceAddresses(libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT)


# Names of the error codes.
AGENT_ERRORS = {getattr(libvirt, name): name for name in dir(libvirt)
                if name.startswith("VIR_ERR_AGENT_")}


def late(domain):
    results = []
    for command, timeout in ((LATE, 1), (COMMAND % "ping", 20)):
        try:
            results.append(libvirt_qemu.qemuAgentCommand(domain, command, timeout, 0))
        except libvirt.libvirtError as error:
            results.append(AGENT_ERRORS.get(error.get_error_code(), str(error)))
    return results


CALLS = {
    "qemuAgentCommand": ([], lambda domain: libvirt_qemu.qemuAgentCommand(
        domain, COMMAND % "ping", libvirt_qemu.VIR_DOMAIN_QEMU_AGENT_COMMAND_BLOCK, 0)),
    "not found": ([], lambda domain: libvirt_qemu.qemuAgentCommand(
        domain, COMMAND % "nothing", libvirt_qemu.VIR_DOMAIN_QEMU_AGENT_COMMAND_DEFAULT, 0)),
    "agentSetResponseTimeout": ([], lambda domain: domain.agentSetResponseTimeout(20, 0)),
    "hostname": (["guest-get-host-name"], lambda domain: domain.hostname(
        libvirt.VIR_DOMAIN_GET_HOSTNAME_AGENT)),
    "guestInfo os": (["guest-get-osinfo"], lambda domain: info(
        domain, libvirt.VIR_DOMAIN_GUEST_INFO_OS)),
    "guestInfo users": (["guest-get-users"], lambda domain: info(
        domain, libvirt.VIR_DOMAIN_GUEST_INFO_USERS)),
    "guestInfo filesystem": (["guest-get-fsinfo"], lambda domain: info(
        domain, libvirt.VIR_DOMAIN_GUEST_INFO_FILESYSTEM)),
    "guestInfo disks": (["guest-get-disks"], lambda domain: info(
        domain, libvirt.VIR_DOMAIN_GUEST_INFO_DISKS)),
    "fsInfo": (["guest-get-fsinfo"], lambda domain: domain.fsInfo()),
    "interfaceAddresses": (["guest-network-get-interfaces"], interfaces),
    "guestVcpus": (["guest-get-vcpus"], lambda domain: domain.guestVcpus()),
    "getTime": (["guest-get-time"], lambda domain: sorted(domain.getTime())),
    "fsFreeze": (["guest-fsfreeze-freeze", "guest-fsfreeze-freeze-list"], freeze),
    "fsTrim": (["guest-fstrim"], lambda domain: domain.fSTrim(None, 0, 0)),
}


def main():
    libvirt.registerErrorHandler(lambda *_: None, None)
    domain = libvirt.open(sys.argv[1]).lookupByName(sys.argv[2])
    if "late" in sys.argv[3:]:
        print(json.dumps(late(domain)))
        return
    values = {}
    for name, (needed, call) in CALLS.items():
        try:
            value = call(domain)
        except libvirt.libvirtError as error:
            value = [error.get_error_code(), str(error)]
        values[name] = [needed, value]
    print(json.dumps(values))


if __name__ == "__main__":
    main()
