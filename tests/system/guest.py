"""A guest of the mini image, seen from the host."""

import os
import re
import signal
import socket
import subprocess

from conditions import wait_until

READY = "brume-mini: instance {id} address "


class SshError(Exception):
    pass


def ping(address, seconds=1):
    """Whether the address answers one ICMP echo."""
    return subprocess.run(["ping", "-n", "-q", "-c", "1", "-W", str(seconds), address],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def connects(address, port, seconds=2):
    """Whether a TCP connection comes about."""
    try:
        with socket.create_connection((address, port), timeout=seconds):
            return True
    except OSError:
        return False


class Guest:
    def __init__(self, host, instance_id, user="root", connect_seconds=5, command_seconds=60):
        """`connect_seconds`: how long an SSH server may take to answer, `command_seconds`: a command, if not said there."""
        self.connect_seconds = connect_seconds
        self.command_seconds = command_seconds
        self.host = host
        self.id = instance_id
        self.user = user

    def __repr__(self):
        return self.id

    # ---- as the API shows it

    def describe(self):
        answer = self.host.api("describe-instances", instance_ids=[self.id])
        return answer["Reservations"][0]["Instances"][0]

    @property
    def state(self):
        return self.describe()["State"]["Name"]

    @property
    def public_ip(self):
        return self.describe().get("PublicIpAddress")

    @property
    def private_ip(self):
        return self.describe()["PrivateIpAddress"]

    @property
    def root_volume(self):
        return self.describe()["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]

    def wait_state(self, state, seconds=60):
        """Returns the description in that state. terminated: also when it is purged already."""
        def poll():
            try:
                shown = self.describe()
            except Exception as error:
                if state == "terminated" and getattr(error, "code", "") == "InvalidInstanceID.NotFound":
                    return {"InstanceId": self.id}
                raise
            return shown if shown["State"]["Name"] == state else None
        return wait_until(poll, seconds, lambda: f"{self.id} {state}: it is {self.describe()}")

    def wait_gone(self, seconds=30):
        def gone():
            return all(instance["InstanceId"] != self.id for instance in self.host.instances())
        wait_until(gone, seconds, f"the purge of {self.id}")

    def start(self):
        self.host.api("start-instances", instance_ids=[self.id])

    def stop(self, force=False):
        self.host.api("stop-instances", instance_ids=[self.id], **({"force": True} if force else {}))

    def reboot(self):
        self.host.api("reboot-instances", instance_ids=[self.id])

    def terminate(self):
        self.host.api("terminate-instances", instance_ids=[self.id])

    def modify(self, **attribute):
        self.host.api("modify-instance-attribute", instance_id=self.id, **attribute)

    def status(self):
        """(instance status, system status), as "ok", "impaired", "initializing"."""
        answer = self.host.api("describe-instance-status", instance_ids=[self.id], include_all_instances=True)
        shown = answer["InstanceStatuses"][0]
        return shown["InstanceStatus"]["Status"], shown["SystemStatus"]["Status"]

    def console(self):
        return self.host.api("get-console-output", instance_id=self.id).get("Output", "").replace("\r", "")

    def wait_console(self, text, seconds=60, times=1):
        return wait_until(lambda: self.console().count(text) >= times and self.console(), seconds,
                          lambda: f"{text!r} on the console of {self.id}, which ends {self.console()[-1500:]!r}",
                          every=0.2)

    def wait_ready(self, seconds=90):
        """The guest has its address, its metadata and an SSH server."""
        self.wait_console(READY.format(id=self.id), seconds)

    # ---- over the network

    def pings(self):
        return ping(self.public_ip)

    def connects(self, port=22):
        return connects(self.public_ip, port)

    def ssh_argv(self, address=None):
        return ["ssh", "-F", "/dev/null", "-i", self.host.key_path, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
                "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                "-o", f"ConnectTimeout={self.connect_seconds}", "-o", "LogLevel=ERROR",
                f"{self.user}@{address or self.public_ip}"]

    def ssh(self, command, timeout=None, check=True, stdin=""):
        """Runs a shell command in the guest: what it printed. SshError unless it ends with 0."""
        done = subprocess.run([*self.ssh_argv(), command], input=stdin, capture_output=True, text=True,
                              timeout=timeout or self.command_seconds)
        if check and done.returncode != 0:
            raise SshError(f"{self.id}: {command!r} ended with {done.returncode}: {done.stderr}{done.stdout}")
        return done.stdout

    def ssh_ok(self, command, timeout=None):
        """Whether a command in the guest succeeds. SshError when SSH itself does not."""
        done = subprocess.run([*self.ssh_argv(), command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=timeout or self.command_seconds)
        if done.returncode == 255:
            raise SshError(f"{self.id}: {command!r}: {done.stderr}")
        return done.returncode == 0

    def disk_of(self, volume, seconds=30):
        """The guest's own name of a volume's disk, "vdb", once it has it: it goes by the serial."""
        serial = volume.replace("-", "")
        return wait_until(
            lambda: self.ssh(f"grep -l {serial} /sys/block/*/serial 2>/dev/null | cut -d/ -f4").strip(),
            seconds, f"{volume} in {self}")

    def write_sector(self, text, sector, disk="vda"):
        """Puts the text into a sector of a disk; it is on the disk when this returns."""
        self.ssh(f"echo {text} | dd of=/dev/{disk} bs=512 seek={sector} conv=notrunc,sync,fsync 2>/dev/null")

    def read_sector(self, sector, disk="vda"):
        """What write_sector put there, read past the guest's cache; empty where nothing was written."""
        command = f"dd if=/dev/{disk} bs=512 skip={sector} count=1 iflag=direct 2>/dev/null | tr -d '\\0'"
        return self.ssh(command).strip()

    def boot_id(self):
        return self.ssh("cat /proc/sys/kernel/random/boot_id").strip()

    def wait_ssh(self, seconds=90, other_boot_than=None):
        """Until SSH answers, from another boot than that one where given. Returns the boot's id."""
        def answers():
            try:
                boot = self.boot_id()
            except (SshError, subprocess.TimeoutExpired):
                return None
            return boot if boot != other_boot_than else None
        return wait_until(answers, seconds, f"{self.id} to answer over SSH", every=0.3)

    def http(self, request, host="169.254.169.254", port=80):
        """Sends raw lines of an HTTP/1.1 request from inside the guest: (status, body)."""
        lines = [*request, f"Host: {host}", "Connection: close", "", ""]
        # Reading in text mode has made every CR LF of the answer a LF.
        answer = self.ssh(f"nc -w 5 {host} {port}", stdin="\r\n".join(lines))
        head, _, body = answer.partition("\n\n")
        status = re.match(r"HTTP/1\.1 (\d+)", head)
        assert status, f"no HTTP answer: {answer!r}"
        return int(status[1]), body

    def imds_token(self, ttl=300):
        status, token = self.http(["PUT /latest/api/token HTTP/1.1", "Content-Length: 0",
                                   f"X-aws-ec2-metadata-token-ttl-seconds: {ttl}"])
        assert status == 200, (status, token)
        return token

    def imds(self, path, token=None):
        """GET of a metadata path: (status, body)."""
        headers = [f"X-aws-ec2-metadata-token: {token}"] if token else []
        return self.http([f"GET /latest/{path} HTTP/1.1", *headers])

    # ---- on the host

    def qemu_pid(self):
        """Of this guest's QEMU, or None."""
        for name in os.listdir("/proc"):
            if not name.isdigit():
                continue
            try:
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    words = file.read().decode(errors="replace").split("\0")
            except OSError:
                continue
            # The trailing part keeps helpers out that merely mention the guest.
            if "qemu-system" in words[0] and any(self.id in word for word in words):
                return int(name)
        return None

    def kill_qemu(self):
        os.kill(self.qemu_pid(), signal.SIGKILL)

    def volume_file(self):
        return os.path.join(self.host.state_dir, "volumes", self.root_volume)

    def instance_directory(self):
        return os.path.join(self.host.state_dir, "instances", self.id)
