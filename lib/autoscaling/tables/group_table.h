// Repository of Auto Scaling groups: their rows, subnets, hooks and tags; their members are in member_table.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/autoscaling/model/record.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::autoscaling {

class GroupTable {
 public:
  explicit GroupTable(store::Connection& connection) : connection_(connection) {}
  static std::vector<store::TableDescription> Describe();

  // With its subnets and hooks; sets `seq`. AlreadyExists when the name is taken.
  absl::Status Insert(scaling::GroupRecord& record);
  absl::StatusOr<std::optional<scaling::GroupRecord>> Find(const std::string& name);
  // Those of `names`, all without; in order of their creation.
  absl::StatusOr<std::vector<scaling::GroupRecord>> List(absl::Span<const std::string> names);
  absl::StatusOr<std::vector<std::string>> ListNames();
  absl::StatusOr<int64_t> Count();
  // Of groups whose source, or that of a refresh under way, is `source_id`.
  absl::StatusOr<std::vector<std::string>> ListNamesBySource(const std::string& source_id);
  // Writes all but name, uuid, creation and hooks. Aborted unless the row still has `version`; sets the next one.
  absl::Status Update(scaling::GroupRecord& record);
  // With all that belongs to it; activities stay.
  absl::Status Delete(int64_t seq);

  absl::Status PutHook(int64_t seq, const scaling::Hook& hook);
  absl::Status DeleteHook(int64_t seq, const std::string& hook);

  absl::StatusOr<std::vector<scaling::GroupTag>> ListTags(int64_t seq);
  absl::Status SetTag(int64_t seq, const scaling::GroupTag& tag);
  absl::Status DeleteTag(int64_t seq, const std::string& key);

 private:
  absl::StatusOr<scaling::GroupRecord> Complete(scaling::GroupRecord record);

  store::Connection& connection_;
};

}  // namespace brume::autoscaling
