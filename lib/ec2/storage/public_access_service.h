// Whether images and snapshots may be made everybody's: a setting of the account.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/ec2/storage/model/public_access.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::storage {

// Thread-safe.
class PublicAccessService {
 public:
  explicit PublicAccessService(store::Database& database) : database_(database) {}
  static store::TableDescription Describe();

  absl::StatusOr<PublicAccessBlock> Get(SharedKind kind);
  absl::Status Set(SharedKind kind, PublicAccessBlock block);

 private:
  store::Database& database_;
};

// Inside a transaction of the caller's: OK unless `accounts`, whom something is to be shared with, have everybody while
// that is blocked. Error: OperationNotPermitted.
absl::Status CheckPublicAccess(store::Connection& connection, SharedKind kind, absl::Span<const std::string> accounts);

}  // namespace brume::storage
