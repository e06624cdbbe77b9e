"""Whole lives of resources, from the call that makes them to the end of what they left, by a client that repeats its calls."""

import glob
import json
import os
import subprocess

from agreement import differences
from guest import Guest
from harness import CliError

# One processor and short patience, so that a life takes no longer than brumed needs; and a launch that is never given up,
# however often brumed dies under it.
QUICK = {"storage": {"max_chain": 4}, "ec2": {"terminated_visible_seconds": 0},
         "compute": {"terminate_timeout_seconds": 0, "reboot_timeout_seconds": 0, "shutdown_timeout_seconds": 1,
                     "launch_timeout_seconds": 600}}


class Lives:
    """Asks self.host by self.call(), and waits by self.settle(), which a subclass has."""

    number = 0
    bundle = None

    def walk_image(self):
        """The whole life of an image, whatever dies on the way."""
        self.number += 1
        name = f"walk-{self.number}"
        try:
            self.call("register-image", name=name, image_location=self.bundle)
        except CliError as error:
            # The first try may have come through before the crash.
            if error.code != "InvalidAMIName.Duplicate":
                raise

        def images():
            return self.host.api("describe-images", filters=[{"Name": "name", "Values": [name]}])["Images"]
        self.settle("the image to be available", lambda: [each["State"] for each in images()] == ["available"])
        image_id = images()[0]["ImageId"]
        try:
            self.call("deregister-image", image_id=image_id)
        except CliError as error:
            if error.code not in ("InvalidAMIID.Unavailable", "InvalidAMIID.NotFound"):
                raise
        self.settle("the end of its layers", lambda: not glob.glob(
            os.path.join(self.host.state_dir, "layers", "*" + image_id[4:])))
        self.settle("rows and host to agree", lambda: not differences(self.host), 20)

    def walk_instance(self):
        """The whole life of an instance, whatever dies on the way."""
        self.number += 1
        image_id = self.host.image_id
        answer = self.call("run-instances", image_id=image_id, client_token=f"walk-{self.number}")
        (instance,) = answer["Instances"]
        guest = Guest(self.host, instance["InstanceId"])

        def state(wanted):
            self.settle(f"{guest.id} to be {wanted}", lambda: guest.state == wanted)

        state("running")
        self.call("reboot-instances", instance_ids=[guest.id])
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
        self.settle("the purge", lambda: not self.host.instances())
        self.settle("rows and host to agree", lambda: not differences(self.host), 20)

    def walk_group(self):
        """The whole life of an Auto Scaling group and its members, whatever dies on the way."""
        self.number += 1
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
        self.number += 1
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
        self.call("delete-alarms", alarm_names=[name])
        self.call("terminate-instances", instance_ids=[guest.id])
        self.settle("the purge", lambda: not self.host.instances())
        self.settle("rows and host to agree", lambda: not differences(self.host), 20)

    def walk_volume(self):
        """The whole life of a volume, made, attached, detached and deleted, whatever dies on the way."""
        self.number += 1
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
        self.settle(f"{guest.id} to boot", lambda: "brume-mini: userspace" in guest.console(), 180)
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
        self.number += 1
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
        self.settle(f"{guest.id} to boot", lambda: "brume-mini: userspace" in guest.console(), 180)
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
        self.number += 1
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
        self.number += 1
        token = f"walk-{self.number}"
        (instance,) = self.call("run-instances", image_id=self.host.image_id, client_token=token,
                                hibernation_options={"Configured": True}, block_device_mappings=[
                                    {"DeviceName": "/dev/vda", "Ebs": {"Encrypted": True}}])["Instances"]
        guest = Guest(self.host, instance["InstanceId"])
        self.settle(f"{guest.id} to boot", lambda: "brume-mini: userspace" in guest.console(), 180)
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
        self.settle("the VPC to leave the host", lambda: not os.path.exists(namespace) and not os.path.exists(
            os.path.join(self.host.state_dir, "net", vpc)))
        self.settle("rows and host to agree", lambda: not differences(self.host), 20)

    def walk_nat(self):
        """A NAT gateway made and deleted, whatever dies on the way."""
        vpc = self.call("create-vpc", cidr_block="10.21.0.0/16")["Vpc"]["VpcId"]
        try:
            self.call("create-subnet", vpc_id=vpc, cidr_block="10.21.1.0/24")
        except CliError as error:
            # The first try may have come through before the crash.
            if error.code != "InvalidSubnet.Conflict":
                raise
        (subnet,) = [each["SubnetId"] for each in self.host.api("describe-subnets")["Subnets"] if each["VpcId"] == vpc]
        nat = self.call("create-nat-gateway", subnet_id=subnet, connectivity_type="private",
                        client_token=subnet)["NatGateway"]["NatGatewayId"]

        def state():
            return self.host.api("describe-nat-gateways", nat_gateway_ids=[nat])["NatGateways"][0]["State"]
        self.settle("the gateway to be available", lambda: state() == "available")
        self.call("delete-nat-gateway", nat_gateway_id=nat)
        self.settle("the gateway to be deleted", lambda: state() == "deleted")
        self.call("delete-subnet", subnet_id=subnet)
        self.call("delete-vpc", vpc_id=vpc)
        self.settle("the VPC to leave the host", lambda: not os.path.exists(f"/run/netns/brume-{vpc}"))

    def walk_export(self):
        """An image stored and restored, exported, and an export that cannot be, whatever dies on the way."""
        self.number += 1
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
        self.number += 1
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
        self.number += 1
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
