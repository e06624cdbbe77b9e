"""A brumed that dies at one failpoint after the other while lives of resources go on; see lib/base/failpoint.h."""

import os
import time

from conditions import wait_until
from harness import CliError, DaemonDied

# A place is tried in the course of so many different calls: what comes back at each start, or with each write of a
# reconciler, is not tried anew for every call there is.
MAX_LABELS = int(os.environ.get("BRUME_WALK_CALLS", "1"))
# What a call is told whose failpoint was an error.
FAULTS = ("InternalError", "InternalFailure", "ServiceUnavailable", "ServiceFailure")


class Walker:
    """Arms failpoints before calls, starts brumed again when it died, and keeps book of both."""

    def __init__(self, host, verb="crash", chained=False):
        """`chained`: the next failpoint is armed as soon as brumed is started again, not with the next call."""
        self.host = host
        self.verb = verb
        self.chained = chained
        self.only = None  # places to act at, one after the other, instead of all
        self.directory = os.path.join(host.directory, "walk")
        os.makedirs(self.directory, exist_ok=True)
        self.label = "start"
        self.marks = set()  # lines of `done` of what is not to be done: places that have had their turns
        self.left_out = set()  # places that another walk goes to
        self.crashes = 0
        self.recoveries = []  # (seconds from the restart until all was well, the place it died at)
        self.revived = None

    def environment(self):
        return {"BRUME_FAILPOINT_WALK": self.directory}

    def lines(self, name):
        try:
            with open(os.path.join(self.directory, name)) as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []

    def walked(self):
        """{place: labels under which something was done there}"""
        found = {}
        for line in self.lines("done"):
            _, label, place = line.split(" ")
            if line not in self.marks:
                found.setdefault(place, set()).add(label)
        return found

    def deeds(self):
        return len([line for line in self.lines("done") if line not in self.marks])

    def arm(self, label=None):
        self.label = label or self.label
        place = "*"
        if self.only is not None:
            if not self.only:
                return
            place = self.only[0]
        else:
            enough = self.left_out | {place for place, labels in self.walked().items() if len(labels) >= MAX_LABELS}
            known = {line for line in self.lines("done") if line.startswith(f"{self.verb} {self.label} ")}
            with open(os.path.join(self.directory, "done"), "a") as done:
                for each in sorted(enough):
                    if f"{self.verb} {self.label} {each}" not in known:
                        done.write(f"{self.verb} {self.label} {each}\n")
                        self.marks.add(f"{self.verb} {self.label} {each}")
        draft = os.path.join(self.directory, "armed.new")
        with open(draft, "w") as file:
            file.write(f"{self.verb} {self.label} {place}\n")
        os.rename(draft, os.path.join(self.directory, "armed"))

    def disarm(self):
        try:
            os.unlink(os.path.join(self.directory, "armed"))
        except FileNotFoundError:
            pass

    def start(self):
        while True:
            self.host.spawn(environment=self.environment())
            try:
                wait_until(self.host.serves, 60, "brumed to serve", every=0.01)
                return
            except DaemonDied as died:
                self.note_crash(died.returncode)

    def note_crash(self, returncode):
        if returncode != -9:
            raise AssertionError(f"brumed ended with {returncode}: {self.host.log()[-1500:]}")
        self.crashes += 1
        if self.only:
            self.only.pop(0)
        self.revived = time.monotonic()
        if self.chained or self.only:
            self.arm()

    def revive(self):
        """Starts a daemon that has died. Whether it had."""
        # The connection breaks a moment before the process is seen dead.
        try:
            wait_until(lambda: not self.host.running(), 2, "brumed to be dead", every=0.01)
        except AssertionError:
            return False
        self.note_crash(self.host.daemon.returncode)
        self.start()
        return True

    def call(self, action, **arguments):
        """As a client that repeats its call when the daemon dies under it. None when what was to go had gone by an earlier try."""
        self.arm(action)
        tries = 0
        while True:
            tries += 1
            try:
                return self.host.api(action, **arguments)
            except CliError as error:
                if self.verb == "error" and error.code in FAULTS:
                    continue
                if tries > 1 and action.startswith("delete-") and error.code.endswith(("NotFound", "NotFoundException")):
                    return None
                if error.code not in ("", "Unavailable"):
                    raise
                if not self.revive() and error.code == "":
                    raise

    def settle(self, what, condition, seconds=60):
        def holds():
            if not self.host.running():
                self.revive()
            try:
                return condition()
            except CliError as error:
                if error.code not in ("", "Unavailable") and not (self.verb == "error" and error.code in FAULTS):
                    raise
                return False  # it has died under the question, or failed as it was told to
        wait_until(holds, seconds, lambda: f"{what}, last at {self.lines('done')[-1:]}; instances: {self.host.instances()}",
                   every=0.05)
        if self.revived is not None:
            self.recoveries.append((time.monotonic() - self.revived, self.lines("done")[-1]))
            self.revived = None

    def walk(self, life, rounds=40):
        """Lives the life until nothing new is met in it. How many lives that took."""
        for number in range(1, rounds + 1):
            before = self.deeds()
            life()
            self.disarm()
            if self.deeds() == before:
                return number
        raise AssertionError(f"{rounds} lives, and still something new: {self.lines('done')[-3:]}")
