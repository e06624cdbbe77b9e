// Repository of Auto Scaling groups: their rows, members, hooks and tags.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/autoscaling/model/record.h"
#include "lib/store/database.h"

namespace brume::autoscaling {

struct MemberOf {
  std::string group;
  scaling::Member member;
};

struct SeenInstance {
  InstanceState state = InstanceState::kPending;
  absl::Time since;
  std::string reason;
};

class GroupTable {
 public:
  explicit GroupTable(store::Connection& connection) : connection_(connection) {}

  // With its subnets and hooks; sets `seq`. AlreadyExists when the name is taken.
  absl::Status Insert(scaling::GroupRecord& record);
  absl::StatusOr<std::optional<scaling::GroupRecord>> Find(const std::string& name);
  // Those of `names`, all without; in order of their creation.
  absl::StatusOr<std::vector<scaling::GroupRecord>> List(absl::Span<const std::string> names);
  absl::StatusOr<std::vector<std::string>> ListNames();
  absl::StatusOr<int64_t> Count();
  // Of groups whose source, or that of a refresh under way, is `source_id`.
  absl::StatusOr<std::vector<std::string>> ListNamesBySource(const std::string& source_id);
  // Writes all but name, uuid, creation and hooks. Aborted unless the row still has `revision`; sets the next one.
  absl::Status Update(scaling::GroupRecord& record);
  // With all that belongs to it; activities stay.
  absl::Status Delete(int64_t seq);

  absl::Status PutHook(int64_t seq, const scaling::Hook& hook);
  absl::Status DeleteHook(int64_t seq, const std::string& hook);

  // In order of their tokens, which is that of their launches.
  absl::StatusOr<std::vector<scaling::Member>> ListMembers(int64_t seq);
  // Makes what is kept, which is `before`, into `after`.
  absl::Status SaveMembers(int64_t seq, absl::Span<const scaling::Member> before,
                           absl::Span<const scaling::Member> after);
  // Whom a hook that holds a member names was told.
  absl::Status SetNotified(int64_t seq, const std::string& member, const std::string& hook);
  absl::StatusOr<std::optional<MemberOf>> FindMember(const InstanceId& instance);
  // In order of their groups; members without an instance yet are left out.
  absl::StatusOr<std::vector<MemberOf>> ListAllMembers();

  // Of instances: their state, since when, and why it ended. Those whose row is gone are left out.
  absl::StatusOr<std::map<InstanceId, SeenInstance>> Observe(absl::Span<const InstanceId> ids);

  absl::StatusOr<std::vector<scaling::GroupTag>> ListTags(int64_t seq);
  absl::Status SetTag(int64_t seq, const scaling::GroupTag& tag);
  absl::Status DeleteTag(int64_t seq, const std::string& key);

 private:
  absl::Status Complete(scaling::GroupRecord& record);
  absl::Status WriteSubnets(const scaling::GroupRecord& record);
  absl::Status WriteMember(int64_t seq, const scaling::Member& member);
  absl::Status ReadWaits(int64_t seq, std::vector<scaling::Member>& members);

  store::Connection& connection_;
};

}  // namespace brume::autoscaling
