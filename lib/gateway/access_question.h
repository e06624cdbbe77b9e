// What is asked of policies: may this caller do this to these?
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace brume {

// Condition keys in lower case, such as "aws:sourceip", with their values.
using AccessContext = std::map<std::string, std::vector<std::string>>;

// aws:RequestTag/KEY and aws:TagKeys of a tag that something is given. Condition keys know no case, tags do: of Owner
// and owner neither hides the other's value.
inline void AddTagOfRequest(const std::string& key, const std::string& value, AccessContext& context) {
  context[absl::StrCat("aws:requesttag/", absl::AsciiStrToLower(key))].push_back(value);
  context["aws:tagkeys"].push_back(key);
}

// A role that a call hands on to a service, which acts by it later.
struct PassedRole {
  std::string arn;
  std::string service;  // iam:PassedToService
};

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
  // Returns their names, in the order of `made`.
  std::vector<std::string> AddMade(const std::string& unnamed, std::vector<AccessContext> made) {
    std::vector<std::string> names;
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
      names.push_back(arn);
    }
    return names;
  }
  // What is to be made, `made`, is given these tags too, which the call does not name as its own: another resource has
  // them. Policies are asked as if it said them, but for keys that it says itself, which count.
  void GiveTags(const std::string& made, const std::map<std::string, std::string>& tags) {
    if (tags.empty()) return;
    AddResource(made);
    AccessContext& keys = resource_context[made];
    const std::vector<std::string> said = keys["aws:tagkeys"];
    for (const auto& [key, value] : tags) {
      if (std::find(said.begin(), said.end(), key) == said.end()) AddTagOfRequest(key, value, keys);
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
