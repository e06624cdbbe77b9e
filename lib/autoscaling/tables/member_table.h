// Repository of the members of Auto Scaling groups, with the hooks that hold them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/autoscaling/model/member.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::autoscaling {

struct MemberOf {
  std::string group;
  scaling::Member member;
};

// Members have no versions of their own: whoever writes them writes their group's row in the same change, whose version
// is compared.
class MemberTable {
 public:
  explicit MemberTable(store::Connection& connection) : connection_(connection) {}
  static std::vector<store::TableDescription> Describe();

  // Of the group of that number, in order of their tokens, which is that of their launches.
  absl::StatusOr<std::vector<scaling::Member>> List(int64_t seq);
  // Makes what is kept, which is `before`, into `after`.
  absl::Status Save(int64_t seq, absl::Span<const scaling::Member> before, absl::Span<const scaling::Member> after);
  // The target of a hook that holds a member was notified.
  absl::Status SetNotified(int64_t seq, const std::string& member, const std::string& hook);
  absl::StatusOr<std::optional<MemberOf>> Find(const InstanceId& instance);
  // In order of their groups; members without an instance yet are left out.
  absl::StatusOr<std::vector<MemberOf>> ListAll();

 private:
  store::Connection& connection_;
};

}  // namespace brume::autoscaling
