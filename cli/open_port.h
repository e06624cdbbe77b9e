// Security groups that the short commands make.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "brume/ec2/v1/instance.pb.h"
#include "brume/ec2/v1/security_group.pb.h"
#include "cli/commands.h"
#include "cli/rpc_client.h"

namespace brume::cli {

// "80", "8000-9000", "53/udp".
struct PortWish {
  std::string protocol = "tcp";
  int from = 0, to = 0;
};
absl::StatusOr<PortWish> ParsePortWish(const std::string& text);

// The group of this name in the VPC; unset when there is none.
absl::StatusOr<std::optional<ec2::v1::SecurityGroup>> FindSecurityGroup(Client& client, const std::string& name,
                                                                        const std::string& vpc_id);

// Lets packets in; OK where they are let in already.
absl::Status AllowPort(Client& client, const std::string& group_id, const PortWish& port, const std::string& cidr);

// Deletes what brume open made for instances that have ended.
absl::Status DeleteOpenedGroups(Client& client, const std::vector<ec2::v1::Instance>& instances);

Command OpenCommand();

}  // namespace brume::cli
