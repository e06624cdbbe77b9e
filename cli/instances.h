// Finding the instances a hand-made command is about.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "brume/ec2/v1/instance.pb.h"
#include "cli/api_schema.h"
#include "cli/rpc_client.h"
#include "nlohmann/json_fwd.hpp"

namespace brume::cli {

// The instances that are named, each once, in the order of `names`: by id, Name tag or the beginning of an id. One that
// is terminated is found by its name only where no other has it. NotFound for a name that none has, InvalidArgument for
// one that several have.
absl::StatusOr<std::vector<ec2::v1::Instance>> FindInstances(Client& client, const std::vector<std::string>& names);
absl::StatusOr<ec2::v1::Instance> FindInstance(Client& client, const std::string& name);

// The same as describe-instances shows it.
absl::StatusOr<nlohmann::ordered_json> FindInstance(const Schema& schema, Client& client, const std::string& name);

// All that match the filters, in the daemon's order.
struct InstanceFilter {
  std::string name;
  std::vector<std::string> values;
};
absl::StatusOr<std::vector<ec2::v1::Instance>> DescribeInstances(Client& client,
                                                                 const std::vector<InstanceFilter>& filters);

// The instances with these ids; the daemon's error where one is not there.
absl::StatusOr<std::vector<ec2::v1::Instance>> DescribeInstancesById(Client& client,
                                                                     const std::vector<std::string>& ids);

// The value of a tag; "" where it has none.
std::string TagOf(const ec2::v1::Instance& instance, const std::string& key);
// "web (i-…)", or the id alone.
std::string CalledAs(const ec2::v1::Instance& instance);
// "web", or the id: what commands take.
std::string ShortNameOf(const ec2::v1::Instance& instance);

}  // namespace brume::cli
