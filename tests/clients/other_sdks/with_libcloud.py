"""A launch by Apache Libcloud (Debian's python3-libcloud); prints what it saw as JSON. Arguments: the endpoint, an image."""

import json
import os
import sys
import urllib.parse

from conditions import wait_until
from libcloud.common.exceptions import BaseHTTPError
from libcloud.compute.providers import get_driver
from libcloud.compute.types import Provider

endpoint, image_id = urllib.parse.urlsplit(sys.argv[1]), sys.argv[2]
driver = get_driver(Provider.EC2)(
    os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"], region="us-east-1", host=endpoint.hostname,
    port=endpoint.port, secure=False, signature_version="4")


def wait(node, state):
    wait_until(lambda: driver.list_nodes(ex_node_ids=[node.id])[0].state == state, 60, f"the state {state}")


seen = {"regions": sorted({location.availability_zone.region_name for location in driver.list_locations()})}
key = driver.create_key_pair("libcloud")
group = driver.ex_create_security_group("libcloud", "of a test")["group_id"]
driver.ex_authorize_security_group_ingress(group, 22, 22, cidr_ips=["0.0.0.0/0"])
rules = driver.ex_get_security_groups(group_ids=[group])[0].ingress_rules
seen["ports"] = [[int(rule["from_port"]), int(rule["to_port"])] for rule in rules]
image = driver.get_image(image_id)
size = next(size for size in driver.list_sizes() if size.id == "t2.micro")
try:
    driver.create_node(name="none", image=image, size=size, ex_security_groups=["no-such"])
except BaseHTTPError as error:
    seen["refusal"] = error.message.split(":")[0]

node = driver.create_node(name="étage libcloud", image=image, size=size, ex_keyname="libcloud", ex_security_groups=["libcloud"],
                          ex_metadata={"Role": "web"}, ex_userdata="from libcloud")
driver.wait_until_running([node], wait_period=0.2, timeout=60)
seen["tags"] = driver.ex_describe_tags(node)
found = driver.list_nodes(ex_filters={"tag:Name": "étage libcloud"})
seen["found"] = [other.id for other in found] == [node.id]
seen["address"] = bool(found[0].public_ips)
seen["volumes"] = len(driver.list_volumes(node)) == 1
driver.stop_node(node)
wait(node, "stopped")
driver.start_node(node)
wait(node, "running")
driver.destroy_node(node)
wait(node, "terminated")
seen["ended"] = str(driver.list_nodes(ex_node_ids=[node.id])[0].state)
driver.ex_delete_security_group_by_id(group)
driver.delete_key_pair(key)
print(json.dumps(seen))
