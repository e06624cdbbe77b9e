"""Guests are closed to each other: a process with all that the QEMU of one has gets at nothing of another's."""

import glob
import os
import stat
import subprocess
import unittest

from conditions import wait_until
from harness import HostTest
from identity import attempt_as

ZONE = "us-east-1a"
FIRST_USER, LAST_USER = 2100000000, 2100065535
REFUSED = {"EACCES", "EPERM"}


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)


class IsolationTest(HostTest):
    as_unit = True

    @classmethod
    def prepare(cls):
        cls.own, cls.other = cls.host.run_instances(1, placement={"AvailabilityZone": ZONE})[0], cls.host.run_instances(
            1, placement={"AvailabilityZone": ZONE}, hibernation_options={"Configured": True},
            block_device_mappings=[{"DeviceName": "/dev/vda", "Ebs": {"Encrypted": True}}])[0]
        disk = os.path.join(cls.host.state_dir, "import", "empty.raw")
        with open(disk, "wb") as file:
            file.truncate(1 << 20)
        image = cls.host.api("register-image", name="uefi", image_location=disk, boot_mode="uefi")["ImageId"]
        cls.host.wait_image(image)
        cls.uefi = cls.host.launch(image_id=image)
        for guest in (cls.own, cls.other):
            guest.wait_state("running")

    def disk(self, volume):
        (path,) = glob.glob(os.path.join(self.host.state_dir, "volumes", volume, "*.qcow2"))
        return path

    def disk_of(self, guest):
        return self.disk(guest.root_volume)

    def state(self, *names):
        return os.path.join(self.host.state_dir, *names)

    def belongings(self, guest):
        """What a guest has, and what is tried with each."""
        pid, directory = guest.qemu_pid(), guest.instance_directory()
        (monitor,) = glob.glob(self.state("libvirt", "lib", "qemu", f"domain-*-{guest.id}"))
        volume = os.path.dirname(self.disk_of(guest))
        attempts = [["read", self.disk_of(guest)], ["write", self.disk_of(guest)], ["list", volume],
                    ["make", os.path.join(volume, "planted")], ["remove", self.disk_of(guest)], ["list", directory],
                    ["make", os.path.join(directory, "planted")],
                    ["connect", os.path.join(directory, "console.sock")],
                    ["connect", os.path.join(directory, "agent.sock")],
                    ["read", os.path.join(directory, "console.log")],
                    ["connect", os.path.join(monitor, "monitor.sock")],
                    ["read", os.path.join(monitor, "master-key.aes")], ["list", monitor],
                    ["read", self.state("libvirt", "log", "qemu", guest.id + ".log")],
                    ["read", self.state("libvirt", "run", "qemu", guest.id + ".xml")],
                    ["read", f"/proc/{pid}/mem"], ["read", f"/proc/{pid}/environ"], ["list", f"/proc/{pid}/fd"],
                    ["follow", f"/proc/{pid}/root"], ["follow", f"/proc/{pid}/ns/mnt"], ["trace", pid], ["kill", pid]]
        for _, path in attempts:
            self.assertTrue(isinstance(path, int) or os.path.lexists(path) or path.endswith("planted"), path)
        return attempts

    def of_the_host(self):
        attempts = [["read", self.state(name)] for name in ("brume.db", "brume.db-wal", "secret.key", "credentials")]
        attempts += [["write", path] for _, path in attempts]
        attempts += [["list", self.state("records")], ["list", self.state("volumes")], ["list", self.state("instances")],
                     ["list", self.state("layers")], ["list", self.state("export")], ["connect", self.state("brumed.sock")],
                     ["make", self.state("planted")], ["make", self.state("libvirt", "etc", "planted")],
                     ["read", f"/proc/{self.host.daemon.pid}/mem"], ["read", f"/proc/{self.host.daemon.pid}/environ"],
                     ["list", f"/proc/{self.host.daemon.pid}/fd"], ["kill", self.host.daemon.pid]]
        return attempts

    def check_refused(self, attempts, **who):
        outcomes = attempt_as(attempts, **who)
        self.assertEqual({attempt: outcome for attempt, outcome in outcomes.items() if outcome not in REFUSED}, {})

    def test_the_qemu_of_a_guest_gets_at_nothing_of_another_guest(self):
        self.check_refused(self.belongings(self.other), pid=self.own.qemu_pid())

    def test_the_qemu_of_a_guest_gets_at_nothing_of_the_hosts(self):
        self.check_refused(self.of_the_host(), pid=self.own.qemu_pid())

    def test_the_variables_of_another_guests_firmware_are_closed(self):
        variables = os.path.join(self.uefi.instance_directory(), "nvram.fd")
        self.assertEqual(os.stat(variables).st_uid, os.stat(f"/proc/{self.uefi.qemu_pid()}").st_uid)
        self.check_refused([["read", variables], ["write", variables]], pid=self.own.qemu_pid())

    def test_the_qemu_of_a_guest_opens_its_own_disk_and_its_layer(self):
        """What the others test could not fail otherwise."""
        own = [["read", self.disk_of(self.own)], ["write", self.disk_of(self.own)],
               ["read", self.state("layers", self.host.image_id, "disk.qcow2")], ["kill", self.own.qemu_pid()]]
        self.assertEqual(set(attempt_as(own, pid=self.own.qemu_pid()).values()), {""})
        self.check_refused([["write", self.state("layers", self.host.image_id, "disk.qcow2")],
                            ["remove", self.disk_of(self.own)],
                            ["make", os.path.join(self.own.instance_directory(), "planted")],
                            ["make", os.path.join(os.path.dirname(self.disk_of(self.own)), "planted")]],
                           pid=self.own.qemu_pid())

    def test_the_memory_that_a_hibernated_guest_left_is_closed(self):
        self.other.wait_ready()
        user = os.stat(f"/proc/{self.other.qemu_pid()}").st_uid
        self.host.api("stop-instances", instance_ids=[self.other.id], hibernate=True)
        self.other.wait_state("stopped", 120)
        memory = os.path.join(self.other.instance_directory(), "memory.luks")
        self.assertEqual((os.stat(memory).st_uid, stat.S_IMODE(os.stat(memory).st_mode)), (user, 0o600))
        self.check_refused([["read", memory], ["write", memory], ["read", memory.replace(".luks", ".xml")],
                            ["read", self.disk_of(self.other)]], pid=self.own.qemu_pid())
        self.other.start()
        self.other.wait_state("running")
        self.assertEqual(os.stat(f"/proc/{self.other.qemu_pid()}").st_uid, user, "it keeps its user")
        self.check_refused(self.belongings(self.other), pid=self.own.qemu_pid())

    def test_dnsmasq_gets_at_nothing_of_a_guest_or_the_host(self):
        pid = int(subprocess.run(["pgrep", "-f", f"dnsmasq --conf-file={self.host.state_dir}"], check=True, text=True,
                                 capture_output=True).stdout.split()[0])
        self.assertNotEqual(os.stat(f"/proc/{pid}").st_uid, 0)
        self.check_refused(self.belongings(self.own) + self.of_the_host(), pid=pid)

    def test_the_user_of_the_image_tools_gets_at_nothing_of_a_guest_or_the_host(self):
        """Without what confines them besides, which tests/base/base_confinement_test.cc has."""
        self.check_refused(self.belongings(self.own) + self.of_the_host(), user="brume-qemu")

    def test_a_user_of_the_host_gets_at_nothing_of_a_guest_or_the_host(self):
        self.check_refused(self.belongings(self.own) + self.of_the_host(), user="nobody")

    def test_each_guest_has_a_user_a_mount_namespace_and_a_filter_of_its_own_and_no_capability(self):
        pids = [guest.qemu_pid() for guest in (self.own, self.other, self.uefi)]
        users, namespaces = set(), {os.readlink(f"/proc/{self.host.daemon.pid}/ns/mnt")}
        for pid in pids:
            status = status_of(pid)
            (user,) = set(status["Uid"].split())
            users.add(int(user))
            namespaces.add(os.readlink(f"/proc/{pid}/ns/mnt"))
            self.assertEqual(set(status["Gid"].split()), {user})
            self.assertEqual(status["Groups"].split(), [user], "no group that another guest has")
            for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
                self.assertEqual(int(status[name], 16), 0, name)
            self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
            self.assertLessEqual(set(os.listdir(f"/proc/{pid}/root/dev")),
                                 {"full", "kvm", "null", "ptmx", "pts", "random", "shm", "urandom", "zero", "mqueue",
                                  "hugepages", "userfaultfd"})
        self.assertEqual((len(users), len(namespaces)), (3, 4))
        self.assertTrue(all(FIRST_USER <= user <= LAST_USER for user in users), users)

    def test_each_guest_has_a_control_group_of_its_own(self):
        for guest in (self.own, self.other):
            with open(f"/proc/{guest.qemu_pid()}/cgroup", encoding="ascii") as file:
                groups = dict(line.strip().split(":", 2)[1:] for line in file)
            # Of the first version's controllers where the host mounts them, otherwise of the second.
            for controller in ("memory", "cpu") if "memory" in groups else ("",):
                self.assertIn(guest.id, groups[controller], groups)

    def test_a_volume_is_open_to_the_guest_that_has_it_and_to_no_other(self):
        self.own.wait_ready()
        volume = self.host.api("create-volume", availability_zone=ZONE, size=1)["VolumeId"]

        def wait_volume(state, attachment):
            def poll():
                shown = self.host.api("describe-volumes", volume_ids=[volume])["Volumes"][0]
                states = [each["State"] for each in shown.get("Attachments", [])]
                return shown["State"] == state and states == attachment
            wait_until(poll, 60, f"{volume} {state}")

        wait_volume("available", [])
        disk = self.disk(volume)
        opening = [["read", disk], ["write", disk]]
        own, uefi = self.own.qemu_pid(), self.uefi.qemu_pid()
        for pid in (own, uefi):
            self.check_refused(opening, pid=pid)
        self.host.api("attach-volume", volume_id=volume, instance_id=self.own.id, device="/dev/sdf")
        wait_volume("in-use", ["attached"])
        self.assertEqual(set(attempt_as(opening, pid=own).values()), {""})
        self.check_refused(opening, pid=uefi)
        # A snapshot puts a new file under the guest.
        snapshot = self.host.api("create-snapshot", volume_id=volume)["SnapshotId"]
        wait_until(lambda: self.host.api("describe-snapshots", snapshot_ids=[snapshot])["Snapshots"][0]["State"] ==
                   "completed", 60, "the snapshot")
        disk = self.disk(volume)
        opening = [["read", disk], ["write", disk]]
        self.assertEqual(set(attempt_as(opening, pid=own).values()), {""})
        self.check_refused(opening, pid=uefi)
        self.own.disk_of(volume)
        self.host.api("detach-volume", volume_id=volume)
        wait_volume("available", [])
        for pid in (own, uefi):
            self.check_refused(opening, pid=pid)


if __name__ == "__main__":
    unittest.main()
