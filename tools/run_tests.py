#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs and counts the unit tests, conformance tests and tests in virtual machines of a build."""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
CONFORMANCE = ROOT / "tests" / "conformance"
VM = ROOT / "tests" / "vm"


class Count:
    """The numbers of passed, failed and skipped tests, and the reasons of failures and skips."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.failures = []
        self.skips = []


def skip_reason(case):
    """The reason of GTEST_SKIP(), from the test's output."""
    output = case.findtext("system-out") or ""
    found = re.search(r"Skipped\n(.*?)\n\n?\[", output, re.DOTALL)
    if found:
        return " ".join(found.group(1).split())
    skipped = case.find("skipped")
    return (skipped.get("message") if skipped is not None else None) or "no reason given"


def run_unit_tests(build, names, count):
    """Runs the build's unit tests with CTest. The other tests there are those of this program."""
    with tempfile.TemporaryDirectory() as directory:
        report = pathlib.Path(directory) / "report.xml"
        command = ["ctest", "--test-dir", str(build), "--output-on-failure", "--no-tests=ignore",
                   "--label-regex", "^unit$", "--parallel", str(os.cpu_count()),
                   "--output-junit", str(report)]
        if names:
            command += ["--tests-regex", "|".join(re.escape(name) for name in names)]
        subprocess.run(command, check=False)
        if not report.exists():
            count.failed += 1
            count.failures.append("ctest: wrote no report")
            return
        for case in ElementTree.parse(report).getroot().iter("testcase"):
            status = case.get("status")
            if status == "run":
                count.passed += 1
            elif case.find("skipped") is not None:
                count.skipped += 1
                count.skips.append(f"{case.get('name')}: {skip_reason(case)}")
            else:
                count.failed += 1
                count.failures.append(case.get("name"))


def chosen_files(directory, names):
    """The test files of a directory whose names contain one of `names`. A name that is a file's
    complete name chooses only this file."""
    files = sorted(directory.glob("*_test.py"))
    complete = {file.stem for file in files}
    return [file for file in files if not names or any(
        name == file.stem or (name in file.name and name not in complete) for name in names)]


def run_python_tests(directory, build, names, count, options=()):
    """Runs the Python tests of a directory, file by file."""
    environment = dict(os.environ, BELLHOPD=str(build / "src" / "bellhopd"),
                       BELLHOP=str(build / "client" / "bellhop"))
    for file in chosen_files(directory, names):
        print(f"== {file.relative_to(ROOT)}", flush=True)
        started = time.monotonic()
        process = subprocess.Popen([sys.executable, str(CONFORMANCE / "run.py"), *options,
                                    str(file)],
                                   env=environment, stdout=subprocess.PIPE, text=True)
        counted, before = False, len(count.failures)
        for line in process.stdout:
            print(line, end="", flush=True)
            numbers = re.fullmatch(r"(\d+) passed, (\d+) failed, (\d+) skipped\n?", line)
            if numbers:
                counted = True
                passed, failed, skipped = map(int, numbers.groups())
                count.passed += passed
                count.failed += failed
                count.skipped += skipped
            elif line.startswith("fail: "):
                count.failures.append(f"{file.stem}: {line[len('fail: '):].strip()}")
            elif line.startswith("skip: "):
                count.skips.append(line[len("skip: "):].strip())
        status = process.wait()
        print(f"{file.stem}: {time.monotonic() - started:.0f} s", flush=True)
        if not counted or (status != 0 and len(count.failures) == before):
            count.failed += 1
            count.failures.append(f"{file.stem}: exited with status {status}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--unit", action="store_true", help="the unit tests")
    parser.add_argument("--conformance", action="store_true", help="the conformance tests")
    parser.add_argument("--vm", action="store_true", help="the tests in virtual machines")
    parser.add_argument("--all", action="store_true", help="the long tests too")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    if options.all:  # some tests have a short and a long form
        os.environ.setdefault("BELLHOP_ALL", "1")
        os.environ.setdefault("BELLHOP_PAIRS", "2000")
        os.environ.setdefault("BELLHOP_STREAMS", "100000")
    build = (ROOT / options.build).resolve()

    count = Count()
    chosen = options.unit or options.conformance or options.vm
    if options.unit or not chosen:
        run_unit_tests(build, options.names, count)
    if options.conformance or not chosen:
        run_python_tests(CONFORMANCE, build, options.names, count)
    if options.vm or not chosen:
        run_python_tests(VM, build, options.names, count, [] if options.all else ["--short"])

    print()
    for failure in count.failures:
        print(f"failed: {failure}")
    for skip in count.skips:
        print(f"skipped: {skip}")
    if options.names and not count.passed + count.failed + count.skipped:
        print(f"no test has a name that contains {' or '.join(options.names)}")
    print(f"{count.passed} passed, {count.failed} failed, {count.skipped} skipped")
    return 1 if count.failed or not count.passed else 0


if __name__ == "__main__":
    sys.exit(main())
