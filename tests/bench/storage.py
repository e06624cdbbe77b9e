"""Disks of guests beside those of a QEMU by hand, and what snapshots and volumes take. Part of bench."""

import glob
import os
import shutil
import socket
import sqlite3
import statistics
import subprocess
import time

from conditions import wait_until

ZONE = "us-east-1a"
MIB = 128  # of the disk that is read and written
SECONDS = 4
LOADS = [("read", 1), ("read", 32), ("write", 1), ("write", 32),
         ("rand-read", 1), ("rand-read", 32), ("rand-write", 1), ("rand-write", 32)]


def program():
    return os.path.join(os.environ["BRUME_BIN"], "disk_load")


class ByHand:
    """A mini guest of a QEMU started by hand, spoken to over its console. Disks: vda as given, vdb brings disk_load."""

    def __init__(self, mini, disk, directory):
        path = os.path.join(directory, "console")
        accel = "kvm" if os.access("/dev/kvm", os.W_OK) and not self.emulated() else "tcg"
        # With room for a second processor, as Brume's emulated guests have it (docs/compute.md).
        argv = ["qemu-system-x86_64", "-M", "q35", "-accel", accel, "-cpu", "max", "-smp", "1,maxcpus=2", "-m", "128",
                "-nodefaults", "-display", "none", "-nic", "none", "-kernel", f"{mini}/vmlinux", "-initrd", f"{mini}/initrd.img",
                "-append", "console=ttyS0 quiet cryptomgr.notests noreplace-smp no_timer_check",
                "-chardev", f"socket,id=c,path={path},server=on,wait=off", "-serial", "chardev:c",
                "-drive", f"file={disk},format=qcow2,if=virtio,cache=none,discard=unmap",
                "-drive", f"file={program()},format=raw,if=virtio,readonly=on"]
        self.qemu = subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True)
        wait_until(lambda: os.path.exists(path), 10, "the console of the guest by hand")
        self.console = socket.socket(socket.AF_UNIX)
        self.console.connect(path)
        self.console.settimeout(120)
        size = -(-os.path.getsize(program()) // 4096)
        self.wait_shell()
        self.run(f"dd if=/dev/vdb of=/tmp/load bs=4096 count={size} 2>/dev/null; chmod +x /tmp/load")

    def wait_shell(self):
        """What is typed before its shell is up is lost, so it is asked until it answers."""
        self.console.settimeout(0.5)
        said = b""
        deadline = time.monotonic() + 60
        while b"UP\r\n" not in said:
            assert time.monotonic() < deadline, said[-500:]
            self.console.sendall(b"echo U''P\n")
            try:
                said += self.console.recv(4096)
            except TimeoutError:
                pass
        self.console.settimeout(120)

    @staticmethod
    def emulated():
        return os.environ.get("BRUME_BENCH_TCG", "1") == "1"

    def run(self, command):
        """What a command printed."""
        self.console.sendall(f"echo BEG''IN; {command}; echo EN''D\n".encode())
        said = b""
        while b"END\r\n" not in said:
            part = self.console.recv(4096)
            assert part, "the guest by hand is gone"
            said += part
        return said.rpartition(b"BEGIN\r\n")[2].partition(b"END\r\n")[0].decode()

    def load(self, what, depth, seconds=SECONDS):
        return self.run(f"/tmp/load /dev/vda {what} {depth} {seconds} {MIB}")

    def end(self):
        self.qemu.kill()
        self.qemu.wait()
        self.console.close()


class OnHost:
    def __init__(self, directory):
        self.path = os.path.join(directory, "raw")
        with open(self.path, "wb") as file:
            file.truncate(MIB << 20)
        self.load("fill", 4)

    def load(self, what, depth, seconds=SECONDS):
        return subprocess.run([program(), self.path, what, str(depth), str(seconds), str(MIB)], check=True,
                              capture_output=True, text=True).stdout


class OurDisk:
    """A volume of a guest of Brume's."""

    def __init__(self, host, guest):
        self.host, self.guest = host, guest
        self.volume = host.api("create-volume", availability_zone=ZONE, size=100, volume_type="io2",
                               iops=50000)["VolumeId"]
        self.wait("available")
        with open(program(), "rb") as file:
            subprocess.run([*guest.ssh_argv(), "cat >/tmp/load && chmod +x /tmp/load"], stdin=file, check=True)
        self.attach()
        self.load("fill", 4)

    def wait(self, state):
        def shown():
            return self.host.api("describe-volumes", volume_ids=[self.volume])["Volumes"][0]
        wait_until(lambda: shown()["State"] == state and
                   all(each["State"] == "attached" for each in shown().get("Attachments", [])), 60, f"{self.volume} {state}",
                   every=0.02)

    def attach(self):
        self.host.api("attach-volume", volume_id=self.volume, instance_id=self.guest.id, device="/dev/sdf")
        self.wait("in-use")
        self.disk = self.guest.disk_of(self.volume)

    def load(self, what, depth, seconds=SECONDS, mib=MIB):
        return self.guest.ssh(f"/tmp/load /dev/{self.disk} {what} {depth} {seconds} {mib}", timeout=120)

    def snapshot(self):
        made = self.host.api("create-snapshot", volume_id=self.volume)["SnapshotId"]
        wait_until(lambda: self.host.api("describe-snapshots", snapshot_ids=[made])["Snapshots"][0]["State"] ==
                   "completed", 60, f"{made} completed", every=0.02)
        return made

    def copy_to(self, directory):
        """A copy of its files as they lie, chain and all; the path of the top."""
        self.host.api("detach-volume", volume_id=self.volume)
        self.wait("available")
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(f"{directory}/volumes")
        state = self.host.state_dir
        subprocess.run(["cp", "-r", "--sparse=always", f"{state}/layers", directory], check=True)
        subprocess.run(["cp", "-r", "--sparse=always", f"{state}/volumes/{self.volume}", f"{directory}/volumes"],
                       check=True)
        self.attach()
        (top,) = glob.glob(f"{directory}/volumes/{self.volume}/*.qcow2")
        return top


def rates(said):
    operations, mib, max_ms = map(float, said.split())
    return {"ops": operations, "mib": mib, "longest": max_ms}


def compare(ours, by_hand, rounds):
    """For each load the medians of both, taken in turn: {(what, depth): (ours, by hand)}."""
    found = {}
    for what, depth in LOADS:
        mine, bare = [], []
        for turn in range(rounds):
            pair = [(mine, ours), (bare, by_hand)]
            for kept, disk in pair if turn % 2 == 0 else reversed(pair):
                kept.append(rates(disk.load(what, depth))["ops"])
        found[what, depth] = statistics.median(mine), statistics.median(bare)
    return found


def throughput(host, disk, rounds, verdict):
    directory = os.path.join(host.directory, "by-hand-disk")
    os.mkdir(directory)
    on_host = OnHost(directory)
    for chain in (1, 8):
        while chain == 8 and len(glob.glob(f"{host.state_dir}/layers/snap-*")) < 7:
            disk.snapshot()
            disk.load("fill", 4, mib=MIB // 8)
        by_hand = ByHand(os.environ["BRUME_MINI"], disk.copy_to(f"{directory}/files"), directory)
        try:
            for (what, depth), (mine, bare) in compare(disk, by_hand, rounds).items():
                raw = rates(on_host.load(what, depth))["ops"] if chain == 1 else 0
                beside = f"; the host's own file {raw:.0f}/s" if raw else ""
                yield (f"{what}, {depth} at a time, {chain} file{'s' if chain > 1 else ''} deep: a guest of Brume's, "
                       "by hand", f"{mine:.0f}/s, {bare:.0f}/s: {mine / bare:.3f}{beside}",
                       verdict(mine / bare >= 0.95, "≥ 0.95"))
        finally:
            by_hand.end()
            os.unlink(os.path.join(directory, "console"))


def stall(host, disk, rounds, verdict):
    """The longest durable write while snapshots are taken, beside the longest while none are."""
    quiet, beside = [], []
    for _ in range(rounds):
        quiet.append(rates(disk.load("stall", 1))["longest"])
        script = f"echo begun; /tmp/load /dev/{disk.disk} stall 1 {SECONDS} {MIB}"
        writing = subprocess.Popen([*disk.guest.ssh_argv(), script], stdout=subprocess.PIPE, text=True)
        assert writing.stdout.readline() == "begun\n"
        disk.snapshot()
        beside.append(rates(writing.communicate(timeout=60)[0])["longest"])
    more = statistics.median(beside) - statistics.median(quiet)
    yield ("the longest durable write while a snapshot is taken, and while none is",
           f"{statistics.median(beside):.1f} ms, {statistics.median(quiet):.1f} ms", verdict(more <= 100, "≤ 100 ms more"))


def attach(disk, rounds, spread, verdict):
    """From the call to the guest that has the disk."""
    took = []
    serial = disk.volume.replace("-", "")
    for _ in range(rounds):
        disk.host.api("detach-volume", volume_id=disk.volume)
        disk.wait("available")
        waiting = subprocess.Popen(
            [*disk.guest.ssh_argv(),
             f"echo looking; until grep -q {serial} /sys/block/vd*/serial 2>/dev/null; do :; done; echo seen"],
            stdout=subprocess.PIPE, text=True)
        assert waiting.stdout.readline() == "looking\n"
        began = time.monotonic()
        disk.host.api("attach-volume", volume_id=disk.volume, instance_id=disk.guest.id, device="/dev/sdf")
        assert waiting.stdout.readline() == "seen\n"
        took.append(time.monotonic() - began)
        waiting.communicate()
        disk.wait("in-use")
    disk.disk = disk.guest.disk_of(disk.volume)
    yield ("AttachVolume → the guest has the disk (with the command line's start)", spread(took, "s"),
           verdict(statistics.median(took) <= 1, "≤ 1 s"))


def client_of(host):
    import boto3
    from botocore.config import Config
    environment = host.aws_environment()
    os.environ.update({name: value for name, value in environment.items() if name.startswith("AWS_")})
    return boto3.client("ec2", endpoint_url=host.endpoint, config=Config(retries={"max_attempts": 0}))


def restore(host, rounds, spread, verdict):
    """Of a snapshot of 20 GiB with data in it, and the deletion of one between two others."""
    ec2 = client_of(host)
    volume = ec2.create_volume(AvailabilityZone=ZONE, Size=20)["VolumeId"]

    def state(id):
        return ec2.describe_volumes(VolumeIds=[id])["Volumes"][0]["State"]

    wait_until(lambda: state(volume) == "available", 30, "the volume")
    (path,) = glob.glob(f"{host.state_dir}/volumes/{volume}/*.qcow2")
    subprocess.run(["qemu-io", "-f", "qcow2", "-c", "write -P 7 0 512M", path], check=True, stdout=subprocess.DEVNULL)
    restored, deleted = [], []

    def completed(id):
        return ec2.describe_snapshots(SnapshotIds=[id])["Snapshots"][0]["State"] == "completed"

    snapshots = []
    for _ in range(rounds + 2):
        snapshots.append(ec2.create_snapshot(VolumeId=volume)["SnapshotId"])
        wait_until(lambda: completed(snapshots[-1]), 30, "the snapshot", every=0.01)
    for snapshot in snapshots[1:-1]:
        began = time.monotonic()
        made = ec2.create_volume(AvailabilityZone=ZONE, SnapshotId=snapshot)["VolumeId"]
        while state(made) != "available":
            pass
        restored.append(1000 * (time.monotonic() - began))
        ec2.delete_volume(VolumeId=made)
        began = time.monotonic()
        ec2.delete_snapshot(SnapshotId=snapshot)
        deleted.append(1000 * (time.monotonic() - began))
    for snapshot in (snapshots[0], snapshots[-1]):
        ec2.delete_snapshot(SnapshotId=snapshot)
    ec2.delete_volume(VolumeId=volume)
    yield ("CreateVolume of a snapshot of 20 GiB → available (boto3)", spread(restored, "ms"),
           verdict(statistics.median(restored) <= 50, "≤ 50 ms"))
    yield ("DeleteSnapshot of one between two others (boto3)", spread(deleted, "ms"),
           verdict(statistics.median(deleted) <= 50, "≤ 50 ms"))


def launches(host, rounds, launched, spread, verdict):
    """Of images of 2 and of 20 GiB, all of it allocated."""
    took = {}
    for gib in (2, 20):
        bundle = os.path.join(host.directory, f"image-{gib}")
        shutil.copytree(os.environ["BRUME_MINI"], bundle)
        os.unlink(f"{bundle}/disk.qcow2")
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-o", "preallocation=falloc",
                        f"{bundle}/disk.qcow2", f"{gib}G"], check=True)
        took[host.add_image(bundle, f"image-{gib}", wait=False)] = []
    for image in took:
        host.wait_image(image, seconds=300)
    for _ in range(rounds):
        for image, kept in took.items():
            kept.append(launched(image))
    small, large = (statistics.median(kept) for kept in took.values())
    for gib, kept in zip((2, 20), took.values()):
        yield (f"RunInstances of an image of {gib} GiB → first line of userspace", spread(kept, "s"), "")
    yield ("20 GiB beside 2 GiB", f"{large / small:.3f}", verdict(0.9 <= large / small <= 1.1, "within 10 %"))


def describe(host, query_bench, server_ms, verdict):
    """10,000 volumes and 50,000 snapshots, on a simulated host of their own; the rows are copies of one each."""
    simulated = type(host)({"limits": {"request_burst": 0.0}}, flags=["--simulate"])
    try:
        simulated.start()
        simulated.prepare()
        volume = simulated.api("create-volume", availability_zone=ZONE, size=1)["VolumeId"]
        snapshot = simulated.api("create-snapshot", volume_id=volume, tag_specifications=[
            {"ResourceType": "snapshot", "Tags": [{"Key": "Stage", "Value": "s0"}]}])["SnapshotId"]
        wait_until(lambda: simulated.api("describe-snapshots", snapshot_ids=[snapshot])["Snapshots"][0]["State"] ==
                   "completed", 30, "the snapshot")
        simulated.stop()
        with sqlite3.connect(os.path.join(simulated.state_dir, "brume.db")) as database:
            copy_rows(database, "volumes", volume, "vol", 9_999)
            copy_rows(database, "snapshots", snapshot, "snap", 49_999)
        simulated.start()
        for action, tag in (("DescribeVolumes", "v"), ("DescribeSnapshots", "s")):
            for name, parameters, limit in (
                    ("a page of 1,000", "MaxResults=1000", 15),
                    ("those of a tag that 10 have", f"Filter.1.Name=tag:Stage&Filter.1.Value.1={tag}7", 15)):
                simulated.brume("stats", "--reset")
                query_bench(simulated, 1, 40, f"Action={action}&{parameters}")
                p50, p99 = server_ms(simulated, f"ec2:{action}")
                yield (f"{action}, {name}: server p50", f"{p50:.2f} ms (p99 {p99:.2f})",
                       verdict(p50 <= limit, f"≤ {limit} ms"))
    finally:
        simulated.kill()
        shutil.rmtree(simulated.directory)


def copy_rows(database, table, id, prefix, count):
    """More rows like the one, each with a tag that ten of them share."""
    columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})") if row[1] not in ("seq", "id")]
    names = ", ".join(columns)
    own = {"layer_id": "?1"} if table == "snapshots" else {}
    values = ", ".join(own.get(name, name) for name in columns)
    for number in range(count):
        new = f"{prefix}-{number:017x}"
        database.execute(f"INSERT INTO {table} (id, {names}) SELECT ?1, {values} FROM {table} WHERE id = ?2", (new, id))
        database.execute("INSERT INTO tags VALUES (?, 'Stage', ?)", (new, f"{prefix[0]}{number // 10}"))


def measure(host, rounds, tools):
    """tools: spread, verdict, query_bench and server_ms of bench, and `launched`, which times a launch of an image."""
    spread, verdict = tools["spread"], tools["verdict"]
    guest = host.launch_ready(placement={"AvailabilityZone": ZONE})
    disk = OurDisk(host, guest)
    yield from attach(disk, rounds, spread, verdict)
    yield from stall(host, disk, rounds, verdict)
    yield from restore(host, rounds, spread, verdict)
    yield from throughput(host, disk, rounds, verdict)
    host.terminate_instances([guest.id])
    yield from launches(host, rounds, tools["launched"], spread, verdict)
    yield from describe(host, tools["query_bench"], tools["server_ms"], verdict)
