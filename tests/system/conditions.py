"""Waiting for a condition instead of sleeping."""

import time


class NotInTime(AssertionError):
    pass


def wait_until(condition, seconds, what, every=0.1):
    """Returns the first true value of condition(); NotInTime names `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            said = what() if callable(what) else what
            raise NotInTime(f"waited {seconds} s in vain for {said}")
        time.sleep(every)
