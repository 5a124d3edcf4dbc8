# SPDX-License-Identifier: Apache-2.0
"""The head of a report: the measured programs, the machine, the date and the table's columns."""

import os
import time

from harness import agents


def begin(*columns):
    """Prints the head of a report. Returns the two programs, bellhopd first."""
    programs = (agents.bellhopd(), agents.oracle(agents.SUITES[0]))
    for program in programs:
        kind, version = agents.version(program)
        print(f"{kind} {'.'.join(map(str, version))}")
    print(f"Linux {os.uname().release}, {os.uname().machine}, {os.cpu_count()} processors, "
          f"{time.strftime('%Y-%m-%d', time.gmtime())}\n")
    print("|".join(["", *(f" {column} " for column in columns), ""]))
    print("|".join(["", *("---" for _ in columns), ""]), flush=True)
    return programs
