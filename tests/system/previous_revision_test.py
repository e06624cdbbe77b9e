"""A state directory of the revision before launches were kept as JSON, whose guests run, comes through unchanged."""

import ipaddress
import os
import sqlite3
import unittest

from conditions import wait_until
from harness import HostTest

SCHEMA = os.path.join(os.path.dirname(__file__), "..", "store", "previous_revision.sql")
# What that revision kept otherwise; the test makes none of these. tests/store/store_previous_test.cc has them.
CONVERTED = {"launch_templates", "launch_template_versions", "launch_configurations", "scaling_groups"}

# What it kept in other columns: the range of a subnet as two numbers.
KEPT_AS = {"subnets": {"cidr_base": "base_of(cidr)", "prefix_length": "length_of(cidr)"}}


def columns(database, schema, table):
    return [row[1] for row in database.execute(f"PRAGMA {schema}.table_info({table})")]


def make_previous(path):
    """Makes of the database at `path` one of the previous revision, with the same rows."""
    older = path + ".previous"
    database = sqlite3.connect(older)
    with open(SCHEMA, encoding="utf-8") as file:
        database.executescript(file.read())
    database.execute("PRAGMA foreign_keys = OFF")
    database.execute("ATTACH ? AS newer", (path,))
    database.create_function("base_of", 1, lambda text: int(ipaddress.ip_network(text).network_address))
    database.create_function("length_of", 1, lambda text: ipaddress.ip_network(text).prefixlen)
    tables = [name for name, in database.execute(
        "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_stat%'")]
    for table in tables:
        database.execute(f"DELETE FROM main.{table}")
        known = columns(database, "newer", table)
        if table in CONVERTED or not known:
            continue
        kept_as = KEPT_AS.get(table, {})
        names = [name for name in columns(database, "main", table) if name in known or name in kept_as]
        values = [kept_as.get(name, name) for name in names]
        database.execute(f"INSERT INTO main.{table} ({', '.join(names)}) SELECT {', '.join(values)} FROM newer.{table}")
    # Volumes lay over images alone, and said so.
    database.execute("UPDATE main.volumes SET image_id = (SELECT layer_id FROM newer.volumes AS now "
                     "WHERE now.id = main.volumes.id AND now.layer_id <> '')")
    database.commit()
    broken = database.execute("PRAGMA main.foreign_key_check").fetchall()
    assert not broken, broken
    database.execute("DETACH newer")
    database.execute("PRAGMA journal_mode = WAL")
    version, = database.execute("PRAGMA user_version").fetchone()
    database.close()
    for suffix in ("", "-wal", "-shm"):
        if os.path.exists(path + suffix):
            os.unlink(path + suffix)
    os.chmod(older, 0o600)
    os.rename(older, path)
    return version


def version_of(path):
    database = sqlite3.connect(path)
    version, = database.execute("PRAGMA user_version").fetchone()
    database.close()
    return version


class PreviousRevisionTest(HostTest):
    def shown(self):
        """All that describes the host's resources, as callers see it."""
        answers = {}
        for action in ("instances", "volumes", "images", "key-pairs", "security-groups", "security-group-rules", "vpcs",
                       "subnets", "network-interfaces", "tags"):
            answers[action] = self.host.api("describe-" + action)
        for vpc in answers["vpcs"]["Vpcs"]:
            # The previous revision had no sets of DHCP options: each VPC gets a default one.
            self.assertTrue(vpc.pop("DhcpOptionsId").startswith("dopt-"))
        for image in answers["images"]["Images"]:
            image.pop("LastLaunchedTime", None)  # which the previous revision did not keep
        return answers

    def test_a_database_a_configuration_and_running_guests_come_through(self):
        path = os.path.join(self.host.state_dir, "brume.db")
        guest, stopped = self.host.launch_ready(2)
        self.host.api("create-tags", resources=[guest.id], tags=[{"Key": "Name", "Value": "kept"}])
        stopped.stop()
        stopped.wait_state("stopped", 90)
        before, pid, boot = self.shown(), guest.qemu_pid(), guest.boot_id()
        current = version_of(path)
        self.assertEqual(self.host.stop(), 0)

        self.assertLess(make_previous(path), current)
        self.host.configure({"monitoring": {"most_metrics": 5000}})
        self.host.start()
        self.assertIn("monitoring.most_metrics", self.host.log(), "the old name of a setting is read with a warning")
        self.assertEqual(version_of(path), current)
        self.assertEqual(self.shown(), before)
        self.assertEqual((guest.qemu_pid(), guest.boot_id()), (pid, boot))
        self.assertTrue(guest.pings())

        # Each is still brumed's to command.
        self.host.close_port("icmp", "all")
        wait_until(lambda: not guest.pings(), 10, "silence")
        stopped.start()
        stopped.wait_ssh()
        # As a user that no guest has which the database knows nothing of.
        users = [os.stat(f"/proc/{each.qemu_pid()}").st_uid for each in (guest, stopped)]
        self.assertNotEqual(*users)
        self.assertNotIn(0, users)
        guest.terminate()
        guest.wait_state("terminated")


if __name__ == "__main__":
    unittest.main()
