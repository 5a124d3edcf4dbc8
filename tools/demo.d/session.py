# SPDX-License-Identifier: Apache-2.0
"""The session of tools/demo: a host calls the agent."""

import argparse
import base64
import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import tempfile

import filesystem
import vm_agent
from local_agent import Failure, LocalAgent
from output import note, show, title


def expect(condition, message):
    if not condition:
        raise Failure(message)


def version_of(program):
    return subprocess.run([program, "--version"], text=True, stdout=subprocess.PIPE,
                          check=True).stdout.splitlines()[0]


def decoded(text):
    """The text of base64 data, without surrounding white space."""
    return base64.b64decode(text).decode().strip()


def ping(agent):
    title("1. Does the agent answer?")
    agent.call("guest-ping")


def introduce(agent):
    title("2. Who is the guest?")
    agent.call("guest-info")
    agent.call("guest-get-osinfo")
    agent.call("guest-get-host-name")


def run_program(agent):
    title("3. A program runs in the guest; the host gets its output and exit status")
    script = 'read name; echo "Hello $name, this is $(uname -n)"; echo "Ouch" >&2; exit 3'
    pid = agent.call("guest-exec", {
        "path": "/bin/sh", "arg": ["-c", script], "capture-output": True,
        "input-data": base64.b64encode(b"host\n").decode()})["pid"]
    status = agent.call("guest-exec-status", {"pid": pid}, until=lambda value: value["exited"])
    note(f"out-data is '{decoded(status['out-data'])}', err-data is "
         f"'{decoded(status['err-data'])}', and it exited with {status['exitcode']}.")
    expect(status["exitcode"] == 3, "the program should have exited with 3")


def write_and_read(agent):
    title("4. A file is written in the guest and read back")
    path, data = str(agent.directory / "file"), os.urandom(1 << 20)
    handle = agent.call("guest-file-open", {"path": path, "mode": "w+"})
    agent.call("guest-file-write", {"handle": handle, "buf-b64": base64.b64encode(data).decode()})
    agent.call("guest-file-seek", {"handle": handle, "offset": 0, "whence": "set"})
    reply = agent.call("guest-file-read", {"handle": handle, "count": len(data)})
    agent.call("guest-file-close", {"handle": handle})
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in (
        ("sent", data), ("read back", base64.b64decode(reply["buf-b64"])))}
    sums["in the file"] = agent.checksum(path)
    for name, checksum in sums.items():
        note(f"SHA-256 {name + ':':<12} {checksum}")
    expect(len(set(sums.values())) == 1, "the checksums differ")
    note(f"The {len(data):,} bytes are unchanged.")


def freeze(agent):
    """Returns False if it was skipped."""
    title("5. A filesystem is frozen, as for a snapshot, and thawed")
    with contextlib.ExitStack() as stack:
        try:
            disk = agent.disk(stack)
        except filesystem.Unavailable as error:
            note(f"Skipped: {error}.")
            return False
        # Stopped first: an agent may keep its frozen filesystems open after another process thaws.
        stack.callback(agent.stop)
        stack.callback(disk.thaw)
        note(f"A separate ext4 filesystem is mounted on {disk.mountpoint}. No other is touched.")
        frozen = agent.call("guest-fsfreeze-freeze-list", {"mountpoints": [str(disk.mountpoint)]})
        expect(frozen == 1, f"1 filesystem should have been frozen, not {frozen}")
        expect(agent.call("guest-fsfreeze-status") == "frozen", "the status should be 'frozen'")
        writer = agent.writer(disk, stack)
        expect(writer.wait_until_blocked(), "a write to the frozen filesystem did not block")
        where = f", in {writer.kernel_function()}" if writer.kernel_function() else ""
        note(f"Process {writer.pid} writes to a file there: state {writer.state()}, blocked in the "
             f"kernel{where} for half a second.")
        agent.call("guest-fsfreeze-thaw")
        status = writer.wait(10)
        expect(status == 0, f"the writer should have exited with 0, not {status}")
        note(f"The writer has continued and exited with {status}: the file contains "
             f"'{writer.written()}'.")
        expect(agent.call("guest-fsfreeze-status") == "thawed", "the status should be 'thawed'")
    return True


def start_agent(options, stack):
    if options.vm:
        return vm_agent.VmAgent(options.agent, options.bellhop, stack)
    directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="bellhop-demo-"))
    agent = LocalAgent(directory, options.agent, options.bellhop, options.without_mounts)
    stack.callback(agent.stop)
    return agent


def play(options):
    with contextlib.ExitStack() as stack:
        agent = start_agent(options, stack)
        show(f"{agent.introduction()} The guest's agent is '{version_of(options.agent)}', "
             f"the host's client '{version_of(options.bellhop)}'. Lines with > are requests, lines "
             "with < the replies and their times. For each, the host runs")
        show(f"{os.path.relpath(options.bellhop)} --connect {agent.endpoint} call …",
             indent="     ")
        agent.wait_until_up()
        ping(agent)
        introduce(agent)
        run_program(agent)
        write_and_read(agent)
        frozen = freeze(agent)
    last = (", and froze a filesystem while a process wrote to it" if frozen
            else "; no filesystem was frozen")
    print()
    show("The agent answered, described its guest, ran a program, transferred a file both ways"
         f"{last}. It is stopped now, and its files are removed. See README.md; docs/commands.md "
         "describes every command.")


def interrupted(number, _):
    for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)  # cleanup must not be interrupted
    sys.exit(128 + number)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agent", required=True, type=os.path.abspath)
    parser.add_argument("--bellhop", required=True, type=os.path.abspath)
    parser.add_argument("--without-mounts", metavar="REASON")
    parser.add_argument("--vm", action="store_true")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    try:
        play(parser.parse_args())
    except (Failure, filesystem.Unavailable, *vm_agent.FAILURES, subprocess.SubprocessError,
            OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
