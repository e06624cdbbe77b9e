// What is asked of policies: may this caller do this to these?
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace brume {

// Condition keys in lower case, such as "aws:sourceip", with their values.
using AccessContext = std::map<std::string, std::vector<std::string>>;

struct AccessQuestion {
  std::string action;  // "ec2:RunInstances"
  // ARNs, each of which must be allowed. {"*"} where the action names none.
  std::vector<std::string> resources;
  // The call uses this one too; "*" was there for want of any.
  void AddResource(const std::string& arn) {
    std::erase(resources, "*");
    if (std::find(resources.begin(), resources.end(), arn) == resources.end()) resources.push_back(arn);
  }
  // Policies must allow each of what is to be made, of which `made` has the keys. There are no ids yet: the first is
  // named by `unnamed`, "…/*", which has the tags of all, and the others by it and a number.
  void AddMade(const std::string& unnamed, std::vector<AccessContext> made) {
    const auto tagged = resource_context.find(unnamed);
    const AccessContext tags = tagged == resource_context.end() ? AccessContext() : tagged->second;
    if (made.empty() && tags.empty()) std::erase(resources, unnamed);
    int number = 0;
    for (AccessContext& facts : made) {
      const std::string arn = ++number == 1 ? unnamed : unnamed + std::to_string(number);
      AddResource(arn);
      AccessContext& keys = resource_context[arn];
      keys = tags;
      keys.merge(std::move(facts));
    }
  }
  // The keys that hold for the call.
  AccessContext context;
  // By ARN, the keys that hold for one resource alone: the tags that it is to get, its type.
  std::map<std::string, AccessContext> resource_context = {};
  // The keys that hold for a resource that is there (its tags), by its ARN; read only for policies that have
  // conditions. Unset: there are none.
  std::function<absl::StatusOr<AccessContext>(const std::string& arn)> facts = {};
};

}  // namespace brume
