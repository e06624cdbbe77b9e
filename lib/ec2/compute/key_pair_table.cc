#include "lib/ec2/compute/key_pair_table.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "lib/resource/ec2_error.h"
#include "lib/store/connection.h"

namespace brume::compute {
namespace {

constexpr char kSelectKeyPairs[] = "SELECT id, name, type, fingerprint, public_key, created FROM key_pairs ";

KeyPair ReadKeyPair(store::Row& row) {
  KeyPair pair;
  row.Read(pair.id, pair.name, pair.type, pair.fingerprint, pair.public_key, pair.created);
  return pair;
}

}  // namespace

absl::Status KeyPairTable::Insert(const KeyPair& pair) {
  const absl::Status inserted = connection_.Run(
      "INSERT INTO key_pairs (id, name, type, fingerprint, public_key, created) VALUES (?, ?, ?, ?, ?, ?)", pair.id,
      pair.name, pair.type, pair.fingerprint, pair.public_key, pair.created);
  if (store::Violates(inserted, "key_pairs.name")) {
    return ec2::Error("InvalidKeyPair.Duplicate", absl::StrCat("The keypair '", pair.name, "' already exists."));
  }
  return inserted;
}

absl::StatusOr<std::optional<KeyPair>> KeyPairTable::FindByName(const std::string& name) {
  return connection_.First(absl::StrCat(kSelectKeyPairs, "WHERE name = ?"), ReadKeyPair, name);
}

absl::StatusOr<std::optional<KeyPair>> KeyPairTable::FindById(const KeyPairId& id) {
  return connection_.First(absl::StrCat(kSelectKeyPairs, "WHERE id = ?"), ReadKeyPair, id);
}

absl::StatusOr<std::vector<KeyPair>> KeyPairTable::List() {
  return connection_.All(absl::StrCat(kSelectKeyPairs, "ORDER BY seq"), ReadKeyPair);
}

absl::Status KeyPairTable::Delete(const KeyPairId& id) {
  return connection_.Run("DELETE FROM key_pairs WHERE id = ?", id);
}

}  // namespace brume::compute
