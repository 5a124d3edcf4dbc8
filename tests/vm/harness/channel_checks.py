"""Checks of a channel that several tests use, and socat for a guest."""

import base64
import hashlib
import json
import os
import shutil

from harness import agents, initramfs


def carry(test, client, size):
    """Sends random bytes into a file in the guest and reads them back."""
    data = os.urandom(size)
    handle = client.call("guest-file-open", path="/tmp/carried", mode="w+")
    client.call("guest-file-write", handle=handle, buf_b64=agents.b64(data))
    client.call("guest-file-seek", handle=handle, offset=0, whence="set")
    reply = client.call("guest-file-read", handle=handle, count=size)
    client.call("guest-file-close", handle=handle)
    test.assertEqual(hashlib.sha256(base64.b64decode(reply["buf-b64"])).hexdigest(),
                     hashlib.sha256(data).hexdigest())


def socat():
    """An archive with socat, which connects channels inside a guest that do not reach the host.
    Raises agents.Unavailable."""
    program = shutil.which("socat")
    if not program:
        raise agents.Unavailable("needs socat: run tools/setup")
    return initramfs.programs({"usr/bin/socat": program})


def ask(vm, address, command):
    """The reply to a command, asked within the guest."""
    request = agents.compact({"execute": command}).decode()
    return json.loads(vm.shell(f"echo '{request}' | socat -t 10 - {address}"))
