#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs test files, several tests concurrently, and counts them.

usage: run.py [-k PART] [--short] FILE…      PART: only tests whose name contains it
--short: only tests that are marked as `short`.
For each file it prints the full text of each failure, then one line per test that did not pass,
`fail: name: reason` or `skip: name: reason`, then `N passed, N failed, N skipped`.
BELLHOP_JOBS: how many tests run concurrently (default: the number of processors).
Class and module fixtures are not supported: any tests may run at the same time.
A file that defines SKIPPED is a separate program: it prepares its environment and runs its tests
with unittest.main(verbosity=2). If it cannot, it prints the reason and exits with that status.

Tests import their helper modules from the package `harness`. It has no __init__.py and so spans two
directories: tests/conformance/harness, and tests/vm/harness for tests in virtual machines.
"""

import argparse
import concurrent.futures
import importlib.util
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

_printing = threading.Lock()


def load(path):
    sys.path.insert(0, str(path.parent))  # for the harness directory beside the file
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def reason_of(failure):
    """The exception of a traceback in one line; for other text its first line."""
    lines = failure.strip().splitlines()
    for number in reversed(range(len(lines))):
        if lines[number].startswith('  File "'):
            lines = [line for line in lines[number:] if not line.startswith(" ")]
            break
    return lines[0][:500] if lines else "no reason given"


def run_program(path, part, skipped_status):
    """Runs a file that is a separate program. Returns results like those of run_test()."""
    command = [sys.executable, str(path)] + (["-k", part] if part else [])
    process = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, check=False)
    if process.returncode == skipped_status:
        reason = process.stdout.strip().splitlines()[-1:] or ["no reason given"]
        return [(path.stem, [], reason[0].removeprefix("skipped: "))]
    tracebacks = dict(re.findall(r"^(?:ERROR|FAIL): (\w+) .*\n(?:.*\n)??-{70}\n((?:.+\n)+)",
                                 process.stdout, re.MULTILINE))
    results = []
    for name, outcome in re.findall(r"^(\w+) \(.*?\)(?:\n.*?)?? \.\.\. (.*)$", process.stdout,
                                    re.MULTILINE):
        reason = re.fullmatch(r"skipped ['\"](.*)['\"]", outcome)
        passed = outcome == "ok"
        results.append((name, [] if passed or reason else [tracebacks.get(name, outcome)],
                        reason.group(1) if reason else None))
    if process.returncode and not any(failures for _, failures, _ in results):
        last = "".join(process.stdout.strip().splitlines()[-1:])
        results.append((path.stem, [f"exited with status {process.returncode}: {last}"], None))
    if process.returncode:
        print(f"FAILED {path.name}\n{process.stdout}", flush=True)
    return results


def tests_of(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from tests_of(test)
        else:
            yield test


def name_of(test):
    return test.id().split(".", 1)[-1]


def run_test(test):
    """Runs one test. Returns (name, failures, skip reason)."""
    result = unittest.TestResult()
    started = time.monotonic()
    test.run(result)
    failures = [text for _, text in result.failures + result.errors]
    reason = result.skipped[0][1] if result.skipped and not failures else None
    with _printing:
        if failures:
            print(f"FAILED {name_of(test)} after {time.monotonic() - started:.1f} s\n"
                  + "\n".join(failures), flush=True)
    return name_of(test), failures, reason


def has_mark(test, mark):
    """Whether a test's method has a mark, an attribute set by a decorator."""
    return getattr(getattr(test, getattr(test, "_testMethodName", ""), None), mark, False)


def run_file(path, part, jobs, short):
    try:
        module = load(path)
        tests = unittest.defaultTestLoader.loadTestsFromModule(module)
    except Exception as error:  # a file that cannot be loaded counts as a failed test
        print(f"fail: {path.name}: {type(error).__name__}: {error}")
        print("0 passed, 1 failed, 0 skipped", flush=True)
        return 1
    if hasattr(module, "SKIPPED"):
        results = run_program(path, part, module.SKIPPED)
    else:
        tests = [test for test in tests_of(tests)
                 if part in test.id() and (has_mark(test, "short") or not short)]
        # Long tests first, so that they do not run alone at the end.
        tests.sort(key=lambda test: not has_mark(test, "long"))
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            results = list(pool.map(run_test, tests))
    skips = [(name, reason) for name, _, reason in results if reason is not None]
    failures = [(name, reason_of(texts[0])) for name, texts, _ in results if texts]
    failed = len(failures)
    for name, reason in failures:
        print(f"fail: {name}: {reason}")
    for name, reason in skips:
        print(f"skip: {name}: {reason}")
    print(f"{len(results) - failed - len(skips)} passed, {failed} failed, {len(skips)} skipped",
          flush=True)
    return failed


def reset_ignored_signals():
    """Restores the signals that nohup(1) and shells ignore for background programs. The agents and
    their child processes would inherit that."""
    for number in (signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("-k", default="", metavar="PART")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    reset_ignored_signals()
    jobs = int(os.environ.get("BELLHOP_JOBS") or os.cpu_count() or 2)
    failed = sum(run_file(path.resolve(), options.k, jobs, options.short) for path in options.files)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
