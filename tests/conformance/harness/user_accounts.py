# SPDX-License-Identifier: Apache-2.0
"""Agents with test accounts: they run in a mount namespace whose /etc is a copy with other users,
and whose /home and /root are empty."""

import ctypes
import ctypes.util
import os
import pathlib
import stat
import subprocess
import threading
import unittest

from harness import agents

COMMANDS = ("guest-set-user-password", "guest-ssh-add-authorized-keys",
            "guest-ssh-remove-authorized-keys")
USERS = {"alice": 61001, "bob": 61002, "homeless": 61003}

HOMES = "home/accounts"

# /home and /root are hidden, except for what is needed: the agents' programs ($KEEP, read-only) and
# the agent's own directory ($TMPDIR).
SCRIPT = r"""set -e
under=$(mktemp -d)
mount -t tmpfs none "$under"
cp -a /etc "$under/etc"
number=0
kept=
for directory in $KEEP "$TMPDIR"; do
  case $directory in
    /home/*|/root/*)
      number=$((number + 1))
      mkdir "$under/$number"
      mount --bind "$directory" "$under/$number"
      kept="$kept $number:$directory";;
  esac
done
printf '%s\n' root:x:0:0:root:/root:/bin/sh alice:x:61001:61001::/home/accounts/alice:/bin/sh \
  bob:x:61002:61002::/home/accounts/bob:/bin/sh \
  homeless:x:61003:61003::/home/accounts/homeless:/bin/sh >"$under/etc/passwd"
printf '%s\n' root:x:0: shadow:x:42: alice:x:61001: bob:x:61002: homeless:x:61003: \
  >"$under/etc/group"
printf '%s:!:19000:0:99999:7:::\n' root alice bob homeless >"$under/etc/shadow"
mount --bind "$under/etc" /etc
mount -t tmpfs -o mode=755 none /home
mount -t tmpfs -o mode=755 none /root
for entry in $kept; do
  directory=${entry#*:}
  mkdir -p "$directory"
  mount --bind "$under/${entry%%:*}" "$directory"
  [ "$directory" = "$TMPDIR" ] || mount -o remount,bind,ro "$directory"
done
umount -l "$under"
rmdir "$under"
mkdir /home/accounts
mount -t tmpfs -o size=1m,mode=755 none /home/accounts
for user in alice:61001 bob:61002; do
  mkdir "/home/accounts/${user%:*}"
  chown "${user#*:}:${user#*:}" "/home/accounts/${user%:*}"
done
exec "$@"
"""


def reason_to_skip():
    if os.geteuid() != 0:
        return "a mount namespace with other accounts needs root"
    if reason := agents.missing_program("unshare", "mount", "chpasswd", "setpriv", "nsenter"):
        return reason
    trial = subprocess.run(["unshare", "-m", "sh", "-c", SCRIPT, "sh", "true"], check=False,
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, timeout=agents.TIMEOUT,
                           env={"PATH": os.environ["PATH"], "KEEP": "", "TMPDIR": "/tmp"})
    return f"no mount namespace: {trial.stdout.strip()}" if trial.returncode else None


class AccountsSandbox:
    """An agent in a mount namespace with the test accounts. Use it in a `with`.

    user: runs the agent as this user instead of root.
    """

    def __init__(self, command, user=None, **options):
        script = SCRIPT
        wrap = []
        if user:
            # The agent creates its socket in its directory, which root owns.
            script = script.replace('exec "$@"', 'chown -R "$0" "$TMPDIR"\nexec "$@"')
            number = str(USERS[user])
            wrap = ["setpriv", "--reuid", number, "--regid", number, "--clear-groups"]
        first = str(USERS[user]) if user else "sh"
        options["environment"] = dict(options.get("environment", {}),
                                      KEEP=str(pathlib.Path(command).resolve().parent))
        self.agent = agents.Agent(command, unblocked=COMMANDS,
                                  wrap=["unshare", "-m", "sh", "-c", script, first] + wrap,
                                  **options)
        self.client = None

    def __enter__(self):
        self.agent.__enter__()
        try:
            self.client = self.agent.connect()
        except BaseException:
            self.agent.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        if self.client:
            self.client.close()
        self.agent.__exit__(None, None, None)

    def call(self, command, **arguments):
        return self.client.request({"execute": command, "arguments": arguments})

    @property
    def root(self):
        return pathlib.Path(f"/proc/{self.agent.process.pid}/root")

    def shell(self, script):
        """Runs a script as root in the directory of the homes."""
        subprocess.run(["sh", "-ec", script], cwd=self.root / HOMES, check=True,
                       stdin=subprocess.DEVNULL, timeout=agents.TIMEOUT)

    def run_as(self, user, *command):
        """Starts a program as a user in the agent's mount namespace."""
        number = str(USERS[user])
        return agents.spawn(["nsenter", f"--mount=/proc/{self.agent.process.pid}/ns/mnt",
                             "setpriv", "--reuid", number, "--regid", number, "--clear-groups",
                             *command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)

    def password_hash(self, user):
        for line in (self.root / "etc/shadow").read_text(encoding="latin-1").splitlines():
            fields = line.split(":")
            if fields[0] == user:
                return fields[1]
        return None

    def tree(self, directory=HOMES, excluding=()):
        """Everything below a directory: path -> (mode, uid, gid, content). Skips names in
        `excluding`, which another process may be changing."""
        found = {}
        top = str(self.root / directory)
        for parent, directories, files in os.walk(top):
            directories[:] = [name for name in directories if name not in excluding]
            for name in directories + files:
                path = os.path.join(parent, name)
                status = os.lstat(path)
                content = None
                if stat.S_ISLNK(status.st_mode):
                    content = os.readlink(path)
                elif stat.S_ISREG(status.st_mode):
                    content = pathlib.Path(path).read_bytes()
                found[path[len(top) + 1:]] = (oct(status.st_mode), status.st_uid, status.st_gid,
                                              content)
        return found


_crypt_lock = threading.Lock()  # crypt(3) is not thread-safe


def crypt(password, setting):
    """crypt(3), which Python has not had since 3.13."""
    name = ctypes.util.find_library("crypt")
    if not name:
        raise unittest.SkipTest("needs libcrypt")
    function = ctypes.CDLL(name).crypt
    function.restype = ctypes.c_char_p
    with _crypt_lock:
        return function(password, setting.encode()).decode()
