"""The session that tools/demo plays: what a host asks, what the agent does."""

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
import machine
from stage import Failure, Stage, note, show, title


def expect(condition, message):
    if not condition:
        raise Failure(message)


def version_of(program):
    return subprocess.run([program, "--version"], text=True, stdout=subprocess.PIPE,
                          check=True).stdout.splitlines()[0]


def decoded(text):
    """Base64 with text in it, as one line."""
    return base64.b64decode(text).decode().strip()


def ping(stage):
    title("1. Is the agent there?")
    stage.call("guest-ping")


def introduce(stage):
    title("2. Who is the guest?")
    stage.call("guest-info")
    stage.call("guest-get-osinfo")
    stage.call("guest-get-host-name")


def run_program(stage):
    title("3. A program runs in the guest; its output and its end come back")
    script = 'read name; echo "Hello $name, this is $(uname -n)"; echo "Ouch" >&2; exit 3'
    pid = stage.call("guest-exec", {
        "path": "/bin/sh", "arg": ["-c", script], "capture-output": True,
        "input-data": base64.b64encode(b"host\n").decode()})["pid"]
    status = stage.call("guest-exec-status", {"pid": pid}, until=lambda value: value["exited"])
    note(f"out-data is '{decoded(status['out-data'])}', err-data is "
         f"'{decoded(status['err-data'])}', and it ended with {status['exitcode']}.")
    expect(status["exitcode"] == 3, "the program should have ended with 3")


def write_and_read(stage):
    title("4. A file is written in the guest and read back")
    path, data = str(stage.directory / "file"), os.urandom(1 << 20)
    handle = stage.call("guest-file-open", {"path": path, "mode": "w+"})
    stage.call("guest-file-write", {"handle": handle, "buf-b64": base64.b64encode(data).decode()})
    stage.call("guest-file-seek", {"handle": handle, "offset": 0, "whence": "set"})
    reply = stage.call("guest-file-read", {"handle": handle, "count": len(data)})
    stage.call("guest-file-close", {"handle": handle})
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in (
        ("sent", data), ("read back", base64.b64decode(reply["buf-b64"])))}
    sums["in the file"] = stage.checksum(path)
    for name, checksum in sums.items():
        note(f"SHA-256 {name + ':':<12} {checksum}")
    expect(len(set(sums.values())) == 1, "the checksums differ")
    note(f"The {len(data):,} bytes came through unchanged.")


def freeze(stage):
    """True when it was shown, and not skipped."""
    title("5. A filesystem is frozen, as for a snapshot, and thawed")
    with contextlib.ExitStack() as stack:
        try:
            disk = stage.disk(stack)
        except filesystem.Unavailable as error:
            note(f"Skipped: {error}.")
            return False
        # Thawed behind its back, an agent may go on holding what it froze: it ends before umount.
        stack.callback(stage.stop)
        stack.callback(disk.thaw)
        note(f"An ext4 filesystem of its own is mounted on {disk.mountpoint}. No other is touched.")
        frozen = stage.call("guest-fsfreeze-freeze-list", {"mountpoints": [str(disk.mountpoint)]})
        expect(frozen == 1, f"1 filesystem should have been frozen, not {frozen}")
        expect(stage.call("guest-fsfreeze-status") == "frozen", "the status should be 'frozen'")
        writer = stage.writer(disk, stack)
        expect(writer.wait_until_stuck(), "a write to the frozen filesystem did not wait")
        where = f", in {writer.waits_in()}" if writer.waits_in() else ""
        note(f"Process {writer.pid} writes to a file there: state {writer.state()}, it "
             f"waits in the kernel{where}, for half a second now.")
        stage.call("guest-fsfreeze-thaw")
        status = writer.wait(10)
        expect(status == 0, f"the writer should have ended with 0, not {status}")
        note(f"The writer has gone on and ended with {status}: the file holds "
             f"'{writer.written()}'.")
        expect(stage.call("guest-fsfreeze-status") == "thawed", "the status should be 'thawed'")
    return True


def set_stage(options, stack):
    if options.vm:
        return machine.GuestStage(options.agent, options.bellhop, stack)
    directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="bellhop-demo-"))
    stage = Stage(directory, options.agent, options.bellhop, options.without_mounts)
    stack.callback(stage.stop)
    return stage


def play(options):
    with contextlib.ExitStack() as stack:
        stage = set_stage(options, stack)
        show(f"{stage.introduction()} The guest's agent is '{version_of(options.agent)}', "
             f"the host's client '{version_of(options.bellhop)}'. Lines with > are requests, lines "
             "with < the replies and how long they took. What the host runs is each time")
        show(f"{os.path.relpath(options.bellhop)} --connect {stage.endpoint} call …",
             indent="     ")
        stage.wait_until_up()
        ping(stage)
        introduce(stage)
        run_program(stage)
        write_and_read(stage)
        frozen = freeze(stage)
    last = "and hold a filesystem still against a writer" if frozen else "(no filesystem frozen)"
    print()
    show("You saw an agent answer, tell about its guest, run a program, carry a file both ways "
         f"{last}. It is stopped now and all it made is removed. Read on in README.md; "
         "docs/commands.md describes every command.")


def interrupted(number, _):
    for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)  # cleaning up is not to be interrupted
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
    except (Failure, filesystem.Unavailable, *machine.FAILURES, subprocess.SubprocessError,
            OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
