"""How fast Auto Scaling groups of real guests follow what happens. Part of bench."""

import statistics
import time

USERSPACE = b"brume-mini: userspace"
PERIOD = 10  # seconds between samples, the default
TRACKING = {"TargetValue": 40, "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}}


class Group:
    def __init__(self, host, name, min_size, max_size, desired):
        self.host, self.name = host, name
        templates = host.api("describe-launch-templates").get("LaunchTemplates", [])
        if not templates:
            data = {"ImageId": host.image_id, "InstanceType": "b1.tiny", "KeyName": host.key_name}
            templates = [host.api("create-launch-template", launch_template_name="bench",
                                  launch_template_data=data)["LaunchTemplate"]]
        subnet = host.api("describe-subnets")["Subnets"][0]["SubnetId"]
        host.api("create-auto-scaling-group", auto_scaling_group_name=name, min_size=min_size, max_size=max_size,
                 desired_capacity=desired, vpc_zone_identifier=subnet,
                 launch_template={"LaunchTemplateId": templates[0]["LaunchTemplateId"], "Version": "$Latest"})

    def members(self, state="InService"):
        shown = self.host.api("describe-auto-scaling-groups", auto_scaling_group_names=[self.name])
        return [member["InstanceId"] for member in shown["AutoScalingGroups"][0].get("Instances", [])
                if member["LifecycleState"] == state]

    def wait(self, found, seconds=120):
        """The moment at which `found` holds."""
        deadline = time.monotonic() + seconds
        while not found():
            assert time.monotonic() < deadline, self.host.api("describe-scaling-activities",
                                                              auto_scaling_group_name=self.name)
            time.sleep(0.02)
        return time.monotonic()

    def set_desired(self, desired):
        self.host.api("set-desired-capacity", auto_scaling_group_name=self.name, desired_capacity=desired)

    def delete(self):
        self.host.delete_groups()


def load(host, rounds, guest_of):
    """Seconds from the beginning of a CPU load inside a guest to a second guest that runs."""
    took = []
    for _ in range(rounds):
        group = Group(host, "load", 1, 2, 1)
        group.wait(lambda: group.members())
        guest = guest_of(host, group.members()[0])
        guest.wait_ssh()
        host.api("put-scaling-policy", auto_scaling_group_name="load", policy_name="cpu",
                 policy_type="TargetTrackingScaling", target_tracking_configuration=TRACKING)
        # The samples in which it booted are past.
        time.sleep(2 * PERIOD)
        assert len(group.members()) == 1
        guest.ssh("(while :; do :; done) >/dev/null 2>&1 &")
        began = time.monotonic()
        took.append(group.wait(lambda: len(group.members()) == 2) - began)
        group.delete()
    return took


def replacement(host, rounds, guest_of):
    """Seconds from the death of a guest's QEMU to the row of the instance that replaces it."""
    took = []
    for round in range(rounds):
        # A new one each time: a group whose guests die young again and again waits with the next launch.
        group = Group(host, f"replace-{round}", 1, 2, 1)
        group.wait(lambda: group.members())
        guest = guest_of(host, group.members()[0])
        known = {instance["InstanceId"] for instance in host.instances()}
        guest.kill_qemu()
        began = time.monotonic()
        took.append(group.wait(lambda: {each["InstanceId"] for each in host.instances()} - known) - began)
        group.wait(lambda: group.members() not in ([], [guest.id]))
        group.delete()
    return took


def lines(host, ids):
    """How often these guests have come as far as userspace."""
    count = 0
    for id in ids:
        try:
            with open(f"{host.state_dir}/instances/{id}/console.log", "rb") as file:
                count += file.read().count(USERSPACE)
        except FileNotFoundError:
            pass
    return count


def scale_out(host, warm):
    """Seconds until ten more members are in service, and until all of them are in userspace."""
    group = Group(host, "out", 0, 10, 0)
    if warm:
        host.api("put-warm-pool", auto_scaling_group_name="out", max_group_prepared_capacity=10)

        def prepared():
            shown = host.api("describe-warm-pool", auto_scaling_group_name="out").get("Instances", [])
            return sum(member["LifecycleState"] == "Warmed:Stopped" for member in shown) == 10
        group.wait(prepared, 300)
        shown = host.api("describe-warm-pool", auto_scaling_group_name="out")["Instances"]
        before = lines(host, [member["InstanceId"] for member in shown])
    else:
        before = 0
    began = time.monotonic()
    group.set_desired(10)
    served = group.wait(lambda: len(group.members()) == 10) - began
    ids = group.members()
    up = group.wait(lambda: lines(host, ids) >= before + 10) - began
    group.delete()
    return served, up


def measure(host, rounds, spread, verdict):
    from guest import Guest
    probe = host.launch()
    probe.terminate()
    probe.wait_state("terminated")
    began = time.monotonic()
    probe = host.launch()
    launched = time.monotonic() - began
    probe.terminate()
    probe.wait_state("terminated")
    took = load(host, min(rounds, 3), Guest)
    bound = 2 * PERIOD + launched
    yield ("CPU load inside a guest → the group's next guest runs", spread(took, "s"),
           verdict(max(took) <= bound, f"≤ {bound:.1f} s (two periods and a launch)"))
    took = replacement(host, rounds, Guest)
    yield ("a guest's QEMU dies → its replacement is launched", spread(took, "s"),
           verdict(statistics.median(took) <= 2, "≤ 2 s"))
    for warm in (True, False):
        served, up = scale_out(host, warm)
        yield (f"scale-out of 10 {'from a warm pool of stopped guests' if warm else 'by cold launches'}",
               f"{served:.2f} s to run, {up:.2f} s to userspace", "")
