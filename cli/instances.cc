#include "cli/instances.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "cli/names.h"
#include "cli/output_json.h"
#include "cli/spelling.h"
#include "cli/typed_call.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ids.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

using ec2::v1::Instance;

absl::StatusOr<std::vector<Instance>> AllOf(Client& client, const ec2::v1::DescribeInstancesRequest& request) {
  ASSIGN_OR_RETURN(auto answer, CallAllPages<ec2::v1::DescribeInstancesResponse>(client, request));
  std::vector<Instance> instances;
  for (ec2::v1::Reservation& reservation : *answer.mutable_reservations()) {
    for (Instance& instance : *reservation.mutable_instances()) instances.push_back(std::move(instance));
  }
  return instances;
}

bool HasEnded(const Instance& instance) {
  return instance.state().name() == "terminated" || instance.state().name() == "shutting-down";
}

absl::Status NoSuchInstance(Client& client, const std::string& name) {
  std::vector<std::string> names;
  // The names are for a hint only: without them the sentence is shorter.
  if (const auto all = DescribeInstances(client, {}); all.ok()) {
    for (const Instance& instance : *all) {
      if (!HasEnded(instance)) names.push_back(ShortNameOf(instance));
    }
  }
  const std::string hint = DidYouMean(name, names);
  return absl::NotFoundError(
      absl::StrCat("there is no instance '", name, "'.", hint.empty() ? " brume ls shows what there is." : hint));
}

}  // namespace

absl::StatusOr<std::vector<Instance>> DescribeInstances(Client& client, const std::vector<InstanceFilter>& filters) {
  ec2::v1::DescribeInstancesRequest request;
  for (const InstanceFilter& filter : filters) {
    ec2::v1::Filter& added = *request.add_filters();
    added.set_name(filter.name);
    for (const std::string& value : filter.values) added.add_values(value);
  }
  return AllOf(client, request);
}

absl::StatusOr<std::vector<Instance>> DescribeInstancesById(Client& client, const std::vector<std::string>& ids) {
  ec2::v1::DescribeInstancesRequest request;
  for (const std::string& id : ids) request.add_instance_ids(id);
  return AllOf(client, request);
}

absl::StatusOr<Instance> FindInstance(Client& client, const std::string& name) {
  std::vector<Instance> found;
  if (IsWholeId(name)) {
    ASSIGN_OR_RETURN(found, DescribeInstancesById(client, {name}));
  } else if (IsBeginningOfId(InstanceId::kKind.prefix, name)) {
    ASSIGN_OR_RETURN(found, DescribeInstances(client, {{"instance-id", {absl::StrCat(name, "*")}}}));
  } else {
    ASSIGN_OR_RETURN(found, DescribeInstances(client, {{"tag:Name", {FilterLiteral(name)}}}));
  }
  if (std::any_of(found.begin(), found.end(), [](const Instance& instance) { return !HasEnded(instance); })) {
    found.erase(std::remove_if(found.begin(), found.end(), HasEnded), found.end());
  }
  if (found.size() == 1) return found[0];
  if (found.empty()) return NoSuchInstance(client, name);
  std::vector<std::string> ids;
  for (const Instance& instance : found) {
    ids.push_back(absl::StrCat(instance.instance_id(), " (", instance.state().name(), ")"));
  }
  return AmbiguousName("instances", name, ids);
}

absl::StatusOr<std::vector<Instance>> FindInstances(Client& client, const std::vector<std::string>& names) {
  std::vector<Instance> found;
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(Instance instance, FindInstance(client, name));
    const bool twice = std::any_of(found.begin(), found.end(), [&](const Instance& other) {
      return other.instance_id() == instance.instance_id();
    });
    if (!twice) found.push_back(std::move(instance));
  }
  return found;
}

absl::StatusOr<nlohmann::ordered_json> FindInstance(const Schema& /*schema*/, Client& client, const std::string& name) {
  ASSIGN_OR_RETURN(const Instance instance, FindInstance(client, name));
  return ToJson(instance);
}

std::string TagOf(const Instance& instance, const std::string& key) {
  for (const ec2::v1::Tag& tag : instance.tags()) {
    if (tag.key() == key) return tag.value();
  }
  return "";
}

std::string CalledAs(const Instance& instance) {
  const std::string name = TagOf(instance, "Name");
  return name.empty() ? instance.instance_id() : absl::StrCat(name, " (", instance.instance_id(), ")");
}

std::string ShortNameOf(const Instance& instance) {
  const std::string name = TagOf(instance, "Name");
  return name.empty() ? instance.instance_id() : name;
}

}  // namespace brume::cli
