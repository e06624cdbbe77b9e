#include "lib/ec2/tagging/tag_table.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/store/connection.h"
#include "lib/store/table.h"

namespace brume::tagging {
namespace {

const auto& Tags() {
  static const auto table =
      store::DescribeTable<Tag>("tags", "tag", store::Key("resource_id", &Tag::resource_id),
                                store::Key("key", &Tag::key), store::Column("value", &Tag::value));
  return table;
}

std::optional<std::string> TextsOf(const std::optional<std::set<std::string>>& texts) {
  if (!texts.has_value()) return std::nullopt;
  return store::JsonArray({texts->begin(), texts->end()});
}

}  // namespace

store::TableDescription TagTable::Describe() { return Tags().Describe(); }

absl::Status TagTable::Set(const std::string& resource_id, const std::string& key, const std::string& value) {
  return Tags().Put(connection_, {resource_id, key, value});
}

absl::Status TagTable::Delete(const std::string& resource_id, const std::string& key,
                              const std::optional<std::string>& value) {
  return connection_.Run("DELETE FROM tags WHERE resource_id = ?1 AND key = ?2 AND (?3 IS NULL OR value = ?3)",
                         resource_id, key, value);
}

absl::Status TagTable::DeleteAll(const std::string& resource_id) {
  return connection_.Run("DELETE FROM tags WHERE resource_id = ?", resource_id);
}

absl::StatusOr<TagMap> TagTable::Get(const std::string& resource_id) {
  ASSIGN_OR_RETURN(std::vector<Tag> rows, Tags().Select(connection_, "tags WHERE resource_id = ?", resource_id));
  TagMap tags;
  for (Tag& tag : rows) tags[std::move(tag.key)] = std::move(tag.value);
  return tags;
}

absl::StatusOr<std::map<std::string, TagMap>> TagTable::GetMany(absl::Span<const std::string> resource_ids) {
  ASSIGN_OR_RETURN(
      std::vector<Tag> rows,
      Tags().Select(connection_, "(SELECT value AS wanted FROM json_each(?)) CROSS JOIN tags ON resource_id = wanted",
                    store::JsonArray({resource_ids.begin(), resource_ids.end()})));
  std::map<std::string, TagMap> tags;
  for (Tag& tag : rows) tags[std::move(tag.resource_id)][std::move(tag.key)] = std::move(tag.value);
  return tags;
}

absl::StatusOr<std::map<std::string, std::string>> TagTable::GetValues(absl::Span<const std::string> resource_ids,
                                                                       const std::string& key) {
  std::map<std::string, std::string> values;
  RETURN_IF_ERROR(connection_.Query(
      "SELECT wanted.value, tags.value FROM json_each(?) AS wanted "
      "CROSS JOIN tags ON resource_id = wanted.value AND tags.key = ?",
      [&](store::Row& row) {
        std::string resource_id, value;
        row.Read(resource_id, value);
        values.emplace(std::move(resource_id), std::move(value));
      },
      store::JsonArray({resource_ids.begin(), resource_ids.end()}), key));
  return values;
}

absl::StatusOr<std::string> TagTable::GetJson(const std::string& resource_id) {
  std::string json;
  RETURN_IF_ERROR(connection_.Query(
      "SELECT json_group_object(key, value) FROM tags WHERE resource_id = ?", [&](store::Row& row) { row.Read(json); },
      resource_id));
  return json;
}

absl::Status TagTable::InsertJson(const std::string& resource_id, const std::string& json, const std::string& path) {
  return connection_.Run("INSERT INTO tags (resource_id, key, value) SELECT ?, key, value FROM json_each(?, ?)",
                         resource_id, json, path);
}

absl::StatusOr<std::vector<Tag>> TagTable::List(const TagQuery& query) {
  // The first parameter says which part of the primary key is read; the other two pick among that.
  std::string resources = "(SELECT ?1) CROSS JOIN tags";
  if (query.resource_ids.has_value()) {
    resources = "(SELECT value AS wanted FROM json_each(?1)) CROSS JOIN tags ON resource_id = wanted";
  } else if (query.id_prefixes.has_value()) {
    // All that begins with "vol-": "." is the character after "-".
    resources =
        "(SELECT value AS wanted FROM json_each(?1)) CROSS JOIN tags "
        "ON resource_id >= wanted || '-' AND resource_id < wanted || '.'";
  }
  return Tags().Select(connection_,
                       absl::StrCat(resources,
                                    " WHERE (?2 IS NULL OR key IN (SELECT value FROM json_each(?2)))"
                                    " AND (?3 IS NULL OR tags.value IN (SELECT value FROM json_each(?3)))"
                                    " ORDER BY resource_id, key"),
                       TextsOf(query.resource_ids.has_value() ? query.resource_ids : query.id_prefixes),
                       TextsOf(query.keys), TextsOf(query.values));
}

}  // namespace brume::tagging
