// The instance that a role's session is of.
#pragma once

#include <string>

#include "lib/resource/ids.h"

namespace brume {

struct SessionInstance {
  InstanceId id;
  // What ec2:RoleDelivery says of the session's calls: "2.0" where the instance asked with a token of the metadata
  // service, "1.0" where without.
  std::string delivery = {};
  // What aws:EC2InstanceSourceVPC and aws:EC2InstanceSourcePrivateIPv4 say: where its primary interface is, and that
  // one's primary address; empty for an instance without IPv4.
  std::string vpc_id = {}, private_ip = {};
};

}  // namespace brume
