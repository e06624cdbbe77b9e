"""A crash at every failpoint of the source, one after the other: what was under way completes after the restart."""

import glob
import json
import os
import re
import signal
import subprocess
import time
import unittest

from agreement import differences, guests_on
from conditions import wait_until
from guest import Guest
from harness import CliError, DaemonDied, Host

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
QUICK = {"storage": {"max_chain": 4}, "ec2": {"terminated_visible_seconds": 0},
         "compute": {"terminate_timeout_seconds": 0, "reboot_timeout_seconds": 0, "shutdown_timeout_seconds": 1}}


# Passed more than once in a walk, by another step each time: the stop and the termination, this write and that.
PASSINGS = {"instance.powered_off": (1, 2), "instance.unplugged": (1, 2), "store.commit": (1, 3, 5),
            "store.committed": (1, 3, 5)}


# An import's steps are passed by downloads of a server's, which is system_import's: it kills brumed in the midst of them.
# File systems are frozen where a guest has an agent, as in system_snapshot. Backups and restores are cut off at each of
# their steps by system_backup.
NOT_WALKED = ("import.", "guest.frozen", "backup.", "restore.")
# A step that is passed only where an earlier one fails, and what makes that fail for good.
NEEDS_ERROR = {"instance.root_restored": "instance.ports_prepared=delay:1100,instance.disks_made=error@2"}


def failpoints():
    """Every name in the source but those."""
    names = set()
    for folder in ("lib", "daemon"):
        for directory, _, files in os.walk(os.path.join(SOURCE, folder)):
            for file in files:
                if file.endswith(".cc"):
                    with open(os.path.join(directory, file)) as text:
                        names |= set(re.findall(r'Failpoint(?:s\(group, |\()"([^"]+)"\)', text.read()))
    return sorted(name for name in names if not name.startswith(NOT_WALKED))


class FailpointTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Host(QUICK)
        cls.addClassCleanup(cls.host.close)
        cls.host.start()
        cls.host.image_id = cls.host.add_image()
        cls.bundle = cls.host.image(cls.host.image_id)["ImageLocation"]
        cls.number = 0

    def setUp(self):
        self.crashes = 0

    def call(self, action, **arguments):
        """As a client that repeats its call when the daemon dies under it."""
        while True:
            try:
                return self.host.api(action, **arguments)
            except CliError as error:
                if error.code not in ("", "Unavailable"):
                    raise
                if not self.revive() and error.code == "":
                    raise

    def revive(self):
        """Starts a daemon that has died, without failpoints. Whether it had."""
        # The connection breaks a moment before the process is seen dead.
        try:
            wait_until(lambda: not self.host.running(), 2, "brumed to be dead", every=0.02)
        except AssertionError:
            return False
        self.assertEqual(self.host.daemon.returncode, -9, self.host.log()[-1500:])
        self.crashes += 1
        self.host.start()
        return True

    def settle(self, what, condition, seconds=60):
        def holds():
            if not self.host.running():
                self.revive()
            try:
                return condition()
            except CliError as error:
                if error.code not in ("", "Unavailable"):
                    raise
                return False  # it has died under the question
        wait_until(holds, seconds, lambda: f"{what}; instances: {self.host.instances()}", every=0.05)

    def serves(self):
        try:
            return self.host.serves()
        except DaemonDied:
            return False  # seen to by settle()

    def walk(self, name):
        """The whole life of an image and an instance, whatever dies on the way."""
        type(self).number += 1
        image = self.call("register-image", name=f"walk-{self.number}", image_location=self.bundle) \
            if name.startswith(("image.", "disks.import")) else None
        image_id = self.host.image_id
        if image:
            image_id = image["ImageId"]
            self.settle("the image to be available",
                        lambda: self.host.image(image_id)["State"] == "available")
        answer = self.call("run-instances", image_id=image_id, client_token=f"walk-{self.number}")
        (instance,) = answer["Instances"]
        guest = Guest(self.host, instance["InstanceId"])

        def state(wanted):
            self.settle(f"{guest.id} to be {wanted}", lambda: guest.state == wanted)

        state("running")
        self.call("reboot-instances", instance_ids=[guest.id])
        if name == "instance.rebooted":
            self.settle("the crash at the reboot", lambda: self.crashes > 0)
        state("running")
        self.call("stop-instances", instance_ids=[guest.id], force=True)
        state("stopped")
        self.call("start-instances", instance_ids=[guest.id])
        state("running")
        try:
            self.call("terminate-instances", instance_ids=[guest.id])
        except CliError as error:
            # The first try may have come through before the crash, and the instance be purged.
            if error.code != "InvalidInstanceID.NotFound":
                raise
        if image:
            try:
                self.call("deregister-image", image_id=image_id)
            except CliError as error:
                if error.code not in ("InvalidAMIID.Unavailable", "InvalidAMIID.NotFound"):
                    raise
        self.settle("the purge", lambda: not self.host.instances())
        self.settle("rows and host to agree", lambda: not differences(self.host), 20)

    def walk_group(self):
        """The whole life of an Auto Scaling group and its members, whatever dies on the way."""
        type(self).number += 1
        name = f"walk-{self.number}"
        template = self.call("create-launch-template", launch_template_name=name, client_token=name,
                             launch_template_data={"ImageId": self.host.image_id})["LaunchTemplate"]
        try:
            self.call("create-auto-scaling-group", auto_scaling_group_name=name, min_size=0, max_size=2,
                      desired_capacity=2, availability_zones=["us-east-1a"],
                      launch_template={"LaunchTemplateId": template["LaunchTemplateId"]})
        except CliError as error:
            # The first try may have come through before the crash.
            if error.code != "AlreadyExists":
                raise

        def members(count):
            def holds():
                (group,) = self.host.groups()
                states = [member["LifecycleState"] for member in group.get("Instances", [])]
                return states == ["InService"] * count
            self.settle(f"{count} members", holds)
            # Nothing was launched twice: there is no instance beside the members.
            self.settle(f"no more than {count} instances", lambda: len(self.host.instances()) == count)
        members(2)
        self.call("set-desired-capacity", auto_scaling_group_name=name, desired_capacity=1)
        members(1)
        self.call("set-desired-capacity", auto_scaling_group_name=name, desired_capacity=2)
        members(2)
        self.call("delete-auto-scaling-group", auto_scaling_group_name=name, force_delete=True)
        self.settle("the end of the group", lambda: not self.host.groups())
        self.settle("the purge", lambda: not self.host.instances())
        self.call("delete-launch-template", launch_template_id=template["LaunchTemplateId"])
        self.settle("rows and host to agree", lambda: not differences(self.host), 20)

    def walk_alarm(self):
        """An alarm stops an instance, whatever dies on the way."""
        type(self).number += 1
        name = f"walk-{self.number}"
        (instance,) = self.call("run-instances", image_id=self.host.image_id, client_token=name)["Instances"]
        guest = Guest(self.host, instance["InstanceId"])
        self.settle(f"{guest.id} to run", lambda: guest.state == "running")
        self.call("put-metric-alarm", alarm_name=name, namespace="Walk", metric_name="Steps", statistic="Sum",
                  period=60, evaluation_periods=1, threshold=1, comparison_operator="GreaterThanThreshold",
                  dimensions=[{"Name": "InstanceId", "Value": guest.id}],
                  alarm_actions=["arn:aws:automate:us-east-1:ec2:stop"])
        self.call("set-alarm-state", alarm_name=name, state_value="ALARM", state_reason="a walk")
        self.settle(f"{guest.id} to be stopped", lambda: guest.state == "stopped")
        self.settle("the crash after the action", lambda: self.crashes > 0)
        self.call("delete-alarms", alarm_names=[name])
        self.call("terminate-instances", instance_ids=[guest.id])
        self.settle("the purge", lambda: not self.host.instances())
        self.settle("rows and host to agree", lambda: not differences(self.host), 20)

    def walk_volume(self):
        """The whole life of a volume, made, attached, detached and deleted, whatever dies on the way."""
        type(self).number += 1
        token = f"walk-{self.number}"
        (instance,) = self.call("run-instances", image_id=self.host.image_id, client_token=token,
                                placement={"AvailabilityZone": "us-east-1a"})["Instances"]
        guest = Guest(self.host, instance["InstanceId"])
        volume = self.call("create-volume", availability_zone="us-east-1a", size=1, client_token=token)["VolumeId"]

        def shows(state):
            def holds():
                (shown,) = self.host.api("describe-volumes", volume_ids=[volume])["Volumes"]
                attached = [each["State"] for each in shown.get("Attachments", [])]
                return shown["State"] == state and attached == (["attached"] if state == "in-use" else [])
            self.settle(f"{volume} to be {state}", holds)

        def come_through(action, code, **arguments):
            """The first try may have before the crash."""
            try:
                self.call(action, volume_id=volume, **arguments)
            except CliError as error:
                if error.code != code:
                    raise

        shows("available")

        def grow(size):
            come_through("modify-volume", "IncorrectModificationState", size=size)
            self.settle(f"{volume} to have {size} GiB", lambda: self.host.api(
                "describe-volumes-modifications", volume_ids=[volume],
                filters=[{"Name": "modification-state", "Values": ["completed"]}])["VolumesModifications"])
        grow(2)
        # It lets go of a disk once its kernel is up.
        self.settle(f"{guest.id} to boot", lambda: "brume-mini: userspace" in guest.console())
        come_through("attach-volume", "VolumeInUse", instance_id=guest.id, device="/dev/sdf")
        shows("in-use")
        grow(3)
        come_through("detach-volume", "IncorrectState")
        shows("available")
        come_through("delete-volume", "InvalidVolume.NotFound")
        self.settle("the end of the volume", lambda: all(
            each["VolumeId"] != volume for each in self.host.api("describe-volumes")["Volumes"]))
        self.call("terminate-instances", instance_ids=[guest.id])
        self.settle("the purge", lambda: not self.host.instances())
        self.settle("rows and host to agree", lambda: not differences(self.host), 20)

    def walk_interface(self):
        """The whole life of a network interface, made, attached, detached and deleted, whatever dies on the way."""
        type(self).number += 1
        token = f"walk-{self.number}"
        (instance,) = self.call("run-instances", image_id=self.host.image_id, client_token=token)["Instances"]
        guest = Guest(self.host, instance["InstanceId"])
        eni = self.call("create-network-interface", subnet_id=instance["SubnetId"],
                        client_token=token)["NetworkInterface"]["NetworkInterfaceId"]

        def shown():
            return self.host.api("describe-network-interfaces", network_interface_ids=[eni])["NetworkInterfaces"][0]

        def come_through(action, code, **arguments):
            """The first try may have before the crash."""
            try:
                self.call(action, **arguments)
            except CliError as error:
                if error.code != code:
                    raise

        # It lets go of a card once its kernel is up.
        self.settle(f"{guest.id} to boot", lambda: "brume-mini: userspace" in guest.console())
        come_through("attach-network-interface", "InvalidNetworkInterface.InUse", network_interface_id=eni,
                     instance_id=guest.id, device_index=1)
        self.settle(f"{eni} to be attached", lambda: shown().get("Attachment", {}).get("Status") == "attached")
        self.settle("rows and host to agree", lambda: not differences(self.host), 20)
        come_through("detach-network-interface", "InvalidAttachmentID.NotFound",
                     attachment_id=shown()["Attachment"]["AttachmentId"])
        self.settle(f"{eni} to be available", lambda: shown()["Status"] == "available")
        come_through("delete-network-interface", "InvalidNetworkInterfaceID.NotFound", network_interface_id=eni)
        self.call("terminate-instances", instance_ids=[guest.id])
        self.settle("the purge", lambda: not self.host.instances())
        self.settle("rows and host to agree", lambda: not differences(self.host), 20)

    def walk_root(self, refused):
        """A root volume that is replaced, whatever dies on the way. With `refused` the guest does not start from it."""
        type(self).number += 1
        token = f"walk-{self.number}"
        (instance,) = self.call("run-instances", image_id=self.host.image_id, client_token=token)["Instances"]
        guest = Guest(self.host, instance["InstanceId"])
        self.settle(f"{guest.id} to run", lambda: guest.state == "running")
        old = guest.root_volume
        task = self.call("create-replace-root-volume-task", instance_id=guest.id, client_token=token,
                         delete_replaced_root_volume=True)["ReplaceRootVolumeTask"]["ReplaceRootVolumeTaskId"]

        def ended():
            (shown,) = self.host.api("describe-replace-root-volume-tasks",
                                     replace_root_volume_task_ids=[task])["ReplaceRootVolumeTasks"]
            return shown["TaskState"] == ("failed" if refused else "succeeded") and guest.state == "running"
        self.settle("the end of the task", ended)
        self.assertEqual(guest.root_volume == old, refused)
        self.settle("one volume", lambda: len(self.host.api("describe-volumes")["Volumes"]) == 1)
        self.call("terminate-instances", instance_ids=[guest.id])
        self.settle("the purge", lambda: not self.host.instances())
        self.settle("rows and host to agree", lambda: not differences(self.host), 20)

    def walk_memory(self):
        """A guest that hibernates and goes on, whatever dies on the way."""
        type(self).number += 1
        token = f"walk-{self.number}"
        (instance,) = self.call("run-instances", image_id=self.host.image_id, client_token=token,
                                hibernation_options={"Configured": True}, block_device_mappings=[
                                    {"DeviceName": "/dev/vda", "Ebs": {"Encrypted": True}}])["Instances"]
        guest = Guest(self.host, instance["InstanceId"])
        self.settle(f"{guest.id} to boot", lambda: "brume-mini: userspace" in guest.console())
        self.call("stop-instances", instance_ids=[guest.id], hibernate=True)
        self.settle(f"{guest.id} to be stopped", lambda: guest.state == "stopped")
        self.call("start-instances", instance_ids=[guest.id])
        self.settle(f"{guest.id} to run", lambda: guest.state == "running" and not differences(self.host))
        # It went on: there was one boot.
        self.assertEqual(guest.console().count("brume-mini: userspace"), 1)
        self.call("terminate-instances", instance_ids=[guest.id])
        self.settle("the purge", lambda: not self.host.instances())
        self.settle("rows and host to agree", lambda: not differences(self.host), 20)

    def chain_of(self, volume):
        """How many files there are from the volume's top down to the lowest layer."""
        disk = glob.glob(os.path.join(self.host.state_dir, "volumes", volume, "*.qcow2"))[-1:]
        if not disk:
            return 0
        info = subprocess.run(["qemu-img", "info", "--backing-chain", "-U", "--output=json", disk[0]],
                              check=False, capture_output=True, text=True)
        return len(json.loads(info.stdout)) if info.returncode == 0 else 1 << 20

    def walk_upload(self):
        """A snapshot put together block by block, whatever dies before it is one."""
        path = os.path.join(self.host.directory, "upload.raw")
        with open(path, "wb") as file:
            file.write(os.urandom(1 << 20))
            file.truncate(1 << 30)

        def snapshots():
            return self.host.api("describe-snapshots", filters=[{"Name": "volume-id", "Values": ["vol-ffffffff"]}])["Snapshots"]
        before = {each["SnapshotId"] for each in snapshots()}
        try:
            self.host.brume("snapshot", "import", path)
        except CliError:
            pass  # the crash came before the answer; what was completed is made good
        self.settle("a snapshot of the blocks", lambda: any(
            each["State"] == "completed" for each in snapshots() if each["SnapshotId"] not in before))
        for made in snapshots():
            if made["SnapshotId"] not in before:
                self.call("delete-snapshot", snapshot_id=made["SnapshotId"])
        self.settle("the end of the uploads", lambda: not os.listdir(os.path.join(self.host.state_dir, "uploads")))
        self.settle("the end of the snapshots' layers", lambda: not glob.glob(
            os.path.join(self.host.state_dir, "layers", "*snap-*")))
        self.settle("rows and host to agree", lambda: not differences(self.host), 20)

    def walk_vpc(self):
        """A VPC made and deleted, whatever dies on the way."""
        vpc = self.call("create-vpc", cidr_block="10.20.0.0/16")["Vpc"]["VpcId"]
        namespace = f"/run/netns/brume-{vpc}"
        self.settle("the VPC on this host", lambda: os.path.exists(namespace))
        self.call("delete-vpc", vpc_id=vpc)
        self.settle("the crash", lambda: self.crashes > 0)
        self.settle("the VPC to leave the host", lambda: not os.path.exists(namespace) and not os.path.exists(
            os.path.join(self.host.state_dir, "net", vpc)))
        self.settle("rows and host to agree", lambda: not differences(self.host), 20)

    def walk_nat(self):
        """A NAT gateway made and deleted, whatever dies on the way."""
        vpc = self.call("create-vpc", cidr_block="10.21.0.0/16")["Vpc"]["VpcId"]
        subnet = self.call("create-subnet", vpc_id=vpc, cidr_block="10.21.1.0/24")["Subnet"]["SubnetId"]
        nat = self.call("create-nat-gateway", subnet_id=subnet, connectivity_type="private",
                        client_token=subnet)["NatGateway"]["NatGatewayId"]

        def state():
            return self.host.api("describe-nat-gateways", nat_gateway_ids=[nat])["NatGateways"][0]["State"]
        self.settle("the gateway to be available", lambda: state() == "available")
        self.call("delete-nat-gateway", nat_gateway_id=nat)
        self.settle("the gateway to be deleted", lambda: state() == "deleted")
        self.settle("the crash", lambda: self.crashes > 0)
        self.call("delete-subnet", subnet_id=subnet)
        self.call("delete-vpc", vpc_id=vpc)
        self.settle("the VPC to leave the host", lambda: not os.path.exists(f"/run/netns/brume-{vpc}"))

    def walk_export(self):
        """An image stored and restored, exported, and an export that cannot be, whatever dies on the way."""
        type(self).number += 1
        bucket = f"walk-{self.number}"
        path = os.path.join(self.host.state_dir, "export", bucket)
        os.makedirs(path)
        with open(os.path.join(path, "blocked"), "w"):
            pass

        def come_through(action, codes, **arguments):
            """The first try may have before the crash."""
            try:
                return self.call(action, **arguments)
            except CliError as error:
                if error.code not in codes:
                    raise
                return None
        # A store that goes on is asked for twice; one that is there already fails, and the first is whole.
        come_through("create-store-image-task", ("IncorrectState",), image_id=self.host.image_id, bucket=bucket)
        key = f"{self.host.image_id}.bin"
        self.settle("the stored image", lambda: os.path.exists(os.path.join(path, key)))

        def stores():
            return [each["StoreTaskState"] for each in self.host.api("describe-store-image-tasks")["StoreImageTaskResults"]
                    if each["Bucket"] == bucket]
        self.settle("the end of the store", lambda: "InProgress" not in stores() and "Completed" in stores())
        come_through("create-restore-image-task", ("InvalidAMIName.Duplicate",), bucket=bucket, object_key=key, name=bucket)

        def restored():
            return self.host.api("describe-images", filters=[{"Name": "name", "Values": [bucket]}])["Images"]
        self.settle("the restored image", lambda: restored() and restored()[0]["State"] == "available")
        location = {"S3Bucket": bucket}
        task = self.call("export-image", image_id=self.host.image_id, disk_image_format="RAW", client_token=bucket,
                         s3_export_location=location)["ExportImageTaskId"]

        def status(of):
            return self.host.api("describe-export-image-tasks", export_image_task_ids=[of])["ExportImageTasks"][0]["Status"]
        self.settle("the export", lambda: status(task) == "completed")
        other = self.call("export-image", image_id=self.host.image_id, disk_image_format="VMDK",
                          client_token=f"{bucket}-2",
                          s3_export_location={**location, "S3Prefix": "blocked/"})["ExportImageTaskId"]
        self.settle("the end of the other export", lambda: status(other) == "deleted")
        come_through("deregister-image", ("InvalidAMIID.Unavailable", "InvalidAMIID.NotFound"),
                     image_id=restored()[0]["ImageId"])
        self.settle("the end of what was worked with", lambda: not os.listdir(os.path.join(self.host.state_dir, "exports")))
        self.assertEqual([name for name in os.listdir(path) if name.startswith(".")], [])
        self.settle("rows and host to agree", lambda: not differences(self.host), 20)

    def walk_encrypted_import(self):
        """An image registered encrypted, whatever dies on the way."""
        type(self).number += 1
        image = self.call("register-image", name=f"walk-{self.number}", image_location=self.bundle,
                          root_device_name="/dev/vda",
                          block_device_mappings=[{"DeviceName": "/dev/vda", "Ebs": {"Encrypted": True}}])["ImageId"]
        self.settle("the image to be available", lambda: self.host.image(image)["State"] == "available")
        self.assertTrue(self.host.image(image)["BlockDeviceMappings"][0]["Ebs"]["Encrypted"])
        self.call("deregister-image", image_id=image, delete_associated_snapshots=True)
        self.settle("the end of its layers", lambda: not glob.glob(
            os.path.join(self.host.state_dir, "layers", "*" + image[4:])))
        self.settle("rows and host to agree", lambda: not differences(self.host), 20)

    def walk_snapshot(self):
        """Snapshots of a volume that a guest has, taken and deleted, whatever dies on the way."""
        type(self).number += 1
        (instance,) = self.call("run-instances", image_id=self.host.image_id, client_token=f"walk-{self.number}")["Instances"]
        guest = Guest(self.host, instance["InstanceId"])
        self.settle(f"{guest.id} to run", lambda: guest.state == "running")
        volume = guest.root_volume

        def snapshots():
            return self.host.api("describe-snapshots", filters=[{"Name": "volume-id", "Values": [volume]}])["Snapshots"]
        # A call that is repeated after the crash makes one more. The third is merged: beside the top and the image there
        # may be two.
        for _ in range(3):
            self.call("create-snapshot", volume_id=volume)
            self.settle("the snapshots", lambda: all(each["State"] == "completed" for each in snapshots()))
        # The copy of one, encrypted: its bytes are copied.
        (first, *_) = snapshots()
        copy = self.call("copy-snapshot", source_region="us-east-1", source_snapshot_id=first["SnapshotId"],
                         encrypted=True)["SnapshotId"]
        self.settle("the copy", lambda: self.host.api("describe-snapshots", snapshot_ids=[copy])["Snapshots"][0]["State"] ==
                    "completed")
        self.settle("a short chain", lambda: self.chain_of(volume) <= 4)
        self.settle("the guest to have its disk", lambda: guest.state == "running" and not differences(self.host), 20)
        self.call("terminate-instances", instance_ids=[guest.id])
        self.settle("the purge", lambda: not self.host.instances())
        # A copy that was asked for twice was made twice.
        copies = [each for each in self.host.api("describe-snapshots")["Snapshots"] if each["Encrypted"]]
        for snapshot in snapshots() + copies:
            try:
                self.call("delete-snapshot", snapshot_id=snapshot["SnapshotId"])
            except CliError as error:
                # The first try may have come through before the crash.
                if error.code != "InvalidSnapshot.NotFound":
                    raise
        self.settle("the end of the snapshots' layers", lambda: not glob.glob(
            os.path.join(self.host.state_dir, "layers", "*snap-*")))
        self.settle("rows and host to agree", lambda: not differences(self.host), 20)

    def test_a_crash_at_every_failpoint_is_made_good_after_the_restart(self):
        names = failpoints()
        self.assertGreater(len(names), 10, names)
        for name in names:
            for passing in PASSINGS.get(name, (1,)):
                with self.subTest(failpoint=name, passing=passing):
                    self.crash_at(name, passing)

    def test_a_launch_survives_a_crash_of_brumed_and_the_death_of_its_guest(self):
        with open(os.path.join(SOURCE, "lib", "ec2", "compute", "instance_reconciler_launch.cc")) as text:
            names = re.findall(r'Failpoint\("([^"]+)"\)', text.read())
        self.assertIn("instance.plugged", names)
        for name in names:
            with self.subTest(failpoint=name):
                self.launch_without_qemu(name)

    def launch_without_qemu(self, name):
        type(self).number += 1
        if self.host.running():
            self.assertEqual(self.host.stop(), 0)
        self.host.spawn(environment={"BRUME_FAILPOINTS": f"{name}=crash"})
        wait_until(self.serves, 30, "brumed to serve", every=0.05)
        launch = {"image_id": self.host.image_id, "client_token": f"walk-{self.number}"}
        try:
            self.host.api("run-instances", **launch)
        except CliError:
            pass  # the crash came before the answer
        wait_until(lambda: not self.host.running(), 60, f"the crash at {name}", every=0.02)
        for pids in guests_on(self.host).values():
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not guests_on(self.host), 10, "QEMU to be dead", every=0.02)
        self.host.start()
        guest = Guest(self.host, self.call("run-instances", **launch)["Instances"][0]["InstanceId"])
        self.settle(f"{guest.id} to run", lambda: guest.state == "running")
        self.settle("rows and host to agree", lambda: not differences(self.host), 20)
        self.call("terminate-instances", instance_ids=[guest.id])
        self.settle("the purge", lambda: not self.host.instances())

    def crash_at(self, name, passing):
        self.crashes = 0
        if self.host.running():
            self.assertEqual(self.host.stop(), 0)
        # One that is passed at every start kills the daemon before it serves.
        began = time.monotonic()
        error = NEEDS_ERROR.get(name)
        if error:
            self.host.configure({**QUICK, "compute": {**QUICK["compute"], "launch_timeout_seconds": 1}})
        self.host.spawn(environment={"BRUME_FAILPOINTS": f"{name}=crash@{passing}" + (f",{error}" if error else "")})
        self.settle("brumed to serve", self.serves)
        if name.startswith("scaling."):
            self.walk_group()
        elif name.startswith("alarm."):
            self.walk_alarm()
        elif name.startswith("instance.memory_"):
            self.walk_memory()
        elif name.startswith("instance.root_"):
            self.walk_root(refused=error is not None)
        elif name.startswith(("volume.", "instance.disk_", "disks.volume_grown")):
            self.walk_volume()
        elif name == "network.before_settle":
            self.walk_nat()
        elif name.startswith("instance.nic_"):
            self.walk_interface()
        elif name == "network.before_forget":
            self.walk_vpc()
        elif name.startswith(("export.", "store.written", "restore.")):
            self.walk_export()
        elif name == "disks.import_encrypted":
            self.walk_encrypted_import()
        elif name.startswith(("disks.upload_", "snapshot.gathered")):
            self.walk_upload()
        elif name.startswith(("snapshot.", "disks.layer_", "disks.copy_", "disks.top_made", "disks.snapshot_frozen")):
            self.walk_snapshot()
        else:
            self.walk(name)
        # What is done in the background, as records are written, may not have come to it yet.
        self.settle(f"the crash: nothing passed {name} so often", lambda: self.crashes > 0, 20)
        self.host.configure(QUICK)
        print(f"{name} at passing {passing}: made good in {time.monotonic() - began:.1f} s", flush=True)

    def run(self, result=None):
        failed = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > failed:
            print(self.host.diagnosis(), flush=True)
        return result


if __name__ == "__main__":
    unittest.main()
