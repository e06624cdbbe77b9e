"""What the suites of Terraform's AWS provider share: a resource by the calls that the provider makes for it, and its life from
an apply to a destroy.
"""

from botocore.exceptions import ClientError
from client_host import SimulatedClientTest
from conditions import wait_until

SOON = 10  # seconds, for what the provider waits for


def tagged(kind, **tags):
    return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]


def tags_of(described):
    tags = described.get("Tags", described.get("TagSet", []))
    return {tag["Key"]: tag["Value"] for tag in tags}


def filters(**values):
    """The filters of a call; `__` stands for a dot, `_` for a dash: association__main="true"."""
    return [{"Name": name.replace("__", ".").replace("_", "-"), "Values": value if isinstance(value, list) else [value]}
            for name, value in values.items()]


def find(call, key, gone=(), **arguments):
    """The one thing under `key` that a call shows. None where it is gone in the provider's words: nothing is shown, or the
    code is one of `gone`."""
    try:
        found = call(**arguments)[key]
    except ClientError as error:
        if error.response["Error"]["Code"] in gone:
            return None
        raise
    assert len(found) < 2, f"{arguments} show more than one: {found}"
    return found[0] if found else None


def wait_state(state, target, pending, what):
    """Waits as the provider does: a state that is neither `target` nor among `pending` fails. None: it is not there."""
    def reached():
        now = state()
        assert now == target or now in pending, f"{what} is {now}, neither {target} nor one of {pending}"
        return now == target
    wait_until(reached, SOON, f"{what} to be {target}")


class Resource:
    """One resource: `read` gives its attributes, create and update those that the configuration names."""

    follows = frozenset()  # attributes that may change with an update of others

    def __init__(self, ec2, host):
        self.ec2, self.host, self.id = ec2, host, None

    def prepare(self):
        """Makes what the resource needs around it."""

    def update(self):
        """Nothing of it can be changed in place."""
        return {}

    def end(self):
        """Takes away what `prepare` made."""

    def retag(self):
        """As the provider changes tags: {"Name": "replay"} becomes what this returns."""
        self.ec2.delete_tags(Resources=[self.id], Tags=[{"Key": "Name", "Value": "replay"}])
        self.ec2.create_tags(Resources=[self.id], Tags=[{"Key": "Env", "Value": "test"}])
        return {"Env": "test"}


class TerraformTest(SimulatedClientTest):
    def settle(self, name, resource, asked):
        """What is read, which is the same twice and has what was asked for."""
        shown = self.read_twice(resource.read)
        for attribute, value in asked.items():
            self.assertEqual(shown[attribute], value, f"{name}.{attribute}: the next plan is not empty")
        return shown

    def live(self, name, resource):
        """Made, read twice alike, changed in what was asked for and in nothing else, deleted, gone, and nothing left."""
        resource.prepare()
        try:
            created = self.settle(name, resource, resource.create())
            asked = resource.update()
            changed = self.settle(name, resource, asked)
            for attribute in created.keys() - asked.keys() - resource.follows:
                self.assertEqual(changed.get(attribute), created[attribute], f"{name}.{attribute} changed unasked")
            resource.delete()
            self.assertTrue(resource.gone(), f"{name} is not gone in the provider's words")
        finally:
            resource.end()

    def live_all(self, resources):
        ec2 = self.client()
        for name, kind in resources.items():
            with self.subTest(resource=name):
                self.live(name, kind(ec2, self.host))
