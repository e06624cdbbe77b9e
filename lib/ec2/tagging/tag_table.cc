#include "lib/ec2/tagging/tag_table.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/store/connection.h"

namespace brume::tagging {
namespace {

Tag ReadTag(store::Row& row) {
  Tag tag;
  row.Read(tag.resource_id, tag.key, tag.value);
  return tag;
}

std::optional<std::string> TextsOf(const std::optional<std::set<std::string>>& texts) {
  if (!texts.has_value()) return std::nullopt;
  return store::JsonArray({texts->begin(), texts->end()});
}

}  // namespace

absl::Status TagTable::Set(const std::string& resource_id, const std::string& key, const std::string& value) {
  return connection_.Run(
      "INSERT INTO tags (resource_id, key, value) VALUES (?, ?, ?) "
      "ON CONFLICT (resource_id, key) DO UPDATE SET value = excluded.value",
      resource_id, key, value);
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
  TagMap tags;
  std::string key, value;
  RETURN_IF_ERROR(connection_.Query(
      "SELECT key, value FROM tags WHERE resource_id = ?",
      [&](store::Row& row) {
        row.Read(key, value);
        tags[key] = value;
      },
      resource_id));
  return tags;
}

absl::StatusOr<std::map<std::string, TagMap>> TagTable::GetMany(absl::Span<const std::string> resource_ids) {
  std::map<std::string, TagMap> tags;
  RETURN_IF_ERROR(connection_.Query(
      "SELECT resource_id, tags.key, tags.value FROM json_each(?) AS wanted CROSS JOIN tags "
      "ON resource_id = wanted.value",
      [&](store::Row& row) {
        Tag tag = ReadTag(row);
        tags[std::move(tag.resource_id)][std::move(tag.key)] = std::move(tag.value);
      },
      store::JsonArray({resource_ids.begin(), resource_ids.end()})));
  return tags;
}

absl::StatusOr<std::vector<Tag>> TagTable::List(const TagQuery& query) {
  // The first parameter says which part of the primary key is read; the other two pick among that.
  std::string resources = "(SELECT ?1) CROSS JOIN tags";
  if (query.resource_ids.has_value()) {
    resources = "json_each(?1) AS wanted CROSS JOIN tags ON resource_id = wanted.value";
  } else if (query.id_prefixes.has_value()) {
    // All that begins with "vol-": "." is the character after "-".
    resources =
        "json_each(?1) AS wanted CROSS JOIN tags "
        "ON resource_id >= wanted.value || '-' AND resource_id < wanted.value || '.'";
  }
  return connection_.All(absl::StrCat("SELECT resource_id, tags.key, tags.value FROM ", resources,
                                      " WHERE (?2 IS NULL OR tags.key IN (SELECT value FROM json_each(?2)))"
                                      " AND (?3 IS NULL OR tags.value IN (SELECT value FROM json_each(?3)))"
                                      " ORDER BY resource_id, tags.key"),
                         ReadTag, TextsOf(query.resource_ids.has_value() ? query.resource_ids : query.id_prefixes),
                         TextsOf(query.keys), TextsOf(query.values));
}

}  // namespace brume::tagging
