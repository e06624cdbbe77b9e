#include "lib/ec2/compute/api/account_handlers.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/account.pb.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ec2_error.h"

namespace brume::ec2 {
namespace {

// The schema's max_length of every list of an interface's groups.
constexpr char kMaxGroupsOfInterface[] = "16";

absl::StatusOr<std::string> DefaultVpc(network::NetworkService& networks) {
  ASSIGN_OR_RETURN(const std::vector<Vpc> vpcs, networks.ListVpcs());
  const auto found = std::find_if(vpcs.begin(), vpcs.end(), [](const Vpc& vpc) { return vpc.is_default; });
  return found == vpcs.end() ? std::string("none") : found->id.text();
}

absl::StatusOr<v1::DescribeAccountAttributesResponse> DescribeAccountAttributes(
    const v1::DescribeAccountAttributesRequest& request, network::NetworkService& networks) {
  ASSIGN_OR_RETURN(const std::string default_vpc, DefaultVpc(networks));
  const std::pair<std::string, std::string> attributes[] = {
      {"supported-platforms", "VPC"},
      {"default-vpc", default_vpc},
      {"vpc-max-security-groups-per-interface", kMaxGroupsOfInterface},
  };
  for (const std::string& name : request.attribute_names()) {
    if (std::none_of(std::begin(attributes), std::end(attributes), [&](const auto& a) { return a.first == name; })) {
      return ec2::Error("InvalidParameterValue",
                        absl::StrCat("Value (", absl::string_view(name).substr(0, 100),
                                     ") for parameter attributeName is invalid. Unknown attribute."));
    }
  }
  v1::DescribeAccountAttributesResponse response;
  for (const auto& [name, value] : attributes) {
    const auto& names = request.attribute_names();
    if (!names.empty() && std::find(names.begin(), names.end(), name) == names.end()) continue;
    v1::AccountAttribute& attribute = *response.add_account_attributes();
    attribute.set_attribute_name(name);
    attribute.add_attribute_values()->set_attribute_value(value);
  }
  return response;
}

}  // namespace

void AddAccountActions(gateway::Actions& actions, network::NetworkService& networks) {
  actions.Add(DescribeAccountAttributes, networks);
}

}  // namespace brume::ec2
