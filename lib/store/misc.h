// Repositories of key pairs, tags and single values.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/domain/instance.h"
#include "lib/domain/key_pair.h"
#include "lib/store/database.h"

namespace brume::store {

class KeyPairs {
 public:
  explicit KeyPairs(Connection& connection) : connection_(connection) {}
  absl::Status Insert(const KeyPair& pair);  // InvalidKeyPair.Duplicate
  absl::StatusOr<std::optional<KeyPair>> FindByName(const std::string& name);
  absl::StatusOr<std::optional<KeyPair>> FindById(const KeyPairId& id);
  absl::StatusOr<std::vector<KeyPair>> List();
  absl::Status Delete(const KeyPairId& id);  // with its tags; OK when there is none

 private:
  Connection& connection_;
};

// Tags go with the row of their resource.
class Tags {
 public:
  explicit Tags(Connection& connection) : connection_(connection) {}
  // Overwrites the value of a key that is there.
  absl::Status Set(const std::string& resource_id, const std::string& key, const std::string& value);
  // With a value: only if it is the present one. OK when there is no such tag.
  absl::Status Delete(const std::string& resource_id, const std::string& key, const std::optional<std::string>& value);
  absl::Status DeleteAll(const std::string& resource_id);
  absl::StatusOr<TagMap> Get(const std::string& resource_id);
  // A resource without tags has no entry.
  absl::StatusOr<std::map<std::string, TagMap>> GetMany(absl::Span<const std::string> resource_ids);
  // Ordered by resource and key.
  absl::StatusOr<std::vector<Tag>> List();

 private:
  Connection& connection_;
};

// Small facts about the installation.
class Values {
 public:
  explicit Values(Connection& connection) : connection_(connection) {}
  absl::StatusOr<std::optional<std::string>> Get(const std::string& name);
  absl::Status Set(const std::string& name, const std::string& value);

 private:
  Connection& connection_;
};

}  // namespace brume::store
