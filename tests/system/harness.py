"""A host with a brumed of its own, for tests. Runs below tests/isolated: routes and namespaces are the test's alone."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import leftovers
import sanitizers
import unit_limits
from conditions import wait_until
from guest import Guest

BIN = os.environ["BRUME_BIN"]
MINI = os.environ.get("BRUME_MINI", "")

# What every test wants unless it says otherwise: quick, and no way out of the namespace.
DEFAULTS = {
    # Any port: a test may start several.
    "ec2": {"listen": "127.0.0.1:0", "default_instance_type": "b1.tiny", "terminated_visible_seconds": 3},
    "compute": {"acceleration": "tcg"},
    "network": {"uplink": "none"},
}


class CliError(Exception):
    """brume refused or failed; `code` is EC2's, or empty."""

    def __init__(self, argv, returncode, said):
        super().__init__(f"brume {' '.join(argv)}: {said.strip()} (exit code {returncode})")
        self.returncode = returncode
        self.said = said
        found = re.search(r"\(([A-Za-z][\w.]+)\)", said)
        self.code = found[1] if found else ""


class DaemonDied(Exception):
    def __init__(self, returncode, said):
        super().__init__(f"brumed ended with {returncode}: {said}")
        self.returncode = returncode
        self.said = said


def _toml(config):
    """Tables of plain values and lists; enough for brumed.toml."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in config.items() if not isinstance(value, dict)]
    for name, table in config.items():
        if isinstance(table, dict):
            lines.append(f"[{name}]")
            lines += [f"{key} = {json.dumps(value)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"


def _flags(arguments):
    """{"image_id": "ami-1", "dry_run": True} as the aws CLI's flags."""
    argv = []
    for key, value in arguments.items():
        flag = key.replace("_", "-")
        if value is None:
            continue
        if isinstance(value, bool):
            argv.append(f"--{flag}" if value else f"--no-{flag}")
        elif isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
            argv += [f"--{flag}", *value]
        elif isinstance(value, (dict, list, tuple)):
            argv += [f"--{flag}", json.dumps(value)]
        else:
            argv += [f"--{flag}", str(value)]
    return argv


class Host:
    """Starts and ends brumed on a state directory of its own. close() fails when something is left on the host."""

    def __init__(self, config=None, flags=(), state_dir=None, user=None, as_unit=False):
        """With `user`, a number, brumed and brume run as that user, without any privilege. With `as_unit`, brumed and all it
        starts may do no more than packaging/brumed.service lets them."""
        # Short: Unix sockets lie below it.
        self.directory = tempfile.mkdtemp(prefix="bm.", dir="/tmp")
        os.chmod(self.directory, 0o711)  # QEMU runs as a user of its own and must pass
        self.state_dir = state_dir or os.path.join(self.directory, "s")
        self.socket = os.path.join(self.state_dir, "brumed.sock")
        self.log_path = os.path.join(self.directory, "brumed.log")
        self.key_path = os.path.join(self.directory, "key")
        self.config_path = os.path.join(self.directory, "brumed.toml")
        self.flags = list(flags)
        self.image_id = None
        self.key_name = None
        self.daemon = None
        self.expected_left = set()  # paths below the state directory that a test leaves on purpose
        self.reports_path = os.path.join(self.directory, "sanitizer")
        self.reports = []  # of sanitizers, in what was said elsewhere than in brumed.log and below reports_path
        self.limits = ["/usr/bin/python3", "-B", unit_limits.__file__] if as_unit else []
        self.prefix = ["env", *sanitizers.environment(self.reports_path)]
        os.makedirs(os.path.join(self.state_dir, "import"))
        if user is not None:
            self.prefix += ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--no-new-privs"]
            for path in (self.directory, self.state_dir, os.path.join(self.state_dir, "import")):
                os.chown(path, user, user)
        self.configure(config or {})

    # ---- the daemon

    def configure(self, config):
        """Takes effect at the next start. Given as tables over the defaults."""
        merged = {name: dict(table) for name, table in DEFAULTS.items()}
        for name, table in config.items():
            merged[name] = {**merged.get(name, {}), **table} if isinstance(table, dict) else table
        plain = {name: value for name, value in merged.items() if not isinstance(value, dict)}
        tables = {name: value for name, value in merged.items() if isinstance(value, dict)}
        with open(self.config_path, "w") as file:
            file.write(_toml({"state_dir": self.state_dir, **plain, **tables}))

    def argv(self, *flags):
        return [*self.prefix, *self.limits, os.path.join(BIN, "brumed"), "--config", self.config_path, *self.flags, *flags]

    def start(self, *flags, environment=None, seconds=60):
        """Returns when the daemon serves; DaemonDied with its last words when it ends instead."""
        self.spawn(*flags, environment=environment)
        wait_until(self.serves, seconds, "brumed to serve", every=0.02)

    def spawn(self, *flags, environment=None):
        assert self.daemon is None or self.daemon.poll() is not None, "brumed runs already"
        with open(self.log_path, "ab") as log:
            self.log_start = log.tell()
            self.daemon = subprocess.Popen(
                self.argv(*flags), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, **(environment or {})})

    def serves(self):
        """Whether the socket answers a connection. DaemonDied when there is nobody to answer."""
        if self.daemon.poll() is not None:
            raise DaemonDied(self.daemon.returncode, self.log()[-2000:])
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            try:
                connection.connect(self.socket)
            except OSError:
                return False
        return True

    def running(self):
        return self.daemon is not None and self.daemon.poll() is None

    def stop(self, seconds=30):
        """SIGTERM. Returns the exit code."""
        self.daemon.send_signal(signal.SIGTERM)
        return self.daemon.wait(timeout=seconds)

    def kill(self):
        self.daemon.kill()
        self.daemon.wait()

    def log(self):
        """What the daemon said since its latest start."""
        with open(self.log_path, "rb") as file:
            file.seek(self.log_start)
            return file.read().decode(errors="replace")

    def run_to_end(self, *flags, seconds=60):
        """brumed that is expected to end by itself: (exit code, what it said)."""
        done = subprocess.run(self.argv(*flags), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=seconds)
        self.reports += sanitizers.reports_in(done.stdout)
        return done.returncode, done.stdout

    # ---- calls

    def brume_argv(self, *argv):
        return [*self.prefix, os.path.join(BIN, "brume"), "--socket", self.socket, *argv]

    def brume(self, *argv, timeout=120):
        """A command of the CLI: what it printed. CliError when it fails."""
        done = subprocess.run(self.brume_argv(*argv), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=timeout)
        self.reports += sanitizers.reports_in(done.stderr)
        if done.returncode != 0:
            raise CliError(argv, done.returncode, done.stderr or done.stdout)
        return done.stdout

    def api(self, action, **arguments):
        """An action with its parameters, spelled as the aws CLI spells them: the answer."""
        printed = self.brume(action, *_flags(arguments), "--output", "json")
        return json.loads(printed) if printed.strip() else {}

    # ---- clients of the Query API

    @property
    def endpoint(self):
        """The URL of the Query API, from the log: the port is any free one."""
        found = wait_until(lambda: re.search(r"the EC2 API is served at (\S+)", self.log()), 10,
                           "the address of the EC2 API in the log", every=0.02)
        return found[1]

    def aws_environment(self):
        """What shows AWS's own clients the root's key and the region, and nothing of the user's or of Amazon's."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return {**kept, "HOME": self.directory, "AWS_CONFIG_FILE": os.devnull,
                "AWS_DEFAULT_REGION": "us-east-1", "AWS_REGION": "us-east-1",
                "AWS_SHARED_CREDENTIALS_FILE": os.path.join(self.state_dir, "credentials"),
                "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1", "AWS_PAGER": ""}

    # ---- resources

    def add_image(self, bundle=None, name="mini", wait=True):
        """Registers a bundle directory, linked below the import directory; returns the image's id."""
        bundle = bundle or MINI
        target = os.path.join(self.state_dir, "import", name)
        os.makedirs(target)
        for file in os.listdir(bundle):
            if file.startswith("."):
                continue
            try:
                os.link(os.path.join(bundle, file), os.path.join(target, file))
            except OSError:  # another file system
                shutil.copyfile(os.path.join(bundle, file), os.path.join(target, file))
        image_id = self.api("register-image", name=name, image_location=target)["ImageId"]
        if wait:
            self.wait_image(image_id)
        return image_id

    def image(self, image_id):
        return self.api("describe-images", image_ids=[image_id])["Images"][0]

    def wait_image(self, image_id, state="available", seconds=60):
        wait_until(lambda: self.image(image_id)["State"] == state, seconds, lambda: f"{state} of {self.image(image_id)}")

    def add_key(self, name="test"):
        if not os.path.exists(self.key_path):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", self.key_path],
                           check=True)
        self.api("import-key-pair", key_name=name, public_key_material=f"fileb://{self.key_path}.pub")
        self.key_name = name

    def open_port(self, protocol="tcp", port=22, group="default"):
        self.api("authorize-security-group-ingress", **_group(group), protocol=protocol, port=port, cidr="0.0.0.0/0")

    def close_port(self, protocol="tcp", port=22, group="default"):
        self.api("revoke-security-group-ingress", **_group(group), protocol=protocol, port=port, cidr="0.0.0.0/0")

    def prepare(self):
        """What most tests begin with: the mini image, a key, SSH and ping allowed by the default group."""
        self.image_id = self.add_image()
        self.add_key()
        self.open_port("tcp", 22)
        self.open_port("icmp", "all")

    def run_instances(self, count=1, **arguments):
        """RunInstances of the mini image: the guests, pending."""
        arguments.setdefault("image_id", self.image_id)
        arguments.setdefault("key_name", self.key_name)
        answer = self.api("run-instances", count=count, **arguments)
        return [Guest(self, instance["InstanceId"]) for instance in answer["Instances"]]

    def launch(self, count=1, **arguments):
        """Guests that run; for one the guest itself."""
        guests = self.run_instances(count, **arguments)
        for guest in guests:
            guest.wait_state("running")
        return guests if count != 1 else guests[0]

    def launch_ready(self, count=1, **arguments):
        """Guests that answer over SSH (or say so on their console)."""
        guests = self.launch(count, **arguments)
        for guest in guests if count != 1 else [guests]:
            guest.wait_ready()
        return guests

    def instances(self):
        answer = self.api("describe-instances")
        return [instance for reservation in answer.get("Reservations", []) for instance in reservation["Instances"]]

    # ---- the end

    def groups(self):
        return self.api("describe-auto-scaling-groups").get("AutoScalingGroups", [])

    def delete_groups(self, seconds=90):
        """Auto Scaling groups with all their members."""
        for group in self.groups():
            self.api("delete-auto-scaling-group", auto_scaling_group_name=group["AutoScalingGroupName"],
                     force_delete=True)
        wait_until(lambda: not self.groups(), seconds, lambda: f"the end of {self.groups()}")

    def terminate_all(self, seconds=90):
        """Ends every instance and image, whatever protects it, and what would launch new ones."""
        self.delete_groups()
        for instance in self.instances():
            if instance["State"]["Name"] in ("terminated", "shutting-down"):
                continue
            try:
                self.api("modify-instance-attribute", instance_id=instance["InstanceId"],
                         disable_api_termination=False)
                self.api("terminate-instances", instance_ids=[instance["InstanceId"]])
            except CliError as error:
                # It may have terminated itself between the two calls.
                if error.code not in ("IncorrectInstanceState", "InvalidInstanceID.NotFound"):
                    raise
        wait_until(lambda: not self.instances(), seconds, lambda: f"the end of {self.instances()}")
        for image in self.api("describe-images").get("Images", []):
            self.api("deregister-image", image_id=image["ImageId"])

    def delete_snapshots(self):
        """Of volumes, and copies; an image's own has gone with it."""
        for snapshot in self.api("describe-snapshots")["Snapshots"]:
            self.api("delete-snapshot", snapshot_id=snapshot["SnapshotId"])

    def delete_volumes(self):
        """Those that outlived their instances, as data volumes do."""
        for volume in self.api("describe-volumes")["Volumes"]:
            if volume["State"] == "available":
                self.api("delete-volume", volume_id=volume["VolumeId"])

    def unexpected_files(self):
        return [path for path in leftovers.files(self.state_dir) if path not in self.expected_left]

    def close(self):
        """Ends all, whatever the test did, and fails when something is left."""
        problems = []
        try:
            self._wind_down(problems)
        except Exception as error:  # the rest must be tried whatever failed: that is the point
            problems.append(f"{type(error).__name__}: {error}")
            problems.append(self.diagnosis())
        finally:
            if self.running():
                self.kill()
            leftovers.end_processes(self.state_dir)
            problems += self.sanitizer_reports()
            if not os.environ.get("BRUME_TEST_KEEP"):
                shutil.rmtree(self.directory, ignore_errors=True)
        if problems:
            raise AssertionError("left behind:\n  " + "\n  ".join(problems))

    def sanitizer_reports(self):
        """Of every brumed and brume of this host, whether or not somebody looked at its exit code."""
        said = []
        if os.path.exists(self.log_path):
            with open(self.log_path, errors="replace") as file:
                said = sanitizers.reports_in(file.read())
        return said + self.reports + sanitizers.reports_of(self.reports_path)

    def _wind_down(self, problems):
        if not os.path.exists(os.path.join(self.state_dir, "brume.db")):
            return  # it has never got so far
        if not self.running():
            self.start()
        self.terminate_all()
        self.delete_snapshots()
        self.delete_volumes()
        wait_until(lambda: not self.unexpected_files(), 20, lambda: f"the end of {self.unexpected_files()}")
        code = self.stop()
        if code != 0:
            problems.append(f"brumed ended with {code} at SIGTERM: {self.log()[-1000:]}")
        if "--simulate" not in self.flags:
            code, said = self.run_to_end("--remove-host-state")
            if code != 0:
                problems.append(f"--remove-host-state ended with {code}: {said}")
        # A process that was told to end may need a moment.
        deadline = time.monotonic() + 5
        while leftovers.on_host(self.state_dir) and time.monotonic() < deadline:
            time.sleep(0.1)
        problems += leftovers.on_host(self.state_dir)

    def diagnosis(self):
        """What to look at when a test failed: the ends of the daemon's log and of the consoles."""
        parts = []
        try:
            with open(self.log_path, errors="replace") as file:
                parts.append("---- brumed.log\n" + "".join(file.readlines()[-60:]))
            instances = os.path.join(self.state_dir, "instances")
            for name in sorted(os.listdir(instances))[-4:] if os.path.isdir(instances) else []:
                console = os.path.join(instances, name, "console.log")
                if os.path.exists(console):
                    with open(console, errors="replace") as file:
                        parts.append(f"---- console of {name}\n" + "".join(file.readlines()[-15:]))
        except OSError as error:
            parts.append(f"---- {error}")
        return "\n".join(parts)


def _group(group):
    return {"group_id": group} if group.startswith("sg-") else {"group_name": group}


class HostTest(unittest.TestCase):
    """Tests that share one host, made when the first begins and closed, with all checks, after the last."""

    config = {}
    flags = ()
    ready = True  # whether the host has an image, a key and open ports
    as_unit = False  # whether brumed is held to what its unit lets it do

    @classmethod
    def make_host(cls):
        return Host(cls.config, cls.flags, as_unit=cls.as_unit)

    @classmethod
    def setUpClass(cls):
        cls.host = cls.make_host()
        cls.addClassCleanup(cls.host.close)
        try:
            cls.host.start()
            if cls.ready:
                cls.host.prepare()
            cls.prepare()
        except Exception:
            print(cls.host.diagnosis(), file=sys.stderr)
            raise

    @classmethod
    def prepare(cls):
        """What the tests of a class share beyond the host."""

    def run(self, result=None):
        failed = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > failed:
            print(self.host.diagnosis(), file=sys.stderr)
        return result

    def assert_refused(self, code, call, *arguments, **keywords):
        """The call fails with EC2's `code` and a sentence; returns the sentence."""
        with self.assertRaises(CliError) as caught:
            call(*arguments, **keywords)
        self.assertEqual(caught.exception.code, code, caught.exception.said)
        return caught.exception.said
