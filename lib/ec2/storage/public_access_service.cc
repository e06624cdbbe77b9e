#include "lib/ec2/storage/public_access_service.h"

#include <algorithm>
#include <optional>

#include "lib/base/status_macros.h"
#include "lib/resource/ec2_error.h"
#include "lib/store/connection.h"
#include "lib/store/table.h"

namespace brume::storage {
namespace {

struct BlockRow {
  SharedKind kind = SharedKind::kImages;
  PublicAccessBlock block = PublicAccessBlock::kUnblocked;
};

const auto& Blocks() {
  static const auto table =
      store::DescribeTable<BlockRow>("public_access_blocks", "block of public access",
                                     store::Key("kind", &BlockRow::kind), store::Column("block", &BlockRow::block));
  return table;
}

absl::StatusOr<PublicAccessBlock> BlockOf(store::Connection& c, SharedKind kind) {
  ASSIGN_OR_RETURN(const std::optional<BlockRow> row, Blocks().Find(c, kind));
  return row.has_value() ? row->block : PublicAccessBlock::kUnblocked;
}

}  // namespace

store::TableDescription PublicAccessService::Describe() { return Blocks().Describe(); }

absl::StatusOr<PublicAccessBlock> PublicAccessService::Get(SharedKind kind) {
  return database_.ReadFor([&](store::Connection& c) { return BlockOf(c, kind); });
}

absl::Status PublicAccessService::Set(SharedKind kind, PublicAccessBlock block) {
  return database_.Write([&](store::Connection& c) { return Blocks().Put(c, {.kind = kind, .block = block}); });
}

absl::Status CheckPublicAccess(store::Connection& c, SharedKind kind, absl::Span<const std::string> accounts) {
  if (std::find(accounts.begin(), accounts.end(), kEveryone) == accounts.end()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const PublicAccessBlock block, BlockOf(c, kind));
  if (block == PublicAccessBlock::kUnblocked) return absl::OkStatus();
  return ec2::Error("OperationNotPermitted",
                    kind == SharedKind::kImages
                        ? "The image cannot be shared publicly, as block public access for AMIs is enabled for this "
                          "account; DisableImageBlockPublicAccess permits it"
                        : "The snapshot cannot be shared publicly, as block public access for snapshots is enabled for "
                          "this account; DisableSnapshotBlockPublicAccess permits it");
}

}  // namespace brume::storage
