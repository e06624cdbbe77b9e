"""brumed --simulate: the whole API, as any user, without a host to run guests on."""

import os
import subprocess
import time
import unittest

import leftovers
from conditions import wait_until
from harness import CliError, Host, HostTest

NOBODY = 65534


class SimulatedTest(HostTest):
    """A simulating brumed of user nobody with an image of nothing."""

    flags = ("--simulate",)
    ready = False

    @classmethod
    def make_host(cls):
        return Host(cls.config, cls.flags, user=NOBODY)

    @classmethod
    def prepare(cls):
        host = cls.host
        bundle = os.path.join(host.state_dir, "import", "any")
        os.makedirs(bundle)
        host.image_id = host.api("register-image", name="any", image_location=bundle)["ImageId"]
        host.wait_image(host.image_id)

    def refused(self, code, action, **arguments):
        return self.assert_refused(code, self.host.api, action, **arguments)


class HostlessTest(SimulatedTest):
    def test_it_runs_as_any_user_and_makes_nothing_on_the_host(self):
        guest = self.host.launch()
        with open(f"/proc/{self.host.daemon.pid}/status") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file)
        self.assertEqual(set(status["Uid"].split()), {str(NOBODY)})
        self.assertEqual(int(status["CapEff"], 16), 0)
        self.assertEqual(leftovers.namespaces(), [])
        self.assertEqual(leftovers.links(), [])
        self.assertIsNone(guest.qemu_pid())
        self.assertEqual(leftovers.files(self.host.state_dir), [])
        guest.terminate()

    def test_the_roots_key_outlives_a_restart_and_is_in_no_log(self):
        path = os.path.join(self.host.state_dir, "credentials")
        with open(path) as file:
            text = file.read()
        secret = text.split("aws_secret_access_key = ", 1)[1].splitlines()[0]
        self.assertEqual(len(secret), 40)
        self.host.stop()
        os.remove(path)
        self.host.start()
        with open(path) as file:
            self.assertEqual(file.read(), text)
        for name in ("credentials", "secret.key"):
            self.assertEqual(os.stat(os.path.join(self.host.state_dir, name)).st_mode & 0o777, 0o600)
        self.assertNotIn(secret, self.host.log())

    def test_it_says_that_it_simulates(self):
        self.assertIn("simulat", self.host.log().lower())
        done = subprocess.run(self.host.brume_argv("doctor"), capture_output=True, text=True)
        self.assertIn("simulat", done.stdout.lower())

    def test_made_up_addresses_are_never_contacted_and_consoles_are_empty(self):
        guest = self.host.launch()
        guest.wait_state("running")
        done = subprocess.run(self.host.brume_argv("ssh", guest.id), capture_output=True, text=True, timeout=30)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("this brumed simulates", done.stderr)
        self.assertEqual(self.host.api("get-console-output", instance_id=guest.id).get("Output", ""), "")
        guest.terminate()

    def test_what_was_there_is_there_after_a_restart(self):
        guest = self.host.launch(tag_specifications=[{"ResourceType": "instance",
                                                      "Tags": [{"Key": "Name", "Value": "kept"}]}])
        before = guest.describe()
        self.host.kill()
        self.host.start()
        # As after a restart of the host: what ran is started again.
        wait_until(lambda: guest.id in self.host.log(), 30, "brumed to look at the guest")
        after = guest.wait_state("running")
        self.assertNotIn("StateReason", after)
        for name in ("InstanceId", "PrivateIpAddress", "Tags", "ImageId"):
            self.assertEqual(after[name], before[name])
        guest.terminate()


class LaunchRulesTest(SimulatedTest):
    # A simulated host has 2^40 MiB; this leaves guests 100 GiB of them.
    config = {"capacity": {"reserved_memory_mib": (1 << 40) - 100 * 1024, "guest_overhead_mib": 0}}

    def run_refused(self, code, **arguments):
        arguments.setdefault("image_id", self.host.image_id)
        before = {instance["InstanceId"] for instance in self.host.instances()}
        said = self.refused(code, "run-instances", **arguments)
        # Fewer is fine: terminated ones go after their time.
        after = {instance["InstanceId"] for instance in self.host.instances()}
        self.assertEqual(after - before, set(), "nothing is half done")
        return said

    def test_the_same_token_launches_nothing_new(self):
        first = self.host.run_instances(2, client_token="Once")
        again = self.host.run_instances(2, client_token="Once")
        self.assertEqual([guest.id for guest in again], [guest.id for guest in first])
        self.run_refused("IdempotentParameterMismatch", client_token="Once", count=3)
        other = self.host.run_instances(2, client_token="once")  # tokens are case-sensitive
        self.assertNotEqual(other[0].id, first[0].id)
        self.run_refused("InvalidParameterValue", client_token="x" * 65)

    def test_a_dry_run_checks_and_does_nothing(self):
        self.run_refused("DryRunOperation", dry_run=True)
        self.run_refused("InvalidAMIID.Malformed", dry_run=True, image_id="ami-xyz")
        guest = self.host.launch()
        for action in ("stop-instances", "reboot-instances", "terminate-instances", "start-instances"):
            self.refused("DryRunOperation", action, instance_ids=[guest.id], dry_run=True)
        self.assertEqual(guest.state, "running")

    def test_a_launch_index_counts_through_one_reservation(self):
        answer = self.host.api("run-instances", image_id=self.host.image_id, count=3)
        self.assertEqual([i["AmiLaunchIndex"] for i in answer["Instances"]], [0, 1, 2])
        self.assertRegex(answer["ReservationId"], "^r-[0-9a-f]{17}$")
        self.assertEqual({i["State"]["Name"] for i in answer["Instances"]}, {"pending"})

    def test_counts_out_of_order_or_bounds_are_refused(self):
        self.run_refused("InvalidParameterValue", min_count=3, max_count=2)
        self.run_refused("InvalidParameterValue", min_count=0, max_count=1)
        self.run_refused("InvalidParameterValue", min_count=1, max_count=1001)

    def test_a_launch_beyond_the_hosts_memory_is_refused_and_one_with_a_minimum_shrinks(self):
        said = self.run_refused("InsufficientInstanceCapacity", instance_type="b1.large", count=51)
        self.assertIn("b1.large", said)
        guests = self.host.run_instances("1:51", instance_type="b1.large")
        self.assertTrue(40 < len(guests) <= 50, len(guests))  # other tests' instances hold some of it
        self.host.api("terminate-instances", instance_ids=[guest.id for guest in guests])
        for guest in guests[-1:]:
            guest.wait_state("terminated")

    def test_what_does_not_exist_is_named(self):
        for code, arguments in (
                ("InvalidAMIID.Malformed", {"image_id": "ami-xyz"}),
                ("InvalidAMIID.NotFound", {"image_id": "ami-0123456789abcdef0"}),
                ("InvalidKeyPair.NotFound", {"key_name": "nobody's"}),
                ("InvalidGroup.NotFound", {"security_groups": ["nowhere"]}),
                ("InvalidGroup.NotFound", {"security_group_ids": ["sg-0123456789abcdef0"]}),
                ("InvalidSubnetID.NotFound", {"subnet_id": "subnet-0123456789abcdef0"}),
                ("InvalidParameterValue", {"instance_type": "t9.huge"}),
                ("InvalidParameterValue", {"placement": {"AvailabilityZone": "eu-west-1a"}}),
                ("InvalidParameterValue", {"private_ip_address": "10.9.9.9"}),
                ("InvalidBlockDeviceMapping", {"block_device_mappings": [
                    {"DeviceName": "/dev/null", "Ebs": {"VolumeSize": 1}}]})):
            with self.subTest(arguments=arguments):
                self.run_refused(code, **arguments)

    def test_user_data_has_its_limit(self):
        path = os.path.join(self.host.directory, "data")
        for size, fits in ((16384, True), (16385, False)):
            with open(path, "w") as file:
                file.write("x" * size)
            if fits:
                self.host.run_instances(1, user_data=f"file://{path}")
            else:
                self.run_refused("InvalidParameterValue", user_data=f"file://{path}")


class StateRulesTest(SimulatedTest):
    @classmethod
    def prepare(cls):
        super().prepare()
        cls.guest = cls.host.launch()

    def stopped(self):
        guest = self.host.launch()
        guest.stop(force=True)
        guest.wait_state("stopped")
        return guest

    def test_ids_are_checked_and_all_that_are_unknown_are_named(self):
        self.refused("InvalidInstanceID.Malformed", "stop-instances", instance_ids=["i-12"])
        unknown = ["i-0123456789abcdef0", "i-0123456789abcdef1"]
        said = self.refused("InvalidInstanceID.NotFound", "stop-instances", instance_ids=[self.guest.id, *unknown])
        for name in unknown:
            self.assertIn(name, said)
        self.assertEqual(self.guest.state, "running", "all or none")

    def test_wrong_states_are_refused(self):
        stopped = self.stopped()
        self.refused("IncorrectInstanceState", "reboot-instances", instance_ids=[stopped.id])
        stopped.stop()  # what is so already is no error
        self.guest.start()
        stopped.terminate()
        stopped.wait_state("terminated")
        for action in ("start-instances", "stop-instances", "reboot-instances"):
            self.assert_refused_either(("IncorrectInstanceState", "InvalidInstanceID.NotFound"), action, stopped)

    def assert_refused_either(self, codes, action, guest):
        with self.assertRaises(CliError) as caught:
            self.host.api(action, instance_ids=[guest.id])
        self.assertIn(caught.exception.code, codes)

    def test_protection_holds_until_it_is_taken_off(self):
        guest = self.host.launch(disable_api_termination=True, disable_api_stop=True)
        self.refused("OperationNotPermitted", "terminate-instances", instance_ids=[guest.id])
        self.refused("OperationNotPermitted", "stop-instances", instance_ids=[guest.id])
        answer = self.host.api("describe-instance-attribute", instance_id=guest.id, attribute="disableApiTermination")
        self.assertEqual(answer["DisableApiTermination"], {"Value": True})
        guest.modify(disable_api_stop=False)
        guest.stop(force=True)
        guest.wait_state("stopped")
        guest.modify(disable_api_termination=False)
        guest.terminate()
        guest.wait_state("terminated")

    def test_transitions_pass_through_their_states(self):
        guest = self.host.run_instances(1)[0]
        guest.wait_state("running")
        answer = self.host.api("stop-instances", instance_ids=[guest.id])["StoppingInstances"][0]
        self.assertEqual((answer["PreviousState"]["Name"], answer["CurrentState"]["Name"]), ("running", "stopping"))
        guest.stop(force=True)
        guest.wait_state("stopped")
        answer = self.host.api("start-instances", instance_ids=[guest.id])["StartingInstances"][0]
        self.assertEqual((answer["PreviousState"]["Name"], answer["CurrentState"]["Name"]), ("stopped", "pending"))
        guest.wait_state("running")
        answer = self.host.api("terminate-instances", instance_ids=[guest.id])["TerminatingInstances"][0]
        self.assertEqual((answer["PreviousState"]["Name"], answer["CurrentState"]["Name"]),
                         ("running", "shutting-down"))


class TourTest(SimulatedTest):
    """Every other action once, as a client would walk through them."""

    def test_regions_zones_and_types(self):
        self.assertEqual([r["RegionName"] for r in self.host.api("describe-regions")["Regions"]], ["us-east-1"])
        zones = self.host.api("describe-availability-zones")["AvailabilityZones"]
        self.assertEqual([z["ZoneName"] for z in zones], ["us-east-1a", "us-east-1b", "us-east-1c"])
        self.assertEqual(len({z["ZoneId"] for z in zones}), 3)
        types = self.host.api("describe-instance-types", instance_types=["t3.micro"])["InstanceTypes"]
        self.assertEqual((types[0]["VCpuInfo"]["DefaultVCpus"], types[0]["MemoryInfo"]["SizeInMiB"]), (2, 1024))
        offered = self.host.api("describe-instance-type-offerings", location_type="availability-zone",
                                filters=[{"Name": "instance-type", "Values": ["b1.*"]}])["InstanceTypeOfferings"]
        self.assertEqual(len(offered), 3 * 6)
        self.refused("InvalidInstanceType", "describe-instance-types", instance_types=["t9.none"])

    def test_the_default_network_is_there(self):
        (vpc,) = self.host.api("describe-vpcs")["Vpcs"]
        self.assertEqual((vpc["CidrBlock"], vpc["IsDefault"]), ("172.31.0.0/16", True))
        subnets = self.host.api("describe-subnets")["Subnets"]
        self.assertEqual(sorted(s["AvailabilityZone"] for s in subnets), ["us-east-1a", "us-east-1b", "us-east-1c"])
        self.assertTrue(all(s["DefaultForAz"] for s in subnets))
        guest = self.host.launch(placement={"AvailabilityZone": "us-east-1b"})
        self.assertEqual(guest.describe()["Placement"]["AvailabilityZone"], "us-east-1b")

    def test_key_pairs_of_both_kinds(self):
        for kind, begin in (("rsa", "-----BEGIN"), ("ed25519", "-----BEGIN")):
            made = self.host.api("create-key-pair", key_name=f"made-{kind}", key_type=kind)
            self.assertTrue(made["KeyMaterial"].startswith(begin))
            self.assertNotIn(made["KeyMaterial"].splitlines()[1], self.host.log())
            path = os.path.join(self.host.directory, f"{kind}.pem")
            with open(path, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
                file.write(made["KeyMaterial"])
            public = subprocess.run(["ssh-keygen", "-y", "-f", path], capture_output=True, text=True, check=True)
            self.assertIn({"rsa": "ssh-rsa", "ed25519": "ssh-ed25519"}[kind], public.stdout)
            self.refused("InvalidKeyPair.Duplicate", "create-key-pair", key_name=f"made-{kind}")
            (shown,) = self.host.api("describe-key-pairs", key_names=[f"made-{kind}"])["KeyPairs"]
            self.assertEqual(shown["KeyFingerprint"], made["KeyFingerprint"])
            self.host.api("delete-key-pair", key_name=f"made-{kind}")
            self.refused("InvalidKeyPair.NotFound", "describe-key-pairs", key_names=[f"made-{kind}"])

    def test_security_groups_and_their_rules(self):
        group = self.host.api("create-security-group", group_name="web", description="a web server")["GroupId"]
        self.refused("InvalidGroup.Duplicate", "create-security-group", group_name="web", description="again")
        rule = [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        self.host.api("authorize-security-group-ingress", group_id=group, ip_permissions=rule)
        self.refused("InvalidPermission.Duplicate", "authorize-security-group-ingress", group_id=group,
                     ip_permissions=rule)
        (shown,) = self.host.api("describe-security-groups", group_ids=[group])["SecurityGroups"]
        self.assertEqual(shown["IpPermissions"][0]["FromPort"], 80)
        guest = self.host.launch(security_group_ids=[group])
        self.refused("DependencyViolation", "delete-security-group", group_id=group)
        self.host.api("revoke-security-group-ingress", group_id=group, ip_permissions=rule)
        self.refused("InvalidPermission.NotFound", "revoke-security-group-ingress", group_id=group,
                     ip_permissions=rule)
        guest.terminate()
        guest.wait_state("terminated")
        self.host.api("delete-security-group", group_id=group)
        self.refused("InvalidGroup.NotFound", "describe-security-groups", group_ids=[group])

    def test_tags_and_filters_find_what_they_name(self):
        guests = self.host.launch(3)
        self.host.api("create-tags", resources=[guests[0].id, guests[1].id], tags=[{"Key": "Role", "Value": "web-1"}])
        self.host.api("create-tags", resources=[guests[2].id], tags=[{"Key": "Role", "Value": "db"}])

        def found(*filters):
            answer = self.host.api("describe-instances", filters=list(filters))
            return sorted(i["InstanceId"] for r in answer.get("Reservations", []) for i in r["Instances"])

        self.assertEqual(found({"Name": "tag:Role", "Values": ["web-*"]}), sorted(g.id for g in guests[:2]))
        self.assertEqual(found({"Name": "tag:Role", "Values": ["d?"]}), [guests[2].id])
        self.assertEqual(found({"Name": "tag:Role", "Values": ["web-*", "db"]},
                               {"Name": "private-ip-address", "Values": [guests[1].private_ip]}), [guests[1].id])
        self.assertEqual(found({"Name": "tag:Role", "Values": ["nothing"]}), [])
        self.refused("InvalidParameterValue", "describe-instances", filters=[{"Name": "no-such", "Values": ["x"]}])
        self.host.api("delete-tags", resources=[guests[2].id], tags=[{"Key": "Role"}])
        self.assertEqual(found({"Name": "tag:Role", "Values": ["db"]}), [])
        self.refused("InvalidInstanceID.NotFound", "create-tags", resources=["i-0123456789abcdef0"],
                     tags=[{"Key": "a", "Value": "b"}])

    def test_attributes_can_be_read_and_changed(self):
        guest = self.host.launch()
        for attribute, member, value in (
                ("instanceType", "InstanceType", "b1.tiny"),
                ("instanceInitiatedShutdownBehavior", "InstanceInitiatedShutdownBehavior", "stop"),
                ("rootDeviceName", "RootDeviceName", "/dev/vda")):
            answer = self.host.api("describe-instance-attribute", instance_id=guest.id, attribute=attribute)
            self.assertEqual(answer[member], {"Value": value})
        guest.modify(instance_initiated_shutdown_behavior="terminate")
        answer = self.host.api("describe-instance-attribute", instance_id=guest.id,
                               attribute="instanceInitiatedShutdownBehavior")
        self.assertEqual(answer["InstanceInitiatedShutdownBehavior"], {"Value": "terminate"})
        self.host.api("monitor-instances", instance_ids=[guest.id])
        self.assertEqual(guest.describe()["Monitoring"], {"State": "enabled"})
        self.host.api("unmonitor-instances", instance_ids=[guest.id])
        answer = self.host.api("modify-instance-metadata-options", instance_id=guest.id, http_tokens="optional")
        self.assertEqual(answer["InstanceMetadataOptions"]["HttpTokens"], "optional")
        image = self.host.api("describe-image-attribute", image_id=self.host.image_id, attribute="description")
        self.assertEqual(image["ImageId"], self.host.image_id)

    def test_the_service_keeps_secrets_out_of_its_log(self):
        self.host.run_instances(1, user_data="the-password-is-hunter2")
        self.assertNotIn("hunter2", self.host.log())


class ManyTest(SimulatedTest):
    """BRUME_TEST_INSTANCES=100000 is the long form, run by hand; it prints what it measured."""

    config = {"network": {"default_vpc_cidr": "10.0.0.0/8", "public_pool": "198.18.0.0/15"},
              "ec2": {"terminated_visible_seconds": 3600}}

    def test_many_instances_are_launched_listed_page_by_page_and_ended(self):
        count = int(os.environ.get("BRUME_TEST_INSTANCES", "1000"))
        patience = 60 + count / 50
        ids = []
        began = time.monotonic()
        while len(ids) < count:
            ids += [guest.id for guest in self.host.run_instances(min(1000, count - len(ids)))]
        accepted = time.monotonic()
        self.assertEqual(len(set(ids)), count)
        wait_until(lambda: self.in_state("pending") == 0, patience, "all to run", every=0.5)
        running = time.monotonic()
        self.assertEqual(self.in_state("running"), count)

        listed, pages, token = [], 0, None
        while True:
            answer = self.host.api("describe-instances", max_results=1000 if count > 5000 else 300, next_token=token)
            listed += [i["InstanceId"] for r in answer["Reservations"] for i in r["Instances"]]
            pages += 1
            token = answer.get("NextToken")
            if not token:
                break
        walked = time.monotonic()
        self.assertEqual(sorted(listed), sorted(ids))
        one = time.monotonic()
        self.host.api("describe-instances", instance_ids=[ids[count // 2]])
        one = time.monotonic() - one

        self.host.kill()
        restart = time.monotonic()
        self.host.start()
        self.host.api("describe-instances", instance_ids=[ids[0]])
        restart = time.monotonic() - restart
        with open(f"/proc/{self.host.daemon.pid}/status") as file:
            memory = next(line.split()[1] for line in file if line.startswith("VmRSS"))

        ended = time.monotonic()
        for first in range(0, count, 1000):
            self.host.api("terminate-instances", instance_ids=ids[first:first + 1000])
        wait_until(lambda: self.in_state("terminated") == count, patience, "all to end", every=0.5)
        ended = time.monotonic() - ended
        print(f"\n{count} instances: accepted in {accepted - began:.1f} s, running after {running - began:.1f} s, "
              f"listed in {pages} pages in {walked - running:.1f} s, one shown in {one * 1000:.0f} ms, serving again "
              f"{restart:.2f} s after kill -9 ({int(memory) // 1024} MiB), ended in {ended:.1f} s")

    def in_state(self, state):
        """How many; by a filter, through the command's own paging."""
        answer = self.host.api("describe-instances", filters=[{"Name": "instance-state-name", "Values": [state]}])
        return sum(len(r["Instances"]) for r in answer.get("Reservations", []))

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # So that close() finds nothing to wait an hour for.
        cls.addClassCleanup(cls.purge)

    @classmethod
    def purge(cls):
        cls.host.stop()
        cls.host.configure({**cls.config, "ec2": {"terminated_visible_seconds": 0}})
        cls.host.start()


if __name__ == "__main__":
    unittest.main()
