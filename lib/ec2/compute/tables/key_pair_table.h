// Rows of key pairs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/ec2/compute/model/key_pair.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::compute {

class KeyPairTable {
 public:
  explicit KeyPairTable(store::Connection& connection) : connection_(connection) {}
  static store::TableDescription Describe();
  absl::Status Insert(const KeyPair& pair);  // InvalidKeyPair.Duplicate
  absl::StatusOr<std::optional<KeyPair>> FindByName(const std::string& name);
  absl::StatusOr<std::optional<KeyPair>> FindById(const KeyPairId& id);
  absl::StatusOr<std::vector<KeyPair>> List();
  // Those of these names and those of these ids, in the order they were made.
  absl::StatusOr<std::vector<KeyPair>> ListNamed(absl::Span<const std::string> names,
                                                 absl::Span<const std::string> ids);
  absl::Status Delete(const KeyPairId& id);  // with its tags; OK when there is none

 private:
  store::Connection& connection_;
};

}  // namespace brume::compute
