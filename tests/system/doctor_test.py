"""What brumed reckons with and reports of the host it runs on. No guest is started."""

import subprocess
import unittest

from conditions import wait_until
from harness import Host, HostTest


def nft(*words):
    subprocess.run(["nft", *words], check=True)


def memory_mib():
    with open("/proc/meminfo") as file:
        return int(next(line.split()[1] for line in file if line.startswith("MemTotal:"))) // 1024


class FirewallTest(HostTest):
    config = {"network": {"uplink": "auto", "pass_firewalls": False}}
    ready = False

    def faults(self):
        done = subprocess.run(self.host.brume_argv("doctor"), capture_output=True, text=True, timeout=60)
        return [line for line in done.stdout.splitlines() if line.startswith("FAULT")], done.stdout

    def test_a_firewall_that_drops_what_guests_forward_is_named_with_its_fix(self):
        faults, said = self.faults()
        self.assertFalse([line for line in faults if "firewall" in line], said)
        nft("add table ip filter")
        self.addCleanup(nft, "delete", "table", "ip", "filter")
        nft("add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }")
        faults, said = self.faults()
        (fault,) = [line for line in faults if "firewall" in line]
        self.assertIn("ip filter FORWARD", fault)
        self.assertIn("iptables -I DOCKER-USER -i bmv+ -j ACCEPT", said)
        nft('add rule ip filter FORWARD iifname "bmv*" counter accept')
        nft('add rule ip filter FORWARD oifname "bmv*" counter accept')
        faults, said = self.faults()
        self.assertFalse([line for line in faults if "firewall" in line], said)


class PassedFirewallTest(HostTest):
    config = {"network": {"uplink": "auto"}}
    ready = False

    def test_a_firewall_that_comes_while_brumed_runs_is_told_to_let_guests_pass(self):
        nft("add table ip filter")
        self.addCleanup(nft, "delete", "table", "ip", "filter")
        nft("add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }")

        def passes():
            done = subprocess.run(self.host.brume_argv("doctor"), capture_output=True, text=True, timeout=60)
            return "no chain drops what guests send" in done.stdout and "ip filter FORWARD does not let" in done.stdout

        wait_until(passes, 30, "the chain to be passed, and doctor to tell of it")


class OverheadTest(unittest.TestCase):
    def test_an_emulated_guest_is_reckoned_with_the_memory_of_its_translated_code(self):
        # Room for two b1.tiny (128 MiB) at 40 MiB beside each, and for one at what TCG takes.
        host = Host({"capacity": {"reserved_memory_mib": memory_mib() - 2 * (128 + 100) + 1}})
        self.addCleanup(host.close)
        host.start()
        image_id = host.add_image()
        done = subprocess.run(host.brume_argv("run-instances", "--image-id", image_id, "--count", "2"),
                              capture_output=True, text=True, timeout=60)
        self.assertIn("InsufficientInstanceCapacity", done.stderr)
        self.assertIn("room for 1 more b1.tiny", done.stderr)
        self.assertEqual(host.instances(), [])


if __name__ == "__main__":
    unittest.main()
