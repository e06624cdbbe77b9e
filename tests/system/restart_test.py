"""brumed ends and comes back; its guests notice nothing."""

import re
import signal
import subprocess
import unittest

from conditions import wait_until
from guest import ping
from harness import HostTest

INTERVAL = 0.2


class Pinging:
    """Pings an address all the time; stop() returns how many requests had no answer, and how many there were."""

    def __init__(self, address):
        self.process = subprocess.Popen(["ping", "-n", "-q", "-i", str(INTERVAL), address], stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        said, _ = self.process.communicate(timeout=10)
        found = re.search(r"(\d+) packets transmitted, (\d+) received", said)
        assert found, said
        return int(found[1]) - int(found[2]), int(found[1])


class RestartTest(HostTest):
    as_unit = True
    def setUp(self):
        if not self.host.running():
            self.host.start()

    @classmethod
    def prepare(cls):
        cls.guest, cls.peer = cls.host.launch_ready(2)

    def restart_while_pinging(self, end):
        address, pid, boot = self.guest.public_ip, self.guest.qemu_pid(), self.guest.boot_id()
        pinging = Pinging(address)
        try:
            end()
            self.assertIsNotNone(self.guest.qemu_pid(), "the guest goes on without brumed")
            self.host.start()
            # It serves: reads, writes, and new guests.
            self.assertEqual(self.guest.state, "running")
            third = self.host.launch_ready()
            third.terminate()
            third.wait_state("terminated")
        finally:
            lost, sent = pinging.stop()
        self.assertEqual(self.guest.qemu_pid(), pid)
        self.assertEqual(self.guest.boot_id(), boot)
        self.assertGreater(sent, 10)
        # The last request may still be on its way.
        self.assertLessEqual(lost, 1, f"{lost} of {sent} pings were lost")
        self.assertEqual(self.peer.state, "running")

    def test_a_clean_restart_interrupts_no_guest(self):
        def end():
            self.assertEqual(self.host.stop(), 0)
        self.restart_while_pinging(end)

    def test_a_killed_brumed_interrupts_no_guest(self):
        self.restart_while_pinging(self.host.kill)

    def test_a_second_brumed_on_the_same_state_is_refused_and_harms_nothing(self):
        code, said = self.host.run_to_end()
        self.assertNotEqual(code, 0)
        self.assertIn("another brumed runs on the state directory", said)
        self.assertEqual(self.guest.state, "running")
        self.assertTrue(self.guest.pings())

    def test_removing_the_host_state_is_refused_while_guests_run(self):
        address = self.guest.public_ip
        self.host.stop()
        code, said = self.host.run_to_end("--remove-host-state")
        alive = ping(address)
        self.host.start()
        self.assertNotEqual(code, 0)
        self.assertIn("stop them first", said)
        self.assertTrue(alive)
        self.assertTrue(self.guest.pings())

    def test_rules_changed_before_a_kill_hold_after_it(self):
        self.host.close_port("icmp", "all")
        self.host.kill()
        self.host.start()
        wait_until(lambda: not self.guest.pings(), 10, "silence")
        self.host.open_port("icmp", "all")
        wait_until(self.guest.pings, 10, "an answer")

    def test_sessions_outlive_a_restart(self):
        with subprocess.Popen([*self.guest.ssh_argv(), "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True, bufsize=1) as session:
            session.stdin.write("before\n")
            self.assertEqual(session.stdout.readline(), "before\n")
            self.host.kill()
            self.host.start()
            self.host.api("describe-instances")
            session.stdin.write("after\n")
            self.assertEqual(session.stdout.readline(), "after\n")
            session.stdin.close()

    def test_a_stop_and_a_termination_asked_for_before_a_kill_complete_after_it(self):
        guests = self.host.launch_ready(2)
        guests[0].stop()
        guests[1].terminate()
        self.host.kill()
        self.host.start()
        guests[0].wait_state("stopped", 90)
        guests[1].wait_state("terminated", 60)
        guests[0].terminate()


if __name__ == "__main__":
    unittest.main()
