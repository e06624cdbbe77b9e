"""brume takes the lines that are written for the aws command line, and answers what that answers."""

import contextlib
import io
import json
import os
import random
import re
import shlex
import stat
import subprocess
import unittest
from unittest import mock

import jmespath
import yaml
from awscli.clidriver import create_clidriver
from botocore import xform_name
from botocore.session import get_session
from client_host import SimulatedClientTest
from conditions import wait_until

# Lines as AWS's tutorials have them, each run by both. "NAME = LINE" keeps what LINE prints as {NAME}; {who} is another
# for each, so that what one makes is not in the other's way. Lines of {read} change nothing: they are run in JSON and in
# one of the other formats.
FIRST_INSTANCE = """
key = ec2 create-key-pair --key-name {who}-key --key-type ed25519 --query "KeyMaterial" --output text
ec2 describe-key-pairs --key-name {who}-key --query "KeyPairs[*].[KeyName,KeyType]" {read}
group = ec2 create-security-group --group-name {who}-sg --description "My security group" --query GroupId --output text
ec2 authorize-security-group-ingress --group-id {group} --protocol tcp --port 22 --cidr 203.0.113.0/24 --query Return
ec2 authorize-security-group-ingress --group-name {who}-sg --protocol tcp --port 8000-8080 --source-group {who}-sg --query Return
ec2 describe-security-groups --group-names {who}-sg --query "SecurityGroups[].IpPermissions[].[IpProtocol,FromPort,ToPort]" {read}
ec2 describe-security-groups --group-ids {group} --query 'SecurityGroups[0].IpPermissions[?FromPort==`22`].IpRanges[].CidrIp' {read}
image = ec2 describe-images --owners self --filters "Name=name,Values=any" --query "Images[*].[ImageId]" --output text
ec2 describe-images --image-ids {image} --query "sort_by(Images, &CreationDate)[-1].[Name,State,Public]" {read}
instance = ec2 run-instances --image-id {image} --count 1 --instance-type t3.micro --key-name {who}-key --security-group-ids {group} --tag-specifications "ResourceType=instance,Tags=[{{Key=Owner,Value={who}}}]" --query "Instances[0].InstanceId" --output text --no-cli-pager --region us-east-1 --profile default
ec2 wait instance-running --instance-ids {instance}
ec2 create-tags --resources {instance} --tags Key=Name,Value={who}-web "Key=Stack,Value=a b"
ec2 describe-instances --instance-ids {instance} --query "Reservations[*].Instances[*].{{Instance:InstanceId,Type:InstanceType,State:State.Name,Name:Tags[?Key=='Name']|[0].Value}}" {read}
ec2 describe-instances --filters Name=tag:Name,Values={who}-web Name=instance-state-name,Values=running --query "Reservations[].Instances[].InstanceId" {read}
ec2 describe-instances --filters "Name=tag:Owner,Values={who}" --query "length(Reservations[].Instances[])" {read}
ec2 describe-instances --instance-id {instance} --query "Reservations[0].Instances[0].[Placement.AvailabilityZone,EbsOptimized,Missing]" {read}
ec2 describe-tags --filters "Name=resource-id,Values={instance}" --query "sort_by(Tags,&Key)[].[Key,Value]" {read}
ec2 describe-tags --filters "Name=resource-id,Values={instance}" {read}
ec2 describe-instance-types --instance-types t3.micro --query "InstanceTypes[].[InstanceType,VCpuInfo.DefaultVCpus,MemoryInfo.SizeInMiB]" {read}
ec2 describe-instance-attribute --instance-id {instance} --attribute instanceType --query InstanceType.Value {read}
ec2 modify-instance-attribute --instance-id {instance} --no-disable-api-termination
ec2 stop-instances --instance-ids {instance} --query "StoppingInstances[].PreviousState.Name" --output text
ec2 wait instance-stopped --instance-ids {instance}
ec2 describe-instances --instance-ids {instance} --query "Reservations[].Instances[].State" {read}
ec2 terminate-instances --instance-ids {instance} --query "TerminatingInstances[].PreviousState.Name"
ec2 wait instance-terminated --instance-ids {instance}
ec2 delete-security-group --group-id {group} --query Nothing
ec2 delete-key-pair --key-name {who}-key --query Nothing
"""

STORAGE = """
volume = ec2 create-volume --volume-type gp3 --size 1 --availability-zone us-east-1a --query VolumeId --output text
ec2 wait volume-available --volume-ids {volume}
ec2 describe-volumes --volume-ids {volume} --query "Volumes[*].{{ID:VolumeId,AZ:AvailabilityZone,Size:Size,Iops:Iops}}" {read}
ec2 describe-volumes --filters Name=volume-id,Values={volume} --query "Volumes[*].[VolumeId,Encrypted,SnapshotId]" {read}
snapshot = ec2 create-snapshot --volume-id {volume} --description "of {who}" --query SnapshotId --output text
ec2 wait snapshot-completed --snapshot-ids {snapshot}
ec2 describe-snapshots --owner-ids self --snapshot-ids {snapshot} --query "Snapshots[*].[SnapshotId,VolumeId,State,Progress]" {read}
ec2 delete-snapshot --snapshot-id {snapshot}
ec2 delete-volume --volume-id {volume}
ec2 wait volume-deleted --volume-ids {volume}
"""

NETWORK = """
vpc = ec2 create-vpc --cidr-block 10.0.0.0/16 --query Vpc.VpcId --output text
ec2 wait vpc-available --vpc-ids {vpc}
subnet = ec2 create-subnet --vpc-id {vpc} --cidr-block 10.0.1.0/24 --query Subnet.SubnetId --output text
ec2 wait subnet-available --subnet-ids {subnet}
gateway = ec2 create-internet-gateway --query InternetGateway.InternetGatewayId --output text
ec2 attach-internet-gateway --vpc-id {vpc} --internet-gateway-id {gateway}
ec2 wait internet-gateway-exists --internet-gateway-ids {gateway}
table = ec2 create-route-table --vpc-id {vpc} --query RouteTable.RouteTableId --output text
ec2 create-route --route-table-id {table} --destination-cidr-block 0.0.0.0/0 --gateway-id {gateway}
ec2 describe-route-tables --route-table-id {table} --query "RouteTables[].Routes[].[DestinationCidrBlock,GatewayId,State]" {read}
ec2 describe-subnets --filters "Name=vpc-id,Values={vpc}" --query "Subnets[*].{{ID:SubnetId,CIDR:CidrBlock}}" {read}
association = ec2 associate-route-table --subnet-id {subnet} --route-table-id {table} --query AssociationId --output text
ec2 modify-subnet-attribute --subnet-id {subnet} --map-public-ip-on-launch
ec2 describe-subnets --subnet-ids {subnet} --query "Subnets[0].MapPublicIpOnLaunch" {read}
ec2 disassociate-route-table --association-id {association}
ec2 delete-route-table --route-table-id {table}
ec2 delete-subnet --subnet-id {subnet}
ec2 detach-internet-gateway --internet-gateway-id {gateway} --vpc-id {vpc}
ec2 delete-internet-gateway --internet-gateway-id {gateway}
ec2 delete-vpc --vpc-id {vpc}
"""

OTHER_SERVICES = """
sts get-caller-identity --query Account {read}
iam create-user --user-name {who} --query User.UserName
iam wait user-exists --user-name {who}
iam create-group --group-name {who}-Admins --query Group.GroupName
iam add-user-to-group --user-name {who} --group-name {who}-Admins
iam get-group --group-name {who}-Admins --query "[Group.GroupName,Users[].UserName]" {read}
iam list-users --query "Users[?UserName=='{who}'].UserName" {read}
iam list-groups-for-user --user-name {who} --query "Groups[].[GroupName]" {read}
iam put-user-policy --user-name {who} --policy-name see --policy-document "{{\\"Version\\":\\"2012-10-17\\",\\"Statement\\":[{{\\"Effect\\":\\"Allow\\",\\"Action\\":\\"ec2:Describe*\\",\\"Resource\\":\\"*\\"}}]}}"
iam get-user-policy --user-name {who} --policy-name see --query PolicyDocument.Statement[0].Effect {read}
iam delete-user-policy --user-name {who} --policy-name see
iam remove-user-from-group --user-name {who} --group-name {who}-Admins
iam delete-group --group-name {who}-Admins
iam delete-user --user-name {who}
cloudwatch put-metric-alarm --alarm-name {who}-cpu --metric-name CPUUtilization --namespace AWS/EC2 --statistic Average --period 300 --threshold 70 --comparison-operator GreaterThanThreshold --dimensions "Name=InstanceId,Value=i-0123456789abcdef0" --evaluation-periods 2
cloudwatch wait alarm-exists --alarm-names {who}-cpu
cloudwatch describe-alarms --alarm-names {who}-cpu --query "MetricAlarms[*].[AlarmName,Threshold,Period,ComparisonOperator]" {read}
cloudwatch delete-alarms --alarm-names {who}-cpu
template = ec2 create-launch-template --launch-template-name {who}-lt --launch-template-data "InstanceType=t3.nano" --query LaunchTemplate.LaunchTemplateId --output text
autoscaling create-auto-scaling-group --auto-scaling-group-name {who}-asg --launch-template LaunchTemplateId={template} --min-size 0 --max-size 2 --availability-zones us-east-1a
autoscaling describe-auto-scaling-groups --auto-scaling-group-names {who}-asg --query "AutoScalingGroups[].[MinSize,MaxSize,DesiredCapacity]" {read}
autoscaling delete-auto-scaling-group --auto-scaling-group-name {who}-asg --force-delete
ec2 delete-launch-template --launch-template-name {who}-lt --query LaunchTemplate.LaunchTemplateName
"""

FORMATS = {"json": json.loads, "yaml": yaml.safe_load}


def neutral(text, who, known):
    """What `text` says, whoever asked: ids by the names they are kept under, and times without their spelling."""
    for name, value in known.items():
        if len(value) > 8:
            text = text.replace(value, f"<{name}>")
    text = re.sub(r"\b(eni|igw|rtb|rtbassoc|sgr|r|vol|snap|i)-[0-9a-f]{17}\b", r"\1-…", text)
    text = re.sub(r"(\d\d\d\d-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|\+00:00)", "<time>", text)
    return text.replace(who, "<who>")


class TutorialTest(SimulatedClientTest):
    def run_line(self, client, argv):
        if client == "aws":
            return self.run_aws(["--endpoint-url", self.host.endpoint, *argv])
        return subprocess.run(self.host.brume_argv(*argv), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60)

    def run_aws(self, argv):
        """The aws command line within this process: to start it takes longer than to run it."""
        said, complained = io.StringIO(), io.StringIO()
        # Where its models are it has put into the environment itself.
        environment = {**self.host.aws_environment(), "AWS_DATA_PATH": os.environ["AWS_DATA_PATH"]}
        with mock.patch.dict(os.environ, environment, clear=True), \
                contextlib.redirect_stdout(said), contextlib.redirect_stderr(complained):
            try:
                code = create_clidriver().main(argv)
            except SystemExit as end:
                code = end.code
        return subprocess.CompletedProcess(argv, code, said.getvalue(), complained.getvalue())

    def settle(self, argv):
        """Lets what a waiter waits for be there: the aws command line looks but every fifteen seconds."""
        states = {"instance-running": "running", "instance-stopped": "stopped", "instance-terminated": "terminated"}
        if argv[1] == "wait" and argv[2] in states:
            wait_until(lambda: self.host.api("describe-instances", instance_ids=[argv[-1]])["Reservations"][0]
                       ["Instances"][0]["State"]["Name"] == states[argv[2]], 30, f"{argv[-1]} to be {argv[2]}")
        if argv[1:3] == ["wait", "snapshot-completed"]:
            wait_until(lambda: self.host.api("describe-snapshots", snapshot_ids=[argv[-1]])["Snapshots"][0]["State"] ==
                       "completed", 30, f"{argv[-1]} to be completed")
        if argv[1:3] == ["wait", "volume-available"]:
            wait_until(lambda: self.host.api("describe-volumes", volume_ids=[argv[-1]])["Volumes"][0]["State"] ==
                       "available", 30, f"{argv[-1]} to be available")

    def follow(self, lines):
        known = {"aws": {}, "brume": {}}
        for number, line in enumerate(filter(None, (line.strip() for line in lines.splitlines()))):
            name, kept, command = line.partition(" = ")
            if not kept or " " in name:
                name, command = "", line
            with self.subTest(line):
                read = "{read}" in command
                for output in ("json", ("text", "yaml")[number % 2]) if read else [None]:
                    self.compare(command.replace("{read}", f"--output {output}" if output else ""), output, name, known)

    def compare(self, command, output, name, known):
        said = {}
        for client in ("aws", "brume"):
            who = f"by{client}"
            argv = shlex.split(command.format(who=who, **known[client]))
            self.settle(argv)
            done = self.run_line(client, argv)
            self.assertEqual(done.returncode, 0, f"{client}: {done.stderr}")
            if name:
                known[client][name] = done.stdout.strip()
            text = neutral(done.stdout, who, known[client])
            plain = output == "text" or "--output text" in command
            said[client] = text if plain or not text else FORMATS[output or "json"](text)
        if name != "key":
            self.assertEqual(said["brume"], said["aws"])
        else:
            self.assertEqual(*({text.splitlines()[0] for text in values.values()} for values in ({"a": "<key>"}, said)))

    def test_a_first_instance(self):
        self.follow(FIRST_INSTANCE)

    def test_volumes_and_snapshots(self):
        self.follow(STORAGE)

    def test_a_vpc(self):
        self.follow(NETWORK)

    def test_users_alarms_and_groups_of_instances(self):
        self.follow(OTHER_SERVICES)

    def test_what_is_wrong_ends_both_with_the_same_code(self):
        for line in ("ec2 describe-instances --instance-ids i-0123456789abcdef0",
                     "ec2 describe-instances --no-such-flag x",
                     "ec2 run-instances",
                     "ec2 no-such-action",
                     "iam get-user --user-name nobody-here",
                     "ec2 describe-instances --cli-input-json nonsense",
                     "ec2 describe-instances --query 'a['",
                     "ec2 describe-instances --output nonsense"):
            with self.subTest(line):
                codes = {client: self.run_line(client, shlex.split(line)).returncode for client in ("aws", "brume")}
                self.assertEqual(codes["brume"], codes["aws"])

    def test_every_waiter_of_the_aws_command_line_is_there_whose_action_is_served(self):
        known = self.host.brume("wait", "--help")
        for service in ("ec2", "cloudwatch", "iam"):
            model = get_session().get_waiter_model(service)
            for waiter in map(xform_name, model.waiter_names):
                action = model.get_waiter({xform_name(name): name for name in model.waiter_names}[waiter]).operation
                served = subprocess.run(self.host.brume_argv("help", service, re.sub(r"(?<=[a-z])(?=[A-Z])", "-",
                                                                                     action).lower()),
                                        capture_output=True).returncode == 0
                with self.subTest(waiter):
                    self.assertEqual(f"\n  {waiter.replace('_', '-')} " in known, served)


class KeyFileTest(SimulatedClientTest):
    def brume(self, *argv):
        return subprocess.run(self.host.brume_argv(*argv), stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def test_a_key_is_saved_for_its_owner_alone_and_not_shown(self):
        path = os.path.join(self.host.directory, "saved.pem")
        done = self.brume("create-key-pair", "--key-name", "saved", "--key-type", "ed25519", "--save", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("KeyMaterial", json.loads(done.stdout))
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        with open(path) as file:
            self.assertTrue(file.read().startswith("-----BEGIN"))
        again = self.brume("create-key-pair", "--key-name", "other", "--save", path)
        self.assertEqual(again.returncode, 252)
        self.assertIn("exists already", again.stderr)
        names = [pair["KeyName"] for pair in self.host.api("describe-key-pairs")["KeyPairs"]]
        self.assertNotIn("other", names)
        # Nor is there a file of a key pair that was refused.
        elsewhere = os.path.join(self.host.directory, "twice.pem")
        self.assertEqual(self.brume("create-key-pair", "--key-name", "saved", "--save", elsewhere).returncode, 254)
        self.assertFalse(os.path.exists(elsewhere))

    def test_a_value_that_is_nearly_one_that_exists_is_guessed(self):
        self.host.api("create-key-pair", key_name="production")
        for said, *argv in (
                ("Did you mean 't3.micro'?", "run-instances", "--image-id", self.host.image_id, "--instance-type",
                 "t3.mico"),
                ("Did you mean 'production'?", "run-instances", "--image-id", self.host.image_id, "--key-name",
                 "prodction"),
                ("Did you mean 'production'?", "describe-key-pairs", "--key-names", "producton"),
                ("Did you mean 'instance-state-name'? The filters of describe-instances: ", "describe-instances",
                 "--filters", "Name=instance-state-nam,Values=running"),
                ("Did you mean 'default'?", "describe-security-groups", "--group-names", "defalt"),
                ("Did you mean 'stop'?", "run-instances", "--image-id", self.host.image_id,
                 "--instance-initiated-shutdown-behavior", "stpo"),
                ("Did you mean 'us-east-1a'?", "create-volume", "--size", "1", "--availability-zone", "us-east-1aa")):
            with self.subTest(argv):
                done = self.brume(*argv)
                self.assertEqual(done.returncode, 254, done.stderr)
                self.assertIn(said, done.stderr)
        done = self.brume("describe-key-pairs", "--key-names", "nothing-like-it")
        self.assertNotIn("Did you mean", done.stderr)


DOCUMENT = {
    "a": [1, 2, 3.5, -4], "b": {"c": {"d": "x", "e": None}, "f": ["p", "q", "r"]}, "s": "text", "t": True, "f": False,
    "n": None, "z": 0, "e": [], "o": {}, "m": [[1, [2]], [3], 4, [[5], []]],
    "l": [{"k": "one", "v": 1, "g": ["x"]}, {"k": "two", "v": 2, "g": []}, {"k": "three", "v": 3}, {"k": None, "v": 2}]}

EXPRESSIONS = """
a|a[0]|a[-1]|a[1:3]|a[::-1]|a[::2]|a[10]|b.c.d|b.c.missing|b.f[*]|b.*|b.*.d|b.*[0]|*|*.c|*[0]|m[]|m[][]|m[*][0]|m[*][]|
l[*].k|l[].k|l[*].g[]|l[*].g[*]|l[].g[]|l[*].[k, v]|l[*].{name: k, "the value": v}|l[?v==`2`].k|l[?v!=`2`].k|l[?v>`1`].k|
l[?v>=`2` && k=='two'].v|l[?k=='one' || v==`3`].v|l[?!k].v|l[?g].k|l[?length(g || `[]`)>`0`].k|l[?contains(g||`[]`,'x')].k|
l[-1].v|l[0].g[0]|l[1:].k|l[::-1].k|l[?v==`2`]._|l[?k]._|[a[0], s]|{x: a, y: b.c}|@|@.a|s || n|n || s|e || 'last'|t && s|f && s|
!t|!f|!e|!n|!s|!z|z || s|abs(a[3])|avg(a)|avg(e)|ceil(a[2])|floor(a[2])|contains(s, 'ex')|contains(a, `2`)|ends_with(s, 't')|
join('-', b.f)|keys(b.c)|length(s)|length(a)|length(b)|map(&v, l)|map(&missing, l)|max(a)|min(b.f)|max_by(l, &v).k|
min_by(l, &v).k|merge(b.c, `{"d": 1}`)|not_null(n, missing, s)|reverse(a)|reverse(s)|sort(a)|sort(b.f)|sort_by(l, &v)[*].k|
starts_with(s, 'te')|sum(a)|sum(e)|to_array(s)|to_array(a)|to_string(b)|to_string(a)|to_string(s)|to_number('12')|
to_number('1.25')|to_number(s)|to_number(n)|type(a)|type(b)|type(s)|type(t)|type(n)|type(z)|values(b.c)|`1`|`"x"`|`[1, 2]`|
`{"a": {"b": 1}}`.a.b|'raw'|'it\\'s'|a | [0]|b.f | [1]|l[*].v | sum(@)|l | [?v>`1`] | [0].k|(l[*].k)[0]|l[*].k | [0]|
b.c == `{"d": "x", "e": null}`|a == a|a != b|`1` == `1.0`|s < 'u'|s > 'u'|n < z|a[?@ > `1`]|a[?@ >= `2` && @ < `3.6`]|
m[?type(@)=='array']|l[*].g[0]|l[*].g | [0]|b."c"."d"|"b".c|l[?k=='two'] | [0].v|length(l[?v==`2`])|l[].{k: k, n: length(g || `[]`)}|
sort_by(l[?k], &k)[*].k|reverse(sort_by(l, &v))[*].v|[*]|[0]|b[0]|a.b|s[0]|s[*]|s.*|t[]|o.*|e[*]|e[]|e[?a]|a[1:2][0]|a[:]|b.[c.d, f[0]]|
b.{x: c.d}|l[*].*|l[*].g[*] | []|m[0][1][0]|a[*] | [?@ == `2`]|not_null(n)|t == `true`|t == `1`|z == `0`|z == f|''|'' || s
"""
ERRORS = """
a[|a.|.a|a]|[|{|{a}|{a:}|a b|a..b|a.[|foo(|foo(a)|length()|length(a, b)|length(t)|abs(s)|sum(b.f)|join(s, a)|keys(a)|sort(l)|
sort_by(l, &k)|max_by(l, &missing)|a[::0]|a['x']|"a|'a|`a|a = b|a & b|m[].@|a.1|[a,]|{a: b,}|*.*.|a[*|a[?|a[?b|#|a[1:2:3:4]|--|@(a)
"""


class QueryTest(SimulatedClientTest):
    """--query beside the JMESPath of Python, which the aws command line has."""

    def query(self, expression):
        return subprocess.run(self.host.brume_argv("describe-regions", "--query", expression, "--output", "json"),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

    def compare(self, expressions):
        document = "`" + json.dumps(DOCUMENT).replace("`", "\\`") + "`"
        for start in range(0, len(expressions), 40):
            some = expressions[start:start + 40]
            wanted = [jmespath.search(one, DOCUMENT) for one in some]
            done = self.query(f"[{', '.join(f'{document} | {one}' for one in some)}]")
            self.assertEqual(done.returncode, 0, done.stderr)
            for one, had, want in zip(some, json.loads(done.stdout), wanted):
                with self.subTest(one):
                    self.assertEqual(json.dumps(had, sort_keys=True), json.dumps(want, sort_keys=True))

    def split(self, text):
        """At the bars of the lists above, but not at those of an expression: `||`, and ` | `."""
        return [one.strip() for one in re.split(r"(?<![|\s])\|(?![|\s])|(?<=\S)\|\n", text.strip()) if one.strip()]

    def test_expressions_that_people_write(self):
        expressions = self.split(EXPRESSIONS)
        self.assertGreater(len(expressions), 150)
        self.compare(expressions)

    def test_expressions_that_nobody_writes(self):
        dice = random.Random(20)
        self.compare([one for one in (self.made_up(dice, 4) for _ in range(400)) if self.is_sound(one)])

    def test_what_is_no_expression_is_refused(self):
        for one in self.split(ERRORS):
            with self.subTest(one):
                with self.assertRaises(Exception):
                    jmespath.search(one, DOCUMENT)
                done = self.query(f"`{json.dumps(DOCUMENT)}` | {one}")
                self.assertIn(done.returncode, (252, 255))
                self.assertTrue(done.stderr.startswith("brume: "), done.stderr)

    @staticmethod
    def is_sound(expression):
        try:
            jmespath.search(expression, DOCUMENT)
            return True
        except Exception:
            return False

    def made_up(self, dice, depth):
        names = ["a", "b", "c", "d", "k", "v", "g", "l", "m", "s", "t", "n", "e", "f", "missing"]
        if depth == 0:
            return dice.choice(names + ["@", "`1`", "`2`", "'x'", "`[1, \"x\"]`", "`null`"])
        inner = lambda: self.made_up(dice, depth - 1)
        return dice.choice([
            lambda: f"{dice.choice(names)}.{inner()}" if depth < 2 else f"{inner()}.{dice.choice(names)}",
            lambda: f"{inner()}[{dice.randint(-2, 2)}]", lambda: f"{inner()}[*].{dice.choice(names)}",
            lambda: f"{inner()}[]", lambda: f"{inner()}[{dice.choice(['', '1', '-2'])}:{dice.choice(['', '2'])}]",
            lambda: f"{inner()}[?{inner()}]", lambda: f"{inner()}[?{inner()} {dice.choice(['==', '!='])} {inner()}]",
            lambda: f"{inner()}.*", lambda: f"{inner()} | {inner()}", lambda: f"{inner()} || {inner()}",
            lambda: f"{inner()} && {inner()}", lambda: f"!{inner()}", lambda: f"({inner()})",
            lambda: f"[{inner()}, {inner()}]", lambda: f"{{x: {inner()}, y: {inner()}}}",
            lambda: f"length({inner()})", lambda: f"type({inner()})", lambda: f"to_array({inner()})",
            lambda: f"not_null({inner()}, {inner()})", lambda: f"{inner()} == {inner()}",
        ])()


if __name__ == "__main__":
    unittest.main()
