"""The commands in README.md and the guides, as a reader types them.

A block of commands is one that is indented by four spaces. `<!-- not run: WHY -->` above it takes it out. What stands between
fences is shown, not run.
"""

import functools
import os
import re
import shlex

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NOT_RUN = re.compile(r"<!-- not run: (\S.*) -->")


def read(name):
    with open(os.path.join(ROOT, name)) as file:
        return file.read()


def blocks(text, skipped=False):
    """(line number, lines) of each block of commands that is run; with `skipped`, of those that are not."""
    found, block, first, fenced, not_run = [], [], 0, False, False
    for number, line in enumerate([*text.splitlines(), "", "end"], 1):
        if line.startswith("```"):
            fenced = not fenced
        if not fenced and line.startswith("    "):
            first = first or number
            block.append(line[4:])
        elif block and line:
            if not_run == skipped:
                found.append((first, block))
            block, first, not_run = [], 0, False
        elif block:
            block.append("")
        if line and not line.startswith("    "):
            not_run = NOT_RUN.fullmatch(line) is not None
    return found


def _is_whole(command):
    if command.endswith(("\\", "|")):
        return False
    try:
        shlex.split(command)
    except ValueError:  # a quotation is open
        return False
    return True


def _commands(first, lines):
    """(line number, command) of a block's."""
    command, start = "", first
    for number, line in enumerate(lines, first):
        start = start if command else number
        command += "\n" + line if command else line
        if command and _is_whole(command):
            yield start, command
            command = ""
    assert not command, f"line {start} begins a command that has no end: {command}"


def commands(text):
    """(line number, command) of every command that is run; a command may have several lines."""
    return [found for first, lines in blocks(text) for found in _commands(first, lines)]


def first_tour():
    """The commands of README's two blocks of the tour: the short ones, and EC2's."""
    found = [[command for _, command in _commands(first, lines)] for first, lines in blocks(read("README.md"))]
    begin = next(index for index, block in enumerate(found) if block[0].startswith("brume launch"))
    return found[begin:begin + 2]


@functools.cache
def _anchors(name):
    """Those that a document's headings have, and those it sets itself."""
    text = read(name)
    titles = (re.sub(r"[`*]|\]\([^)]*\)|\[", "", title).lower() for title in re.findall(r"(?m)^#+ (.*)$", text))
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles} | set(re.findall(r'<a (?:id|name)="([^"]+)"', text))


def broken_links():
    """(document, link) of every link to a file, or a heading, that is not there."""
    found = []
    for name in ["README.md", *(os.path.join("docs", name) for name in os.listdir(os.path.join(ROOT, "docs")) if name.endswith(".md"))]:
        for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"(?s)```.*?```", "", read(name))):
            path, _, anchor = link.partition("#")
            target = os.path.normpath(os.path.join(os.path.dirname(name), path)) if path else name
            if ":" in link:
                continue  # of another site
            there = os.path.exists(os.path.join(ROOT, target))
            if not there or anchor and target.endswith(".md") and anchor not in _anchors(target):
                found.append((name, link))
    return found
