#include "lib/ec2/compute/tables/key_pair_table.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"
#include "lib/store/connection.h"
#include "lib/store/enum_text.h"
#include "lib/store/table.h"

namespace brume::compute {
namespace {

const auto& KeyPairs() {
  static const auto table = store::DescribeTable<KeyPair>(
      "key_pairs", "key pair", store::Key("id", &KeyPair::id), store::Column("name", &KeyPair::name),
      store::Encoded<store::EnumText>("type", &KeyPair::type), store::Column("fingerprint", &KeyPair::fingerprint),
      store::Column("public_key", &KeyPair::public_key), store::Column("created", &KeyPair::created),
      store::Unmapped("seq"));
  return table;
}

}  // namespace

store::TableDescription KeyPairTable::Describe() { return KeyPairs().Describe(); }

absl::Status KeyPairTable::Insert(const KeyPair& pair) {
  const absl::Status inserted = KeyPairs().Insert(connection_, pair);
  if (store::Violates(inserted, "key_pairs.name")) {
    return ec2::Error(ec2::kKeyPairDuplicate, pair.name);
  }
  return inserted;
}

absl::StatusOr<std::optional<KeyPair>> KeyPairTable::FindByName(const std::string& name) {
  return KeyPairs().First(connection_, "key_pairs WHERE name = ?", name);
}

absl::StatusOr<std::optional<KeyPair>> KeyPairTable::FindById(const KeyPairId& id) {
  return KeyPairs().Find(connection_, id);
}

absl::StatusOr<std::vector<KeyPair>> KeyPairTable::List() {
  return KeyPairs().Select(connection_, "key_pairs ORDER BY seq");
}

absl::StatusOr<std::vector<KeyPair>> KeyPairTable::ListNamed(absl::Span<const std::string> names,
                                                             absl::Span<const std::string> ids) {
  return KeyPairs().Select(connection_,
                           "key_pairs WHERE name IN (SELECT value FROM json_each(?)) "
                           "OR id IN (SELECT value FROM json_each(?)) ORDER BY seq",
                           store::JsonArray({names.begin(), names.end()}), store::JsonArray({ids.begin(), ids.end()}));
}

absl::Status KeyPairTable::Delete(const KeyPairId& id) { return KeyPairs().Delete(connection_, id); }

}  // namespace brume::compute
