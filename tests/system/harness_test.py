"""The harness itself: what must never be missed is not."""

import unittest

import sanitizers
from harness import Host

RACE = "WARNING: ThreadSanitizer: data race (pid=7)"
LEAK = "==7==ERROR: LeakSanitizer: detected memory leaks"
OVERFLOW = "lib/a.cc:3:4: runtime error: signed integer overflow"


class SanitizerReportTest(unittest.TestCase):
    def host(self):
        host = Host(flags=["--simulate"])
        try:
            host.start()
        except Exception:
            host.close()
            raise
        return host

    def close_fails_with(self, report, host):
        with self.assertRaises(AssertionError) as caught:
            host.close()
        self.assertIn(report, str(caught.exception))

    def test_a_host_without_a_report_closes_well(self):
        self.host().close()

    def test_a_report_in_the_log_of_an_earlier_daemon_fails_the_test(self):
        for report in (RACE, LEAK, OVERFLOW):
            with self.subTest(report=report):
                host = self.host()
                with open(host.log_path, "a") as log:
                    log.write(f"{report}\n    #0 main\n")
                host.kill()
                host.start()
                self.close_fails_with(report, host)

    def test_a_report_in_a_file_of_its_own_fails_the_test(self):
        host = self.host()
        with open(f"{host.reports_path}.7", "w") as file:
            file.write(LEAK)
        self.close_fails_with(LEAK, host)

    def test_a_report_is_quoted_with_its_stack_once(self):
        (report,) = sanitizers.reports_in(f"before\n{LEAK}\n    #0 main\nSUMMARY: AddressSanitizer: 7 bytes\n")
        self.assertTrue(report.startswith(LEAK))
        self.assertIn("#0 main", report)


if __name__ == "__main__":
    unittest.main()
