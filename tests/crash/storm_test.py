"""kill -9 of brumed, and of QEMU, at random moments while instances are launched, stopped and terminated.

BRUME_CRASH_SEED repeats a run's choices (it is printed), BRUME_CRASH_KILLS says how often brumed is killed, 20 by default, and
BRUME_CRASH_QEMU_KILLS how often a guest's QEMU, 5 by default.
"""

import os
import random
import signal
import subprocess
import threading
import time
import unittest

from agreement import differences, guests_on
from conditions import wait_until
from guest import Guest
from harness import CliError, Host

LANES = 3  # that call at the same time


class Lane(threading.Thread):
    """Calls without end what a client might, and keeps book. A call that fails for want of a daemon is repeated."""

    def __init__(self, host, seed, stop):
        super().__init__(daemon=True)
        self.host = host
        self.random = random.Random(seed)
        self.stop = stop
        self.name_of_lane = f"lane-{seed}"
        self.launched = {}  # client token → ids of its reservation, in the order of the launch
        self.terminated = set()
        self.fault = None

    def run(self):
        try:
            while not self.stop.is_set():
                self.step()
        except Exception as error:  # shown by the test
            self.fault = error

    def step(self):
        alive = [id for ids in self.launched.values() for id in ids if id not in self.terminated]
        if len(alive) < 2 or (len(alive) < 3 and self.random.random() < 0.5):
            token = f"{self.name_of_lane}-{len(self.launched)}"
            count = self.random.choice((1, 1, 2))
            answer = self.call("run-instances", image_id=self.host.image_id, count=count, client_token=token)
            if answer is not None:
                self.launched[token] = [instance["InstanceId"] for instance in answer["Instances"]]
            return
        victim = self.random.choice(alive)
        action = self.random.choice(("terminate", "terminate", "stop", "start", "reboot"))
        options = {"force": True} if action == "stop" and self.random.random() < 0.7 else {}
        done = self.call(f"{action}-instances", instance_ids=[victim], **options)
        if action == "terminate" and done is not None:
            self.terminated.add(victim)

    def call(self, action, **arguments):
        """The answer; None when it was refused for its state or for want of room. Repeats the very call while there is no daemon."""
        while True:
            try:
                return self.host.api(action, **arguments)
            except CliError as error:
                if error.code in ("IncorrectInstanceState", "InsufficientInstanceCapacity"):
                    return None
                if error.code and error.code != "Unavailable":
                    raise
                if self.stop.wait(0.1):
                    return None


class StormTest(unittest.TestCase):
    def test_a_brumed_killed_at_any_moment_finishes_every_wish_and_leaves_nothing(self):
        seed = int(os.environ.get("BRUME_CRASH_SEED") or random.randrange(1 << 32))
        kills = int(os.environ.get("BRUME_CRASH_KILLS", "20"))
        qemu_kills = int(os.environ.get("BRUME_CRASH_QEMU_KILLS", "5"))
        print(f"\nBRUME_CRASH_SEED={seed} BRUME_CRASH_KILLS={kills} BRUME_CRASH_QEMU_KILLS={qemu_kills}", flush=True)
        chance = random.Random(seed)
        self.host = host = Host({"ec2": {"terminated_visible_seconds": 3600},
                                 "compute": {"shutdown_timeout_seconds": 5, "terminate_timeout_seconds": 0,
                                             "reboot_timeout_seconds": 3}})
        self.addCleanup(host.close)
        self.addCleanup(self.purge)
        host.start()
        host.prepare()
        canary = host.launch_ready()
        pid, boot = canary.qemu_pid(), canary.boot_id()

        stop = threading.Event()
        lanes = [Lane(host, seed + number, stop) for number in range(LANES)]
        self.addCleanup(stop.set)
        for lane in lanes:
            lane.start()
        try:
            victims = ["brumed"] * kills + ["qemu"] * qemu_kills
            chance.shuffle(victims)
            for victim in victims:
                time.sleep(chance.uniform(0.05, 2.5))  # the random moment
                if victim == "qemu":
                    kill_a_guest(host, canary, chance, lanes)
                else:
                    host.kill()
                    host.start()
                for lane in lanes:
                    if lane.fault:
                        raise lane.fault
        except Exception:
            print(host.diagnosis(), flush=True)
            raise
        finally:
            stop.set()
            for lane in lanes:
                lane.join()

        try:
            self.check(host, lanes, canary, pid, boot)
        except Exception:
            print(host.diagnosis(), flush=True)
            raise

    def check(self, host, lanes, canary, pid, boot):
        settled = ("running", "stopped", "terminated")
        wait_until(lambda: all(i["State"]["Name"] in settled for i in host.instances()), 120,
                   lambda: f"every instance to settle: {states(host)}", every=0.5)
        shown = {instance["InstanceId"]: instance for instance in host.instances()}
        for lane in lanes:
            for token, ids in lane.launched.items():
                of_token = [id for id, instance in shown.items() if instance.get("ClientToken") == token]
                self.assertEqual(sorted(of_token), sorted(ids), f"a token launches once: {token}")
            for id in lane.terminated:
                self.assertEqual(shown[id]["State"]["Name"], "terminated")
        wait_until(lambda: not differences(host), 30,
                   lambda: "rows and host to agree:\n  " + "\n  ".join(differences(host)), every=0.5)
        # Nobody touched the first guest, and it has not noticed.
        self.assertEqual((canary.qemu_pid(), canary.boot_id()), (pid, boot))
        # What runs by its row is a guest that answers.
        for id, instance in shown.items():
            if instance["State"]["Name"] == "running":
                wait_until(Guest(host, id).connects, 90, f"{id} to answer")
        said = subprocess.run(host.brume_argv("doctor"), capture_output=True, text=True).stdout
        self.assertNotIn("i-", said.replace(host.state_dir, ""), "orphans")
        print(f"{len(shown)} instances launched, {sum(len(lane.terminated) for lane in lanes)} terminated, "
              f"{sum(1 for i in shown.values() if i['State']['Name'] == 'running')} run at the end", flush=True)

    def purge(self):
        """The terminated were to stay visible for the checks; now they may go."""
        if self.host.running():
            self.host.kill()
        self.host.configure({"ec2": {"terminated_visible_seconds": 0}})
        self.host.start()


def kill_a_guest(host, canary, chance, lanes):
    """Not the canary's. Waits for one to be there."""
    def others():
        return sorted(pid for id, pids in guests_on(host).items() if id != canary.id for pid in pids)
    wait_until(lambda: others() or any(lane.fault for lane in lanes), 60, "a guest to kill")
    pids = others()
    if not pids:
        return  # it has ended meanwhile, or a lane has failed, which the caller sees
    try:
        os.kill(chance.choice(pids), signal.SIGKILL)
    except ProcessLookupError:
        pass  # it has ended meanwhile


def states(host):
    return {instance["InstanceId"]: instance["State"]["Name"] for instance in host.instances()}


if __name__ == "__main__":
    unittest.main()
