#include "lib/ec2/tagging/tag_service.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/tagging/tag_table.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"
#include "lib/resource/ids.h"
#include "lib/resource/kinds.h"
#include "lib/store/connection.h"

namespace brume::tagging {
namespace {

constexpr size_t kMaxResources = 1000;  // EC2's bound on resources a call
constexpr char kReservedPrefix[] = "aws:";

absl::Status InvalidId(absl::string_view text) {
  return ec2::Error("InvalidID", absl::StrCat("The ID '", absl::CHexEscape(text.substr(0, 64)), "' is not valid"));
}

absl::Status CheckResources(const std::vector<std::string>& resource_ids) {
  if (resource_ids.empty()) return ec2::Error(ec2::kMissingParameter, "resourceIdSet");
  if (resource_ids.size() > kMaxResources) {
    return ec2::Error("InvalidParameterValue", absl::StrCat("A call can name at most ", kMaxResources, " resources; ",
                                                            resource_ids.size(), " were given"));
  }
  return absl::OkStatus();
}

bool IsReserved(absl::string_view key) { return absl::StartsWithIgnoreCase(key, kReservedPrefix); }

// Tags the system gave do not count against the user's limit.
absl::Status CheckRoom(const std::string& resource_id, const TagMap& present, const TagMap& added) {
  int64_t count = std::count_if(present.begin(), present.end(), [](const auto& tag) { return !IsReserved(tag.first); });
  for (const auto& [key, value] : added) count += present.contains(key) ? 0 : 1;
  if (count <= kMaxTagsPerResource) return absl::OkStatus();
  return ec2::Error("TagLimitExceeded", absl::StrCat("The resource '", resource_id, "' would have ", count,
                                                     " tags; the most is ", kMaxTagsPerResource));
}

}  // namespace

absl::Status TagService::CheckExists(store::Connection& connection, const std::string& resource_id) const {
  for (const auto& kind : kinds_) {
    if (const std::optional<absl::Status> found = kind(connection, resource_id)) return *found;
  }
  return InvalidId(resource_id);
}

absl::Status TagService::Create(const std::vector<std::string>& resource_ids, const TagMap& tags) {
  RETURN_IF_ERROR(CheckResources(resource_ids));
  if (tags.empty()) return ec2::Error(ec2::kMissingParameter, "tagSet");
  RETURN_IF_ERROR(CheckTags(tags));
  RETURN_IF_ERROR(database_.Write([&](store::Connection& connection) -> absl::Status {
    TagTable repository(connection);
    for (const std::string& id : resource_ids) {
      RETURN_IF_ERROR(CheckExists(connection, id));
      ASSIGN_OR_RETURN(const TagMap present, repository.Get(id));
      RETURN_IF_ERROR(CheckRoom(id, present, tags));
      for (const auto& [key, value] : tags) RETURN_IF_ERROR(repository.Set(id, key, value));
    }
    return absl::OkStatus();
  }));
  if (on_change_ != nullptr) on_change_(resource_ids);
  return absl::OkStatus();
}

absl::Status TagService::Delete(const std::vector<std::string>& resource_ids,
                                const std::vector<std::pair<std::string, std::optional<std::string>>>& tags) {
  RETURN_IF_ERROR(CheckResources(resource_ids));
  for (const auto& [key, value] : tags) RETURN_IF_ERROR(CheckTag(key, value.value_or("")));
  RETURN_IF_ERROR(database_.Write([&](store::Connection& connection) -> absl::Status {
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
  }));
  if (on_change_ != nullptr) on_change_(resource_ids);
  return absl::OkStatus();
}

absl::StatusOr<TagMap> TagService::Of(const std::string& resource_id) {
  return database_.ReadFor([&](store::Connection& connection) { return GetTags(connection, resource_id); });
}

absl::StatusOr<std::vector<Tag>> TagService::List(const TagQuery& query) {
  return database_.ReadFor([&](store::Connection& connection) { return TagTable(connection).List(query); });
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

absl::StatusOr<std::map<std::string, std::string>> GetValuesOf(store::Connection& connection,
                                                               absl::Span<const std::string> resource_ids,
                                                               const std::string& key) {
  return TagTable(connection).GetValues(resource_ids, key);
}

absl::StatusOr<std::string> GetTagsJson(store::Connection& connection, const std::string& resource_id) {
  return TagTable(connection).GetJson(resource_id);
}

absl::Status InsertTagsJson(store::Connection& connection, const std::string& resource_id, const std::string& json,
                            const std::string& path) {
  return TagTable(connection).InsertJson(resource_id, json, path);
}

absl::StatusOr<std::vector<std::string>> GetTagged(store::Connection& connection, const TagQuery& query) {
  ASSIGN_OR_RETURN(std::vector<Tag> tags, TagTable(connection).List(query));
  std::vector<std::string> ids;
  for (Tag& tag : tags) {
    if (ids.empty() || ids.back() != tag.resource_id) ids.push_back(std::move(tag.resource_id));
  }
  return ids;
}

}  // namespace brume::tagging
