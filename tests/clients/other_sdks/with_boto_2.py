"""A launch by boto 2.49 (Debian's python3-boto); prints what it saw as JSON. Arguments: the endpoint, an image."""

import json
import os
import sys
import urllib.parse

from boto.ec2 import EC2Connection
from boto.exception import EC2ResponseError
from boto.regioninfo import RegionInfo
from conditions import wait_until

endpoint, image = urllib.parse.urlsplit(sys.argv[1]), sys.argv[2]
os.environ["EC2_USE_SIGV4"] = "True"
ec2 = EC2Connection(
    os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"], is_secure=False, host=endpoint.hostname,
    port=endpoint.port, region=RegionInfo(name="us-east-1", endpoint=endpoint.hostname))
# It would read them from a host's name.
ec2.auth_service_name, ec2.auth_region_name = "ec2", "us-east-1"


def wait(instance, state):
    wait_until(lambda: instance.update() == state, 60, f"the state {state}")


seen = {"regions": sorted({zone.region_name for zone in ec2.get_all_zones()})}
key = ec2.create_key_pair("boto")
group = ec2.create_security_group("boto", "of a test")
group.authorize("tcp", 22, 22, "0.0.0.0/0")
seen["ports"] = [[int(rule.from_port), int(rule.to_port)] for rule in ec2.get_all_security_groups(["boto"])[0].rules]
try:
    ec2.run_instances(image, instance_type="no.such")
except EC2ResponseError as error:
    seen["refusal"] = error.error_code

instance = ec2.run_instances(image, key_name="boto", instance_type="t2.micro", security_groups=["boto"],
                             user_data="from boto").instances[0]
wait(instance, "running")
instance.add_tags({"Name": "étage boto", "Role": "web"})
found = ec2.get_only_instances(filters={"tag:Name": "étage boto"})
seen["found"] = [other.id for other in found] == [instance.id]
seen["tags"] = dict(found[0].tags)
seen["address"] = bool(found[0].ip_address)
seen["volumes"] = [volume.attach_data.instance_id for volume in ec2.get_all_volumes()] == [instance.id]
instance.stop()
wait(instance, "stopped")
instance.start()
wait(instance, "running")
instance.terminate()
wait(instance, "terminated")
seen["ended"] = instance.state
group.delete()
key.delete()
print(json.dumps(seen))
