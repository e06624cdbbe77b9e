"""What the lints share: the files of the tree, and reporting in the form FILE:LINE: what is wrong."""

import json
import os
import re
import sys

SKIPPED = {".git", "build", "__pycache__"}  # .git is a file in a linked work tree
CPP = (".h", ".cc")


def root_from_arguments():
    """The tree to look at: the first argument, else the one this file is in."""
    if len(sys.argv) > 1:
        return os.path.abspath(sys.argv[1])
    return os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def files(root, suffixes=None, below=("",)):
    """Paths relative to root, sorted; with suffixes: only those. Links are not followed."""
    found = []
    for start in below:
        for directory, names, entries in os.walk(os.path.join(root, start)):
            names[:] = [name for name in names if name not in SKIPPED]
            for entry in set(entries) - SKIPPED:
                path = os.path.join(directory, entry)
                if not os.path.islink(path) and (suffixes is None or entry.endswith(suffixes)):
                    found.append(os.path.relpath(path, root))
    return sorted(set(found))


def compile_commands(build):
    """The absolute path of each file compiled there, and the command. A unit of several files is known by its parts."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        entries = json.load(file)
    commands = {}
    for entry in entries:
        path = os.path.realpath(os.path.join(entry.get("directory", build), entry["file"]))
        parts = [path]
        if re.search(r"/Unity/unity_[^/]*$", path):
            with open(path, encoding="utf-8") as unit:
                parts = re.findall(r'^#include "([^"]+)"$', unit.read(), flags=re.MULTILINE)
        commands.update((part, entry["command"]) for part in parts)
    return commands


def read(root, path):
    """The file's text; None when it is not text."""
    with open(os.path.join(root, path), "rb") as file:
        data = file.read()
    try:
        return None if b"\0" in data else data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def blank_comments_and_strings(text):
    """C++ with the contents of comments, string and character literals replaced by blanks, lines kept."""

    def blank(match):
        token = match.group(0)
        if token[0] in "\"'" or token.startswith("R\""):
            return '"' + re.sub(r"[^\n]", " ", token[1:-1]) + '"'
        return re.sub(r"[^\n]", " ", token)

    # A quote between digits separates them: 1'000.
    pattern = r"""//[^\n]*|/\*.*?\*/|R"([^(\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'"""
    return re.sub(pattern, blank, text, flags=re.DOTALL)


def end_of_block(text, opening):
    """The index behind the brace that closes the one at `opening`, in blanked text."""
    depth = 0
    for index in range(opening, len(text)):
        if text[index] == "{":
            depth += 1
        elif text[index] == "}":
            depth -= 1
            if depth == 0:
                return index + 1
    return len(text)


class Report:
    """Collects faults; finish() prints them and ends the process, as failed also when the caller says so."""

    def __init__(self):
        self._faults = []

    def fault(self, path, line, text):
        self._faults.append(f"{path}:{line}: {text}")

    def finish(self, failed=False):
        for fault in self._faults:
            print(fault)
        sys.exit(1 if self._faults or failed else 0)
