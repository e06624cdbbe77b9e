// Rows of tags: of every kind of resource that EC2 tags.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/ec2/tagging/tag_query.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::tagging {

// Tags go with the row of their resource.
class TagTable {
 public:
  explicit TagTable(store::Connection& connection) : connection_(connection) {}
  static store::TableDescription Describe();
  // Overwrites the value of a key that is there.
  absl::Status Set(const std::string& resource_id, const std::string& key, const std::string& value);
  // With a value: only if it is the present one. OK when there is no such tag.
  absl::Status Delete(const std::string& resource_id, const std::string& key, const std::optional<std::string>& value);
  absl::Status DeleteAll(const std::string& resource_id);
  absl::StatusOr<TagMap> Get(const std::string& resource_id);
  // A resource without tags has no entry.
  absl::StatusOr<std::map<std::string, TagMap>> GetMany(absl::Span<const std::string> resource_ids);
  // Of one key. A resource without that tag has no entry.
  absl::StatusOr<std::map<std::string, std::string>> GetValues(absl::Span<const std::string> resource_ids,
                                                               const std::string& key);
  // A JSON object of keys and values.
  absl::StatusOr<std::string> GetJson(const std::string& resource_id);
  // Those of such an object at `path` of a JSON text; the resource has none yet.
  absl::Status InsertJson(const std::string& resource_id, const std::string& json, const std::string& path);
  // Ordered by resource and key.
  absl::StatusOr<std::vector<Tag>> List(const TagQuery& query);

 private:
  store::Connection& connection_;
};

}  // namespace brume::tagging
