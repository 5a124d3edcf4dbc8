# SPDX-License-Identifier: Apache-2.0
"""Checks of a channel for several tests, and socat in a guest."""

import base64
import hashlib
import json
import os
import shutil

from harness import agents, initramfs


def carry(test, client, size):
    """Writes random bytes to a file in the guest, reads them back and compares."""
    data = os.urandom(size)
    handle = client.call("guest-file-open", path="/tmp/carried", mode="w+")
    client.call("guest-file-write", handle=handle, buf_b64=agents.b64(data))
    client.call("guest-file-seek", handle=handle, offset=0, whence="set")
    reply = client.call("guest-file-read", handle=handle, count=size)
    client.call("guest-file-close", handle=handle)
    test.assertEqual(hashlib.sha256(base64.b64decode(reply["buf-b64"])).hexdigest(),
                     hashlib.sha256(data).hexdigest())


def socat():
    """An archive with socat, for channels that only programs in the guest can connect to. Raises
    agents.Unavailable."""
    program = shutil.which("socat")
    if not program:
        raise agents.Unavailable("needs socat: run tools/setup")
    return initramfs.programs({"usr/bin/socat": program})


def ask(vm, address, command):
    """The reply to a command that is sent from inside the guest."""
    request = agents.compact({"execute": command}).decode()
    return json.loads(vm.shell(f"echo '{request}' | socat -t 10 - {address}"))
