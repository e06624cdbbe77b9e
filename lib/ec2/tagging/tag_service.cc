#include "lib/ec2/tagging/tag_service.h"

#include <algorithm>
#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/instance_table.h"
#include "lib/ec2/compute/key_pair_table.h"
#include "lib/ec2/compute/launch_template_table.h"
#include "lib/ec2/network/network_table.h"
#include "lib/ec2/network/security_group_table.h"
#include "lib/ec2/storage/image_table.h"
#include "lib/ec2/storage/volume_table.h"
#include "lib/ec2/tagging/tag_table.h"
#include "lib/resource/ec2_error.h"

namespace brume::tagging {
namespace {

constexpr size_t kMostResources = 1000;  // EC2's bound on resources a call
constexpr char kReservedPrefix[] = "aws:";

absl::Status InvalidId(absl::string_view text) {
  return ec2::Error("InvalidID", absl::StrCat("The ID '", absl::CHexEscape(text.substr(0, 64)), "' is not valid"));
}

absl::Status FindRule(store::Connection& connection, const SecurityGroupRuleId& id) {
  // A rule is found through its group: tags of rules are too rare for an index of their own.
  network::SecurityGroupTable groups(connection);
  ASSIGN_OR_RETURN(std::vector<SecurityGroup> all, groups.List(std::nullopt));
  for (const SecurityGroup& group : all) {
    ASSIGN_OR_RETURN(std::vector<SecurityGroupRule> rules, groups.ListRules(group.id));
    if (std::any_of(rules.begin(), rules.end(), [&](const auto& rule) { return rule.id == id; })) {
      return absl::OkStatus();
    }
  }
  return id.NotFound();
}

absl::Status FindImage(store::Connection& connection, const ImageId& id) {
  ASSIGN_OR_RETURN(const Image image, storage::ImageTable(connection).Get(id));
  return image.state == ImageState::kDeregistered ? id.NotFound() : absl::OkStatus();
}

absl::Status FindKeyPair(store::Connection& connection, const KeyPairId& id) {
  ASSIGN_OR_RETURN(const std::optional<KeyPair> pair, compute::KeyPairTable(connection).FindById(id));
  return pair.has_value() ? absl::OkStatus() : id.NotFound();
}

// The kind's NotFound, or InvalidID, unless the resource exists.
absl::Status CheckExists(store::Connection& c, const std::string& text) {
  if (const auto id = InstanceId::Parse(text); id.ok()) return compute::InstanceTable(c).Get(*id).status();
  if (const auto id = ImageId::Parse(text); id.ok()) return FindImage(c, *id);
  if (const auto id = VolumeId::Parse(text); id.ok()) return storage::VolumeTable(c).Get(*id).status();
  // No call makes snapshots yet.
  if (const auto id = SnapshotId::Parse(text); id.ok()) return id->NotFound();
  if (const auto id = VpcId::Parse(text); id.ok()) return network::NetworkTable(c).GetVpc(*id).status();
  if (const auto id = SubnetId::Parse(text); id.ok()) return network::NetworkTable(c).GetSubnet(*id).status();
  if (const auto id = EniId::Parse(text); id.ok()) return network::NetworkTable(c).GetInterface(*id).status();
  if (const auto id = SecurityGroupId::Parse(text); id.ok()) return network::SecurityGroupTable(c).Get(*id).status();
  if (const auto id = SecurityGroupRuleId::Parse(text); id.ok()) return FindRule(c, *id);
  if (const auto id = KeyPairId::Parse(text); id.ok()) return FindKeyPair(c, *id);
  if (const auto id = LaunchTemplateId::Parse(text); id.ok()) return compute::LaunchTemplateTable(c).Get(*id).status();
  return InvalidId(text);
}

absl::Status CheckResources(const std::vector<std::string>& resource_ids) {
  if (resource_ids.empty())
    return ec2::Error("MissingParameter", "The request must contain the parameter resourceIdSet");
  if (resource_ids.size() > kMostResources) {
    return ec2::Error("InvalidParameterValue", absl::StrCat("A call can name at most ", kMostResources, " resources; ",
                                                            resource_ids.size(), " were given"));
  }
  return absl::OkStatus();
}

bool IsReserved(absl::string_view key) { return absl::StartsWithIgnoreCase(key, kReservedPrefix); }

// Tags the system gave do not count against the user's limit.
absl::Status CheckRoom(const std::string& resource_id, const TagMap& present, const TagMap& added) {
  int64_t count = std::count_if(present.begin(), present.end(), [](const auto& tag) { return !IsReserved(tag.first); });
  for (const auto& [key, value] : added) count += present.contains(key) ? 0 : 1;
  if (count <= kMostTagsPerResource) return absl::OkStatus();
  return ec2::Error("TagLimitExceeded", absl::StrCat("The resource '", resource_id, "' would have ", count,
                                                     " tags; the most is ", kMostTagsPerResource));
}

}  // namespace

absl::Status TagService::Create(const std::vector<std::string>& resource_ids, const TagMap& tags) {
  RETURN_IF_ERROR(CheckResources(resource_ids));
  if (tags.empty()) return ec2::Error("MissingParameter", "The request must contain the parameter tagSet");
  RETURN_IF_ERROR(CheckTags(tags));
  return database_.Write([&](store::Connection& connection) -> absl::Status {
    TagTable repository(connection);
    for (const std::string& id : resource_ids) {
      RETURN_IF_ERROR(CheckExists(connection, id));
      ASSIGN_OR_RETURN(const TagMap present, repository.Get(id));
      RETURN_IF_ERROR(CheckRoom(id, present, tags));
      for (const auto& [key, value] : tags) RETURN_IF_ERROR(repository.Set(id, key, value));
    }
    return absl::OkStatus();
  });
}

absl::Status TagService::Delete(const std::vector<std::string>& resource_ids,
                                const std::vector<std::pair<std::string, std::optional<std::string>>>& tags) {
  RETURN_IF_ERROR(CheckResources(resource_ids));
  for (const auto& [key, value] : tags) RETURN_IF_ERROR(CheckTag(key, value.value_or("")));
  return database_.Write([&](store::Connection& connection) -> absl::Status {
    TagTable repository(connection);
    for (const std::string& id : resource_ids) {
      RETURN_IF_ERROR(CheckExists(connection, id));
      for (const auto& [key, value] : tags) RETURN_IF_ERROR(repository.Delete(id, key, value));
      if (!tags.empty()) continue;
      ASSIGN_OR_RETURN(const TagMap present, repository.Get(id));
      for (const auto& [key, value] : present) {
        if (!IsReserved(key)) RETURN_IF_ERROR(repository.Delete(id, key, std::nullopt));
      }
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<Tag>> TagService::List() {
  return database_.ReadFor([](store::Connection& connection) { return TagTable(connection).List(); });
}

absl::Status SetTags(store::Connection& connection, const std::string& resource_id, const TagMap& tags) {
  TagTable table(connection);
  for (const auto& [key, value] : tags) RETURN_IF_ERROR(table.Set(resource_id, key, value));
  return absl::OkStatus();
}

absl::Status DeleteTag(store::Connection& connection, const std::string& resource_id, const std::string& key) {
  return TagTable(connection).Delete(resource_id, key, std::nullopt);
}

absl::Status DeleteTags(store::Connection& connection, const std::string& resource_id) {
  return TagTable(connection).DeleteAll(resource_id);
}

absl::StatusOr<TagMap> GetTags(store::Connection& connection, const std::string& resource_id) {
  return TagTable(connection).Get(resource_id);
}

absl::StatusOr<std::map<std::string, TagMap>> GetTagsOf(store::Connection& connection,
                                                        absl::Span<const std::string> resource_ids) {
  return TagTable(connection).GetMany(resource_ids);
}

}  // namespace brume::tagging
