#include "lib/ec2/storage/tables/snapshot_upload_table.h"

#include "lib/store/connection.h"
#include "lib/store/table.h"

namespace brume::storage {
namespace {

const auto& Uploads() {
  using T = SnapshotUpload;
  static const auto table = store::DescribeTable<SnapshotUpload>(
      "snapshot_uploads", "upload of a snapshot", store::Key("id", &T::id), store::Version(&T::version),
      store::Column("state", &T::state), store::Fixed("parent_id", &T::parent_id), store::Fixed("timeout", &T::timeout),
      store::Fixed("client_token", &T::client_token), store::Fixed("parameters_digest", &T::parameters_digest));
  return table;
}

}  // namespace

store::TableDescription SnapshotUploadTable::Describe() { return Uploads().Describe(); }

absl::Status SnapshotUploadTable::Insert(const SnapshotUpload& upload) { return Uploads().Insert(connection_, upload); }

absl::StatusOr<std::optional<SnapshotUpload>> SnapshotUploadTable::Find(const SnapshotId& id) {
  return Uploads().Find(connection_, id);
}

absl::StatusOr<std::optional<SnapshotUpload>> SnapshotUploadTable::FindToken(const std::string& client_token) {
  return Uploads().First(connection_, "snapshot_uploads WHERE client_token = ? AND client_token <> ''", client_token);
}

absl::Status SnapshotUploadTable::Update(SnapshotUpload& upload) { return Uploads().Update(connection_, upload); }

}  // namespace brume::storage
