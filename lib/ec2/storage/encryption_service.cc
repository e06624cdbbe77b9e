#include "lib/ec2/storage/encryption_service.h"

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/tables/snapshot_table.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"
#include "lib/store/connection.h"

namespace brume::storage {
namespace {

// A key id as KMS has them; there is no other.
constexpr char kKeyId[] = "00000000-0000-4000-8000-0000000000eb";

std::string KmsArn(const Account& account, absl::string_view resource) {
  return Arn::In(account, "kms", resource).text();
}

absl::StatusOr<bool> ByDefault(store::Connection& c) {
  bool on = false;
  RETURN_IF_ERROR(c.Query("SELECT by_default FROM ebs_encryption", [&](store::Row& row) { row.Read(on); }));
  return on;
}

}  // namespace

std::string DefaultKmsKeyArn(const Account& account) { return KmsArn(account, absl::StrCat("key/", kKeyId)); }

absl::Status CheckKmsKey(const std::string& given, bool encrypted, const Account& account) {
  if (given.empty()) return absl::OkStatus();
  if (!encrypted) {
    return ec2::Error("InvalidParameterDependency",
                      "The parameter KmsKeyId requires the parameter Encrypted to be set.");
  }
  for (const std::string& known : {std::string(kDefaultKmsAlias), KmsArn(account, kDefaultKmsAlias),
                                   std::string(kKeyId), DefaultKmsKeyArn(account)}) {
    if (given == known) return absl::OkStatus();
  }
  return ec2::Error("UnsupportedOperation", absl::StrCat("There is no key management: the KMS key must be ",
                                                         kDefaultKmsAlias, ", the host's own"));
}

absl::StatusOr<bool> EncryptionService::IsOnByDefault() {
  return database_.ReadFor([](store::Connection& c) { return ByDefault(c); });
}

absl::Status EncryptionService::SetDefault(bool on) {
  return database_.Write([&](store::Connection& c) { return c.Run("UPDATE ebs_encryption SET by_default = ?", on); });
}

absl::StatusOr<bool> EncryptionService::WouldEncrypt(bool asked, const std::string& snapshot_id) {
  if (asked) return true;
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<bool> {
    if (const absl::StatusOr<SnapshotId> id = SnapshotId::Parse(snapshot_id); id.ok()) {
      const absl::StatusOr<VolumeSnapshot> snapshot = GetSnapshot(c, *id);
      if (snapshot.ok() && snapshot->encrypted) return true;
    }
    return ByDefault(c);
  });
}

absl::StatusOr<bool> WillEncrypt(store::Connection& c, std::optional<bool> asked, const SnapshotSource& source) {
  if (source.encrypted && asked == false) {
    return ec2::Error("InvalidParameterCombination",
                      "What is made of an encrypted snapshot is encrypted: the parameter Encrypted cannot be false");
  }
  if (source.encrypted || asked.value_or(false)) return true;
  return ByDefault(c);
}

std::string DataKeyOf(const SnapshotSource& source, Random& random) {
  constexpr int kDigits = 32;
  return source.encrypted ? source.data_key_id : random.Hex(kDigits);
}

absl::StatusOr<bool> IsPendingCopy(store::Connection& connection, const VolumeSnapshot& snapshot) {
  if (!brume::IsPendingCopy(snapshot)) return false;
  const absl::StatusOr<SnapshotId> below = SnapshotId::Parse(snapshot.below);
  if (!below.ok()) return true;  // an image's
  const absl::StatusOr<VolumeSnapshot> source = SnapshotTable(connection).Get(*below);
  if (absl::IsNotFound(source.status())) return true;
  RETURN_IF_ERROR(source.status());
  return !source->encrypted;
}

}  // namespace brume::storage
