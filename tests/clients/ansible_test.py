"""Ansible's amazon.aws: what a playbook wants comes about, once, and goes again."""

import subprocess
import unittest

from client_host import ClientTest
from guest import Guest
from playbook import play


class AnsibleTest(ClientTest):
    @classmethod
    def prepare(cls):
        cls.host.image_id = cls.host.add_image()
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", cls.host.key_path], check=True)

    def play(self, wanted):
        """Without a warning either."""
        changed, results = play(self, "playbook.yml", image=self.host.image_id, wanted=wanted,
                                public_key=self.host.key_path + ".pub")
        self.assertEqual([result["warnings"] for result in results.values() if result.get("warnings")], [])
        return changed, results

    def test_a_playbook_makes_what_is_missing_changes_nothing_then_and_takes_it_away(self):
        changed, results = self.play("running")
        self.assertEqual(changed, 3)
        (shown,) = results["the instance"]["instances"]
        guest = Guest(self.host, shown["instance_id"])
        self.assertEqual((shown["state"]["name"], shown["key_name"], shown["tags"]),
                         ("running", "playbook", {"Name": "web", "Team": "mist"}))
        guest.wait_ssh()

        changed, results = self.play("running")
        self.assertEqual(changed, 0, results)
        self.assertEqual(results["the instance"]["instance_ids"], [guest.id])

        self.host.api("stop-instances", instance_ids=[guest.id])
        guest.wait_state("stopped")
        changed, _ = self.play("started")
        self.assertEqual(changed, 1)
        self.assertEqual(guest.state, "running")

        changed, _ = self.play("absent")
        self.assertEqual(changed, 3)
        self.assertEqual(guest.state, "terminated")
        self.assertEqual(self.host.api("describe-key-pairs").get("KeyPairs", []), [])
        groups = self.host.api("describe-security-groups")["SecurityGroups"]
        self.assertEqual([group["GroupName"] for group in groups], ["default"])
        self.assertEqual(self.play("absent")[0], 0)


del ClientTest

if __name__ == "__main__":
    unittest.main()
