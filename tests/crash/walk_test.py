"""A crash at every failpoint, those of every side effect among them, in lanes; BRUME_WALK_LANE names one.

By hand (tests/crash/walk): BRUME_WALK_TIMES walks each lane so often, BRUME_WALK_PAIRS crashes at two places of a life chosen at
random, one after the other, so often in each lane, by BRUME_WALK_SEED; BRUME_WALK_VERB=error and =delay:MS fail or wait instead of
crashing; BRUME_WALK_SINGLE lets each crash be made good before the next, and
BRUME_WALK_CALLS walks a place in the course of so many different calls, 1 otherwise.
"""

import os
import random
import re
import time
import unittest

from conditions import wait_until
from harness import Host
from lives import QUICK, Lives
from walking import Walker

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
# The lives of each lane, and the failpoints that stand alone in the source and are walked there, by how their names begin.
LANES = {"instance": (("walk_instance", "walk_memory"), ("instance.", "store.commit")),
         "network": (("walk_vpc", "walk_nat", "walk_interface"), ("network.", "instance.nic_")),
         "storage": (("walk_volume", "walk_image", "walk_encrypted_import", "walk_upload"),
                     ("volume.", "image.", "disks.", "instance.disk_")),
         "snapshot": (("walk_snapshot", "walk_export"), ("snapshot.", "export.", "store.written", "restore.", "disks.")),
         "group": (("walk_group", "walk_alarm", "walk_root"), ("scaling.", "alarm.", "instance.root_"))}
# An import's steps are passed by downloads of a server's, which is system_import's: it kills brumed in the midst of them.
# File systems are frozen where a guest has an agent, as in system_snapshot. A root volume goes back where a guest does not
# start from the new one: failpoint_test.
ELSEWHERE = ("import.", "guest.frozen", "instance.root_restored")
SECONDS = 5  # in which a brumed that was started again has made good what was under way


def failpoints_of_the_source():
    names = set()
    for folder in ("lib", "daemon"):
        for directory, _, files in os.walk(os.path.join(SOURCE, folder)):
            for file in files:
                if file.endswith(".cc"):
                    with open(os.path.join(directory, file)) as text:
                        names |= set(re.findall(r'Failpoint(?:s\(group, |\()"([^"]+)"\)', text.read()))
    return {name for name in names if not name.startswith(ELSEWHERE)}


class WalkTest(Lives, unittest.TestCase):
    def test_a_crash_at_every_failpoint_is_made_good_after_the_restart(self):
        lane = os.environ.get("BRUME_WALK_LANE", "")
        walked, cases = set(), 0
        for each in [lane] if lane else LANES:
            for _ in range(int(os.environ.get("BRUME_WALK_TIMES", "1"))):
                with self.subTest(lane=each):
                    places, crashes = self.walk_lane(each)
                    walked |= places
                    cases += crashes
        print(f"{cases} cases at {len(walked)} places", flush=True)
        if not lane:
            missed = failpoints_of_the_source() - {place.split("/")[-1] for place in walked}
            self.assertEqual(sorted(missed), [], "no crash there")

    def walk_lane(self, lane):
        """The places it died at, and how often it died."""
        self.host = host = Host(QUICK)
        verb = os.environ.get("BRUME_WALK_VERB", "crash")
        self.walker = Walker(host, verb, chained=verb == "crash" and os.environ.get("BRUME_WALK_SINGLE") is None)
        self.call, self.settle = self.walker.call, self.walker.settle
        try:
            return self.walk_on(host, lane)
        except Exception:
            print(host.diagnosis(), flush=True)
            raise
        finally:
            self.walker.disarm()
            host.close()

    def walk_on(self, host, lane):
        host.start()
        host.image_id = host.add_image()
        self.bundle = host.image(host.image_id)["ImageLocation"]
        self.assertEqual(host.stop(), 0)
        walker = self.walker
        began = time.monotonic()
        if lane == "network":
            walker.arm("start")
            walker.start()
        else:
            # What is passed at each start, the network lane goes to.
            walker.start()
            wait_until(lambda: " is in place: " in host.log(), 10, "the default VPC", every=0.02)
            walker.left_out = set(walker.lines("passed"))
        of_life = {}
        for name in LANES[lane][0]:
            since, deeds, before = time.monotonic(), walker.deeds(), set(walker.walked())
            lives = walker.walk(self.life(name))
            of_life[name] = sorted(set(walker.walked()) - before)
            print(f"{name}: {walker.deeds() - deeds} times, {lives} lives, {time.monotonic() - since:.1f} s", flush=True)
        walked = set(walker.walked())
        slow = sorted((each for each in walker.recoveries if each[0] > SECONDS), reverse=True)
        print(f"{lane}: {walker.verb} {walker.deeds()} times at {len(walked)} places, {time.monotonic() - began:.1f} s; "
              f"{len(slow)} of {len(walker.recoveries)} ways back took longer than {SECONDS} s: {slow[:5]}", flush=True)
        names = {place.split("/")[-1] for place in walked}
        missed = {name for name in failpoints_of_the_source() if name.startswith(LANES[lane][1]) and name not in names}
        print(f"{lane}: not walked here: {sorted(missed)}", flush=True)
        if os.environ.get("BRUME_WALK_LIST"):
            with open(os.environ["BRUME_WALK_LIST"], "a") as file:
                file.writelines(f"{lane} {place}\n" for place in sorted(walked))
        self.walk_pairs(of_life)
        return walked, walker.deeds()

    def life(self, name):
        life = getattr(self, name)
        return life if name != "walk_root" else lambda: life(refused=False)

    def walk_pairs(self, of_life):
        pairs = int(os.environ.get("BRUME_WALK_PAIRS", "0"))
        if pairs == 0:
            return
        seed = int(os.environ.get("BRUME_WALK_SEED") or random.randrange(1 << 32))
        print(f"BRUME_WALK_SEED={seed}", flush=True)
        chance = random.Random(seed)
        reached = [0, 0, 0]
        for _ in range(pairs):
            name = chance.choice([name for name, places in of_life.items() if len(places) > 1])
            before = self.walker.crashes
            self.walker.only = chance.sample(of_life[name], 2)
            self.life(name)()
            self.walker.disarm()
            reached[min(self.walker.crashes - before, 2)] += 1
        print(f"{pairs} pairs: {reached[2]} with both crashes, {reached[1]} with one, {reached[0]} with none", flush=True)


if __name__ == "__main__":
    unittest.main()
