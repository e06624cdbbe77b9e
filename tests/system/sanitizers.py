"""What the sanitizers a program was built with have to say. Costs nothing, and finds nothing, in a build without them."""

import glob
import os
import re

_REPORT = re.compile(r"^.*(?:(?:ERROR|WARNING|FATAL): \w+Sanitizer|runtime error: ).*$", re.MULTILINE)
_LINES = 60


def environment(path):
    """The variables, as words of env(1), that have reports written to `path`.PID, whoever reads standard error.

    GCC 12's UBSan beside ASan keeps to standard error all the same; what it says there is for reports_in().
    """
    words = []
    for name in ("ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"):
        words.append(f"{name}={os.environ.get(name, '')}:log_path={path}")
    return words


def reports_in(text):
    """The reports in what a program said, each with what follows it."""
    found = []
    end = 0
    for match in _REPORT.finditer(text):
        if match.start() < end:
            continue
        report = "\n".join(text[match.start():].splitlines()[:_LINES])
        end = match.start() + len(report)
        found.append(report)
    return found


def reports_of(path):
    """The reports written because of environment(path). Every such file is one, whatever it says."""
    found = []
    for name in sorted(glob.glob(glob.escape(path) + ".*")):
        with open(name, errors="replace") as file:
            found.append("\n".join(file.read().splitlines()[:_LINES]))
    return found
