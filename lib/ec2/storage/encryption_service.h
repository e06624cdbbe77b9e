// Which volumes and snapshots are encrypted, and with whose key. Source of behaviour: EC2 API reference,
// EnableEbsEncryptionByDefault and the parameters Encrypted and KmsKeyId.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "lib/base/random.h"
#include "lib/ec2/storage/snapshot_service.h"
#include "lib/resource/account.h"
#include "lib/store/database.h"

namespace brume::storage {

// The one key there is, as calls and answers name it.
inline constexpr char kDefaultKmsAlias[] = "alias/aws/ebs";
std::string DefaultKmsKeyArn(const Account& account);
// OK for the default key by its alias, id or ARN, and for none; for others UnsupportedOperation. `encrypted`: the call
// asks for encryption; a key without is InvalidParameterDependency.
absl::Status CheckKmsKey(const std::string& given, bool encrypted, const Account& account);

// Thread-safe.
class EncryptionService {
 public:
  explicit EncryptionService(store::Database& database) : database_(database) {}

  absl::StatusOr<bool> IsOnByDefault();
  absl::Status SetDefault(bool on);
  // Whether a volume would be encrypted, for policies; what the snapshot is, of one that is not there false.
  absl::StatusOr<bool> WouldEncrypt(bool asked, const std::string& snapshot_id);

 private:
  store::Database& database_;
};

// Inside a transaction of the caller's.

// IsPendingCopy of a snapshot that may as well be one that a client puts together over an encrypted parent: what is
// copied is in the clear.
absl::StatusOr<bool> IsPendingCopy(store::Connection& connection, const VolumeSnapshot& snapshot);

// Whether what is made of `source` is encrypted: what is made of an encrypted one always is. `asked` unset or false =
// as the default says; InvalidParameterCombination for false of an encrypted source.
absl::StatusOr<bool> WillEncrypt(store::Connection& connection, std::optional<bool> asked,
                                 const SnapshotSource& source);
// The key's id of what is made encrypted: the source's, or a new one.
std::string DataKeyOf(const SnapshotSource& source, Random& random);

}  // namespace brume::storage
