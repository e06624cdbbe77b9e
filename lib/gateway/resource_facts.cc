#include "lib/gateway/resource_facts.h"

#include <optional>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"

namespace brume::gateway {
namespace {

struct Resource {
  Arn arn;
  std::string type, name;
};

// Unset for what is not one resource that may be there: of EC2 "instance/i-…", of Auto Scaling
// "autoScalingGroup:UUID:autoScalingGroupName/NAME", where a call that gives the name alone has a star for the UUID, of
// CloudWatch "alarm:NAME".
std::optional<Resource> Split(const std::string& text) {
  std::optional<Arn> arn = Arn::Parse(text);
  if (!arn.has_value()) return std::nullopt;
  const auto at_slash = arn->SplitResource('/'), at_colon = arn->SplitResource(':');
  if (arn->service == "cloudwatch" && at_colon.has_value()) {
    return Resource{.arn = *arn, .type = std::string(at_colon->first), .name = std::string(at_colon->second)};
  }
  if (!at_slash.has_value() || at_slash->second == "*") return std::nullopt;
  Resource resource = {.arn = *arn, .type = std::string(at_slash->first), .name = std::string(at_slash->second)};
  if (arn->service == "ec2") return resource;
  if (arn->service != "autoscaling" || !absl::StrContains(resource.type, ':')) return std::nullopt;
  resource.type = std::string(at_colon->first);
  return resource;
}

// The call is refused for that when its turn comes.
bool IsAbsent(const absl::Status& status) { return absl::IsNotFound(status) || ec2::HasErrorCode(status); }

}  // namespace

void AddTagFacts(const TagMap& tags, AccessContext& facts, absl::string_view service) {
  for (const auto& [key, value] : tags) {
    const std::string name = absl::AsciiStrToLower(key);
    // Tags whose keys differ by case are one condition key: neither hides the other's value.
    for (const absl::string_view family : std::set<absl::string_view>{"aws", service}) {
      facts[absl::StrCat(family, ":resourcetag/", name)].push_back(value);
    }
  }
}

void ResourceFacts::Add(absl::string_view arn_type, Function function) {
  by_type_[std::string(arn_type)].push_back(std::move(function));
}

void ResourceFacts::AddName(absl::string_view arn_type, NameFunction name) {
  names_[std::string(arn_type)] = std::move(name);
}

void ResourceFacts::Derive(std::string from, std::string to,
                           std::function<std::string(const std::string& value)> derived) {
  derivations_.push_back({std::move(from), std::move(to), std::move(derived)});
}

void ResourceFacts::AddDerived(AccessContext& keys) const {
  for (const Derivation& derivation : derivations_) {
    const auto values = keys.find(derivation.from);
    if (values == keys.end()) continue;
    std::vector<std::string> derived;
    for (const std::string& value : values->second) derived.push_back(derivation.derived(value));
    keys[derivation.to] = std::move(derived);
  }
}

absl::StatusOr<std::string> ResourceFacts::ProperArn(const std::string& arn) const {
  std::optional<Resource> resource = Split(arn);
  if (!resource.has_value()) return arn;
  const auto name = names_.find(resource->type);
  if (name == names_.end()) return arn;
  absl::StatusOr<std::string> proper = name->second(resource->name);
  if (IsAbsent(proper.status())) return arn;
  if (!proper.ok()) return proper;
  resource->arn.resource = absl::StrCat(resource->type, resource->arn.service == "ec2" ? "/" : ":", *proper);
  return resource->arn.text();
}

absl::StatusOr<AccessContext> ResourceFacts::Of(const std::string& arn) const {
  AccessContext all;
  const std::optional<Resource> resource = Split(arn);
  if (!resource.has_value()) return all;
  const auto functions = by_type_.find(resource->type);
  if (functions == by_type_.end()) return all;
  for (const Function& function : functions->second) {
    absl::StatusOr<AccessContext> facts = function(resource->name);
    if (IsAbsent(facts.status())) continue;
    if (!facts.ok()) return facts;
    all.merge(*std::move(facts));
  }
  AddDerived(all);
  return all;
}

}  // namespace brume::gateway
