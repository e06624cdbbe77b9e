"""Many clients of one brumed at once."""

import os
import subprocess
import unittest

import sanitizers
from harness import BIN
from simulate_test import SimulatedTest

CLIENTS = 8
ROUNDS = 10
CALLS_OF_A_ROUND = 5  # launch, tag, describe its own, describe all, terminate


class ConcurrencyTest(SimulatedTest):
    def test_calls_of_many_clients_at_once_are_each_obeyed(self):
        storm = [os.path.join(BIN, "call_storm"), self.host.socket, self.host.image_id, str(CLIENTS), str(ROUNDS)]
        done = subprocess.run(["env", *sanitizers.environment(self.host.reports_path), *storm],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(int(done.stdout), CLIENTS * ROUNDS * CALLS_OF_A_ROUND)
        # The host's close() waits for the end of them all, and fails on what a sanitizer said.


# Imported for what it makes; its own tests run where they are.
del SimulatedTest

if __name__ == "__main__":
    unittest.main()
