# SPDX-License-Identifier: Apache-2.0
"""The output of the demonstration."""

import os
import sys
import textwrap

WIDTH = 98
STYLES = {"title": "1", "request": "36", "reply": "32", "note": "2"}


def show(text, style="", indent="", first=None):
    """Prints a paragraph, in colour on a terminal. first: the indent of its first line."""
    lines = textwrap.wrap(text, WIDTH, initial_indent=indent if first is None else first,
                          subsequent_indent=indent, break_on_hyphens=False)
    colour = style in STYLES and sys.stdout.isatty() and "NO_COLOR" not in os.environ
    for line in lines:
        print(f"\033[{STYLES[style]}m{line}\033[0m" if colour else line, flush=True)


def title(text):
    print()
    show(text, "title")


def note(text):
    show(text, "note", indent="     ")


def shortened(value):
    """A JSON value whose long strings and lists are truncated."""
    if isinstance(value, str) and len(value) > 72:
        return f"{value[:36]}… ({len(value):,} characters)"
    if isinstance(value, list):
        rest = [f"… ({len(value)} in all)"] if len(value) > 8 else []
        return [shortened(element) for element in value[:2 if rest else 8]] + rest
    if isinstance(value, dict):
        return {name: shortened(member) for name, member in value.items()}
    return value
