# SPDX-License-Identifier: Apache-2.0
"""Passwords and authorized keys: bellhopd and the real qemu-ga, each with its own test accounts
(harness/user_accounts.py), give the same replies to the same requests and leave the same files."""

import re
import unittest

from harness import agents, user_accounts
from harness.agents import b64

GET = "guest-ssh-get-authorized-keys"
ADD = "guest-ssh-add-authorized-keys"
REMOVE = "guest-ssh-remove-authorized-keys"
PASSWORD = "guest-set-user-password"
FILE = "alice/.ssh/authorized_keys"
PATH = f"/{user_accounts.HOMES}/{FILE}"
SSH = f"/{user_accounts.HOMES}/alice/.ssh"
SUCCESS = {"return": {}}

# Initial states, left by an administrator or the user. Scripts that run in the directory of the
# homes; see script().
PREPARED = {
    "nothing": "",
    "an empty directory": "install -d -m 700 -o alice alice/.ssh",
    "comments and space": r"printf '# c\n\n  k1 x  \nk2\r\n\tk3\n'",
    "no final line feed": "printf 'k1\nk2'",
    "a key twice": r"printf 'k1\nk2\nk1\n'",
    "an empty file": "printf ''",
    "bytes that are no UTF-8": r"printf 'k\377\nk2\n'",
    "a file that all may write": "printf 'k1\n'; chmod 666 " + FILE,
    "a file of root's": "printf 'k1\n'; chown 0:0 " + FILE + "; chmod 644 " + FILE,
    "two names": "printf 'k1\n'; ln " + FILE + " alice/second",
    "directories of root's": "printf 'k1\n'; chown 0:0 alice alice/.ssh; chmod 777 alice/.ssh",
    "a directory that cannot be written": "printf 'k1\n'; chmod 500 alice/.ssh",
    "a file in place of the directory": "touch alice/.ssh",
    "a pipe in place of the directory": "mkfifo alice/.ssh",
    "a home that cannot be written": "chown 0:0 alice",
    "no home": "rmdir alice",
    "a file in place of the home": "rmdir alice; touch alice",
    "a home behind root's symbolic link": "mv alice there; ln -s there alice",
}

REQUESTS = (
    (ADD, {"keys": ["kz", "k1", "kz"]}),
    (GET, {}),
    (REMOVE, {"keys": ["k2", "kz"]}),
    (GET, {}),
    (ADD, {"keys": [""], "reset": False}),
    (REMOVE, {"keys": [""]}),
    (ADD, {"keys": ["k9", "k8"], "reset": True}),
    (GET, {}),
    (ADD, {"keys": [], "reset": True}),
    (GET, {}),
    (REMOVE, {"keys": []}),
)

INVALID = (
    (ADD, {"username": "alice", "keys": ["good", "#bad"]}),
    (ADD, {"username": "alice", "keys": ["a\nb"]}),
    (ADD, {"username": "no-such-user", "keys": ["#"]}),
    (REMOVE, {"username": "alice", "keys": ["a\nb"]}),
    (ADD, {"username": "alice", "keys": "k"}),
    (ADD, {"username": "alice"}),
    (ADD, {"username": "alice", "keys": [1]}),
    (GET, {"username": "alice", "keys": []}),
    (GET, {}),
)


def script(prepared):
    """The script of a prepared state. The output of a leading printf goes to authorized_keys."""
    if not prepared.startswith("printf"):
        return prepared
    content, _, rest = prepared.partition("; ")
    return (f"install -d -m 700 -o alice -g alice alice/.ssh; {content} >{FILE}; "
            f"chown alice:alice {FILE}; chmod 600 {FILE}; {rest}")


def with_numeric_owners(text):
    """The script with uids instead of user names: the machine does not know the test users."""
    for name, number in user_accounts.USERS.items():
        text = re.sub(rf"(-[og] |chown ){name}\b", rf"\g<1>{number}", text)
        text = re.sub(rf"(chown \d+):{name}\b", rf"\1:{number}", text)
    return text


def comparable(reply):
    """The reply without the random part of the temporary file's name."""
    if "error" in reply:
        reply["error"]["desc"] = re.sub(r"(authorized_keys)\.\w+", r"\1.NEW",
                                        reply["error"]["desc"])
    return reply


class AccountsTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        reason = user_accounts.reason_to_skip()
        if reason:
            self.skipTest(reason)

    def sandbox(self, command=None, **options):
        sandbox = user_accounts.AccountsSandbox(command or agents.bellhopd(), **options)
        self.addCleanup(sandbox.__exit__)
        return sandbox.__enter__()

    def sandboxes(self):
        real = agents.oracle("sid")
        return self.sandbox(), self.sandbox(real)

    def prepare(self, sandbox, prepared):
        sandbox.shell("rm -rf * && install -d -o 61001 -g 61001 alice")
        sandbox.shell(with_numeric_owners(script(prepared)))

    def error(self, reply):
        self.assertIn("error", reply)
        return reply["error"]["desc"]


class Keys(AccountsTest):
    def test_are_the_same_as_with_qemu_ga(self):
        mine, real = self.sandboxes()
        for name, prepared in PREPARED.items():
            for sandbox in (mine, real):
                self.prepare(sandbox, prepared)
            for number, (command, arguments) in enumerate(REQUESTS):
                with self.subTest(prepared=name, request=number, command=command):
                    replies = [comparable(sandbox.call(command, username="alice", **arguments))
                               for sandbox in (mine, real)]
                    self.assertEqual(*replies)
                    self.assertEqual(mine.tree(), real.tree())

    def test_invalid_requests_have_the_same_errors(self):
        mine, real = self.sandboxes()
        for command, arguments in INVALID:
            with self.subTest(command=command, arguments=arguments):
                self.assertEqual(mine.call(command, **arguments), real.call(command, **arguments))
        self.assertEqual(mine.tree(), real.tree())

    def test_of_a_user_without_a_home(self):
        mine, real = self.sandboxes()
        for command, arguments in REQUESTS:
            self.assertEqual(mine.call(command, username="homeless", **arguments),
                             real.call(command, username="homeless", **arguments))

    def test_of_an_unknown_user(self):
        # compatibility.md: unknown-user
        sandbox = self.sandbox()
        for command, arguments in ((GET, {}), (ADD, {"keys": ["k"]}), (REMOVE, {"keys": ["k"]})):
            for name in ("no-such-user", "", "al\nice", "alice\0"):
                self.assertEqual(self.error(sandbox.call(command, username=name, **arguments)),
                                 f"failed to lookup user '{name}': there is no such user")


class UnsafeFiles(AccountsTest):
    """Where bellhopd differs from qemu-ga (compatibility.md: planted-links, unreadable-keys,
    zero-bytes)."""

    def refused(self, sandbox, prepared, reason, commands=(GET, ADD, REMOVE)):
        self.prepare(sandbox, prepared)
        before = sandbox.tree()
        for command in commands:
            arguments = {} if command == GET else {"keys": ["kz"]}
            self.assertEqual(self.error(sandbox.call(command, username="alice", **arguments)),
                             f"failed to read '{PATH}': {reason}", prepared)
        self.assertEqual(sandbox.tree(), before)

    def test_links_are_not_followed(self):
        sandbox = self.sandbox()
        sandbox.shell("install -d -o 61002 bob")
        link = "it is a symbolic link"
        for target in ("/etc/shadow", "/etc/passwd", "../other", "nowhere"):
            self.refused(sandbox, f"printf 'k1\n'; mv {FILE} alice/other; ln -s {target} {FILE}",
                         link)
            reply = sandbox.call(ADD, username="alice", keys=["k2"], reset=True)
            self.assertEqual(reply, SUCCESS)
            tree = sandbox.tree()
            self.assertEqual(tree[FILE], ("0o100600", 61001, 61001, b"k2"))
            self.assertEqual(tree["alice/other"][3], b"k1\n")
        for target in ("/etc", "real", "../bob", "nowhere"):
            self.refused(sandbox, f"printf 'k1\n'; mv alice/.ssh alice/real; mkdir -m 777 bob; "
                         f"ln -s {target} alice/.ssh", f"'{SSH}': {link}")
            before = sandbox.tree()
            self.assertEqual(self.error(sandbox.call(ADD, username="alice", keys=[], reset=True)),
                             f"failed to write to '{PATH}': '{SSH}': {link}")
            self.assertEqual(sandbox.tree(), before)

    def test_files_of_others_are_not_read(self):
        sandbox = self.sandbox()
        self.refused(sandbox, "printf 'k1\n'; chown 61002 " + FILE + "; chmod 644 " + FILE,
                     "it belongs to somebody else")
        self.refused(sandbox, "printf 'k1\n'; chown 61002 alice/.ssh; chmod 777 alice/.ssh",
                     f"'{SSH}': it belongs to somebody else")
        self.refused(sandbox, "printf 'k1\n'; chown 61002 alice; chmod 777 alice",
                     f"'/{user_accounts.HOMES}/alice': it belongs to somebody else")
        self.refused(sandbox, "printf 'k1\n'; chown 0 " + FILE + "; chmod 644 " + FILE
                     + "; ln " + FILE + " other", "it is another name of a file of root's")

    def test_pipes_are_not_waited_for(self):
        sandbox = self.sandbox()
        self.refused(sandbox, f"printf ''; rm {FILE}; mkfifo {FILE}; chown 61001 {FILE}",
                     "it is not a regular file")

    def test_keys_that_cannot_be_read_are_not_lost(self):
        sandbox = self.sandbox()
        denied = f"Failed to open file “{PATH}”: Permission denied"
        self.refused(sandbox, f"printf 'k1\n'; chmod 0 {FILE}", denied)
        self.refused(sandbox, f"printf 'k1\n'; chown 0 {FILE}", denied)
        self.refused(sandbox, "chmod 0 alice", denied)
        self.refused(sandbox, f"printf ''; rm {FILE}; mkdir {FILE}",
                     f"Error reading file “{PATH}”: Is a directory")

    def test_keys_behind_a_zero_byte_are_not_lost(self):
        sandbox = self.sandbox()
        self.prepare(sandbox, r"printf 'k1\0x\nk2'")
        self.assertEqual(sandbox.call(ADD, username="alice", keys=["k3"]), SUCCESS)
        self.assertEqual(sandbox.tree()[FILE][3], b"k1\0x\nk2\nk3")
        self.assertEqual(sandbox.call(GET, username="alice"),
                         {"return": {"keys": ["k3", "k2", "k1\0x"]}})

    def test_a_full_disk_costs_no_keys(self):
        sandbox = self.sandbox()
        self.prepare(sandbox, "printf 'k1\n'; head -c 2000000 /dev/zero >fill 2>/dev/null || true")
        before = sandbox.tree()
        self.assertEqual(self.error(sandbox.call(ADD, username="alice", keys=["k" * 5000])),
                         f"failed to write to '{PATH}': No space left on device")
        self.assertEqual(sandbox.tree(), before)

    def test_a_user_who_keeps_swapping_files_gains_nothing(self):
        sandbox = self.sandbox()
        self.prepare(sandbox, "printf 'k1\n'")
        sandbox.shell("install -d -m 777 -o 61002 bob; echo secret >bob/authorized_keys; "
                      "chmod 666 bob/authorized_keys")
        def others():
            return {"homes": sandbox.tree(excluding=("alice",)), "etc": sandbox.tree("etc")}
        before = others()
        # Alice may write to bob's file herself, and the agent may have renamed her link to
        # authorized_keys. So her own writes go to new files only.
        racer = sandbox.run_as("alice", "sh", "-c", f"cd /{user_accounts.HOMES}/alice" + """
            while :; do
              mv .ssh old; ln -s ../bob .ssh; rm .ssh; mv old .ssh
              ln -sf ../../bob/authorized_keys .ssh/authorized_keys
              for new in .ssh/authorized_keys.*; do ln -sf ../../bob/authorized_keys "$new"; done
              ln -sf /etc/passwd .ssh/authorized_keys; rm .ssh/authorized_keys
              mv .ssh old; ln -s /etc .ssh; rm .ssh; mv old .ssh
              echo k1 >mine; mv mine .ssh/authorized_keys
            done""")
        try:
            for number in range(100):
                read = sandbox.call(GET, username="alice")
                for key in read.get("return", {}).get("keys", []):
                    self.assertRegex(key, r"k\d+")
                sandbox.call(ADD, username="alice", keys=[f"k{number}"])
                sandbox.call(ADD, username="alice", keys=["k1"], reset=True)
                sandbox.call(REMOVE, username="alice", keys=["k1"])
        finally:
            racer.kill()
            racer.wait()
        self.assertEqual(others(), before)


class Unprivileged(AccountsTest):
    """An agent that is not root (compatibility.md: own-account)."""

    def test_manages_the_keys_of_its_own_user_only(self):
        sandbox = self.sandbox(user="bob")
        self.assertEqual(sandbox.call(ADD, username="bob", keys=["k"]), SUCCESS)
        self.assertEqual(sandbox.call(GET, username="bob"), {"return": {"keys": ["k"]}})
        self.assertEqual(sandbox.call(REMOVE, username="bob", keys=["k"]), SUCCESS)
        for user in ("alice", "root"):
            self.assertEqual(self.error(sandbox.call(GET, username=user)),
                             f"failed to set group for user '{user}': Operation not permitted")

    def test_cannot_set_passwords(self):
        sandbox = self.sandbox(user="bob")
        reply = sandbox.call(PASSWORD, username="bob", password=b64(b"new"), crypted=False)
        self.assertIn("child process has failed to set user password: ", self.error(reply))
        self.assertEqual(sandbox.password_hash("bob"), "!")


class Passwords(AccountsTest):
    REQUESTS = (
        ("alice", b64(b"hello"), False),
        ("bob", b64("pässwörd: with colon".encode()), False),
        ("alice", b64(b"$6$abc$made.elsewhere"), True),
        ("alice", b64(b""), True),
        ("alice", b64(b""), False),
        ("alice", b64(b"a\nb"), False),
        ("alice", b64(b"a\n"), True),
        ("no-such-user", b64(b"hello"), False),
        ("no-such-user", b64(b"$6$abc"), True),
        ("", b64(b"hello"), False),
        ("alice:x", b64(b"hello"), False),
        ("alice\nbob", b64(b"hello"), False),
        ("alice:x", b64(b"a\nb"), False),
        (" alice", b64(b"hello"), False),
        ("alice", "!!!", False),
        ("alice:x", "!!!", False),
        ("alice", "aGVsbG8", False),
        ("alice", "aGVs bG8=", False),
        ("alice", "", False),
        ("alice", b64(b"x" * 5000), False),
        ("alice", b64(b"x" * 200000), True),
    )

    def test_have_the_same_replies_as_with_qemu_ga(self):
        mine, real = self.sandboxes()
        for user, password, crypted in self.REQUESTS:
            with self.subTest(user=user, password=password[:40], crypted=crypted):
                arguments = {"username": user, "password": password, "crypted": crypted}
                before = [mine.password_hash(name) for name in ("alice", "bob")]
                reply = mine.call(PASSWORD, **arguments)
                self.assertEqual(reply, real.call(PASSWORD, **arguments))
                if reply != SUCCESS:
                    after = [mine.password_hash(name) for name in ("alice", "bob")]
                    self.assertEqual(after, before)
                elif crypted:
                    self.assertEqual(mine.password_hash("alice"), real.password_hash("alice"))

    def test_are_set(self):
        sandbox = self.sandbox()
        for password in (b"hello", b"with: colon", "pässwörd".encode(), b"\xff\xfe"):
            reply = sandbox.call(PASSWORD, username="alice", password=b64(password), crypted=False)
            self.assertEqual(reply, SUCCESS)
            hashed = sandbox.password_hash("alice")
            self.assertEqual(user_accounts.crypt(password, hashed), hashed)
            self.assertNotEqual(user_accounts.crypt(password + b"x", hashed), hashed)
            self.assertEqual(sandbox.password_hash("bob"), "!")

    def test_are_set_where_the_search_path_lacks_chpasswd(self):
        # compatibility.md: chpasswd-path
        for path in ("/nonexistent", "/usr/bin:/bin"):
            sandbox = self.sandbox()
            sandbox.__exit__()
            narrow = user_accounts.AccountsSandbox(agents.bellhopd())
            narrow.agent.wrap[3] = narrow.agent.wrap[3].replace(
                'exec "$@"', f'export PATH={path}\nexec "$@"')
            with narrow:
                reply = narrow.call(PASSWORD, username="alice", password=b64(b"new"),
                                    crypted=False)
                self.assertEqual(reply, SUCCESS)
                hashed = narrow.password_hash("alice")
                self.assertEqual(user_accounts.crypt(b"new", hashed), hashed)

    def test_with_a_zero_byte_are_refused(self):
        # compatibility.md: password-zero-byte
        sandbox = self.sandbox()
        for crypted in (False, True):
            reply = sandbox.call(PASSWORD, username="alice", password=b64(b"a\0b"), crypted=crypted)
            self.assertEqual(self.error(reply), "forbidden characters in raw password")
        self.assertEqual(sandbox.password_hash("alice"), "!")

    def test_are_not_logged(self):
        sandbox = self.sandbox(options=("-v",))
        sandbox.call(PASSWORD, username="alice", password=b64(b"secret-word"), crypted=False)
        sandbox.call(PASSWORD, username="no-such-user", password=b64(b"secret-word"), crypted=False)
        log = sandbox.agent.log()
        self.assertNotIn("secret-word", log)
        self.assertNotIn(b64(b"secret-word"), log)


if __name__ == "__main__":
    unittest.main()
