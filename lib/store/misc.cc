#include "lib/store/misc.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/domain/ec2_error.h"
#include "lib/store/connection.h"

namespace brume::store {
namespace {

constexpr char kSelectKeyPairs[] = "SELECT id, name, type, fingerprint, public_key, created FROM key_pairs ";

KeyPair ReadKeyPair(Row& row) {
  KeyPair pair;
  row.Read(pair.id, pair.name, pair.type, pair.fingerprint, pair.public_key, pair.created);
  return pair;
}

Tag ReadTag(Row& row) {
  Tag tag;
  row.Read(tag.resource_id, tag.key, tag.value);
  return tag;
}

}  // namespace

absl::Status KeyPairs::Insert(const KeyPair& pair) {
  const absl::Status inserted = connection_.Run(
      "INSERT INTO key_pairs (id, name, type, fingerprint, public_key, created) VALUES (?, ?, ?, ?, ?, ?)", pair.id,
      pair.name, pair.type, pair.fingerprint, pair.public_key, pair.created);
  if (Violates(inserted, "key_pairs.name")) {
    return ec2::Error("InvalidKeyPair.Duplicate", absl::StrCat("The keypair '", pair.name, "' already exists."));
  }
  return inserted;
}

absl::StatusOr<std::optional<KeyPair>> KeyPairs::FindByName(const std::string& name) {
  return connection_.First(absl::StrCat(kSelectKeyPairs, "WHERE name = ?"), ReadKeyPair, name);
}

absl::StatusOr<std::optional<KeyPair>> KeyPairs::FindById(const KeyPairId& id) {
  return connection_.First(absl::StrCat(kSelectKeyPairs, "WHERE id = ?"), ReadKeyPair, id);
}

absl::StatusOr<std::vector<KeyPair>> KeyPairs::List() {
  return connection_.All(absl::StrCat(kSelectKeyPairs, "ORDER BY seq"), ReadKeyPair);
}

absl::Status KeyPairs::Delete(const KeyPairId& id) { return connection_.Run("DELETE FROM key_pairs WHERE id = ?", id); }

absl::Status Tags::Set(const std::string& resource_id, const std::string& key, const std::string& value) {
  return connection_.Run(
      "INSERT INTO tags (resource_id, key, value) VALUES (?, ?, ?) "
      "ON CONFLICT (resource_id, key) DO UPDATE SET value = excluded.value",
      resource_id, key, value);
}

absl::Status Tags::Delete(const std::string& resource_id, const std::string& key,
                          const std::optional<std::string>& value) {
  return connection_.Run("DELETE FROM tags WHERE resource_id = ?1 AND key = ?2 AND (?3 IS NULL OR value = ?3)",
                         resource_id, key, value);
}

absl::Status Tags::DeleteAll(const std::string& resource_id) {
  return connection_.Run("DELETE FROM tags WHERE resource_id = ?", resource_id);
}

absl::StatusOr<TagMap> Tags::Get(const std::string& resource_id) {
  TagMap tags;
  std::string key, value;
  RETURN_IF_ERROR(connection_.Query(
      "SELECT key, value FROM tags WHERE resource_id = ?",
      [&](Row& row) {
        row.Read(key, value);
        tags[key] = value;
      },
      resource_id));
  return tags;
}

absl::StatusOr<std::map<std::string, TagMap>> Tags::GetMany(absl::Span<const std::string> resource_ids) {
  std::map<std::string, TagMap> tags;
  RETURN_IF_ERROR(connection_.Query(
      "SELECT resource_id, tags.key, tags.value FROM json_each(?) AS wanted CROSS JOIN tags "
      "ON resource_id = wanted.value",
      [&](Row& row) {
        Tag tag = ReadTag(row);
        tags[std::move(tag.resource_id)][std::move(tag.key)] = std::move(tag.value);
      },
      JsonArray({resource_ids.begin(), resource_ids.end()})));
  return tags;
}

absl::StatusOr<std::vector<Tag>> Tags::List() {
  return connection_.All("SELECT resource_id, key, value FROM tags ORDER BY resource_id, key", ReadTag);
}

absl::StatusOr<std::optional<std::string>> Values::Get(const std::string& name) {
  const auto read = [](Row& row) {
    std::string value;
    row.Read(value);
    return value;
  };
  return connection_.First("SELECT value FROM installation WHERE name = ?", read, name);
}

absl::Status Values::Set(const std::string& name, const std::string& value) {
  return connection_.Run(
      "INSERT INTO installation (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      name, value);
}

}  // namespace brume::store
