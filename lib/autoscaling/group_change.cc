#include "lib/autoscaling/group_change.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/autoscaling/group_state.h"
#include "lib/autoscaling/tables/group_table.h"
#include "lib/autoscaling/tables/member_table.h"
#include "lib/base/random.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ec2_error.h"

namespace brume::autoscaling {

absl::Status ChangeGroup(store::Database& database, const std::string& name,
                         const std::function<absl::Status(store::Connection&, scaling::GroupView&)>& change) {
  return database.Write([&](store::Connection& c) -> absl::Status {
    GroupTable groups(c);
    MemberTable members(c);
    ASSIGN_OR_RETURN(std::optional<scaling::GroupRecord> record, groups.Find(name));
    if (!record.has_value()) return GroupNotFound(name);
    if (record->deleting) {
      return ec2::Error("ScalingActivityInProgress",
                        absl::StrCat("The Auto Scaling group '", name, "' is being deleted"));
    }
    scaling::GroupView view{.record = *std::move(record), .members = {}, .tags = {}};
    ASSIGN_OR_RETURN(view.members, members.List(view.record.seq));
    ASSIGN_OR_RETURN(view.tags, groups.ListTags(view.record.seq));
    const std::vector<scaling::Member> before = view.members;
    RETURN_IF_ERROR(change(c, view));
    RETURN_IF_ERROR(groups.Update(view.record));
    return members.Save(view.record.seq, before, view.members);
  });
}

std::string NewUuid(Random& random) {
  const std::string hex = random.Hex(30);
  return absl::StrCat(hex.substr(0, 8), "-", hex.substr(8, 4), "-4", hex.substr(12, 3), "-8", hex.substr(15, 3), "-",
                      hex.substr(18, 12));
}

}  // namespace brume::autoscaling
