#include "lib/autoscaling/tables/member_table.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/store/connection.h"
#include "lib/store/table.h"

namespace brume::autoscaling {
namespace {

using scaling::LaunchSource;
using scaling::Member;
using scaling::Wait;

struct MemberRow {
  int64_t group_seq = 0;
  Member member;
};
const auto& Members() {
  constexpr auto kMember = &MemberRow::member;
  constexpr auto kSource = &Member::source;
  static const auto table = store::DescribeTable<MemberRow>(
      "scaling_members", "member of the Auto Scaling group", store::Key("group_seq", &MemberRow::group_seq),
      store::Key("token", kMember, &Member::token), store::Column("instance_id", kMember, &Member::instance),
      store::Column("lifecycle", kMember, &Member::lifecycle), store::Column("since", kMember, &Member::since),
      store::Column("zone", kMember, &Member::zone), store::Column("instance_type", kMember, &Member::instance_type),
      store::Column("source_is_template", kMember, kSource, &LaunchSource::is_template),
      store::Column("source_id", kMember, kSource, &LaunchSource::id),
      store::Column("source_number", kMember, kSource, &LaunchSource::version),
      store::Column("source_created", kMember, kSource, &LaunchSource::created),
      store::Column("launched", kMember, &Member::launched), store::Column("in_service", kMember, &Member::in_service),
      store::Column("protected", kMember, &Member::protected_from_scale_in),
      store::Column("health", kMember, &Member::health), store::Column("replaces", kMember, &Member::replaces));
  return table;
}

struct WaitRow {
  int64_t group_seq = 0;
  std::string member;
  Wait wait;
};
const auto& Waits() {
  constexpr auto kWait = &WaitRow::wait;
  static const auto table = store::DescribeTable<WaitRow>(
      "scaling_waits", "wait of the Auto Scaling group", store::Key("group_seq", &WaitRow::group_seq),
      store::Key("member", &WaitRow::member), store::Key("hook", kWait, &Wait::hook),
      store::Column("token", kWait, &Wait::token), store::Column("deadline", kWait, &Wait::deadline),
      store::Column("time_limit", kWait, &Wait::limit), store::Column("result", kWait, &Wait::result),
      store::Column("notified", kWait, &Wait::notified));
  return table;
}

auto MemberFields(const Member& m) {
  return std::tie(m.token, m.instance, m.lifecycle, m.since, m.zone, m.instance_type, m.source.is_template, m.source.id,
                  m.source.version, m.source.created, m.launched, m.in_service, m.protected_from_scale_in, m.health,
                  m.replaces);
}
auto WaitFields(const Wait& w) { return std::tie(w.hook, w.token, w.deadline, w.limit, w.result, w.notified); }

// Whether what is kept of them is the same.
bool IsSame(const Member& a, const Member& b) {
  return MemberFields(a) == MemberFields(b) &&
         std::equal(a.waits.begin(), a.waits.end(), b.waits.begin(), b.waits.end(),
                    [](const Wait& x, const Wait& y) { return WaitFields(x) == WaitFields(y); });
}

absl::Status PutMember(store::Connection& connection, int64_t seq, const Member& member) {
  RETURN_IF_ERROR(Members().Put(connection, {seq, member}));
  RETURN_IF_ERROR(connection.Run("DELETE FROM scaling_waits WHERE group_seq = ? AND member = ?", seq, member.token));
  for (const Wait& wait : member.waits) {
    RETURN_IF_ERROR(Waits().Insert(connection, {seq, member.token, wait}));
  }
  return absl::OkStatus();
}

absl::Status ReadWaits(store::Connection& connection, int64_t seq, std::vector<Member>& members) {
  const bool any = std::any_of(members.begin(), members.end(),
                               [](const Member& member) { return scaling::IsWaiting(member.lifecycle); });
  if (!any) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::vector<WaitRow> waits,
                   Waits().Select(connection, "scaling_waits WHERE group_seq = ? ORDER BY member, hook", seq));
  for (WaitRow& row : waits) {
    const auto member =
        std::find_if(members.begin(), members.end(), [&](const Member& each) { return each.token == row.member; });
    if (member != members.end()) member->waits.push_back(std::move(row.wait));
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<store::TableDescription> MemberTable::Describe() { return {Members().Describe(), Waits().Describe()}; }

absl::StatusOr<std::vector<Member>> MemberTable::List(int64_t seq) {
  ASSIGN_OR_RETURN(std::vector<MemberRow> rows,
                   Members().Select(connection_, "scaling_members WHERE group_seq = ? ORDER BY token", seq));
  std::vector<Member> members;
  for (MemberRow& row : rows) members.push_back(std::move(row.member));
  RETURN_IF_ERROR(ReadWaits(connection_, seq, members));
  return members;
}

absl::Status MemberTable::Save(int64_t seq, absl::Span<const Member> before, absl::Span<const Member> after) {
  std::map<std::string, const Member*> old;
  for (const Member& member : before) old[member.token] = &member;
  // Those that went first: an instance may have changed from one token to another.
  std::map<std::string, const Member*> gone = old;
  for (const Member& member : after) gone.erase(member.token);
  for (const auto& [token, member] : gone) RETURN_IF_ERROR(Members().Delete(connection_, std::tie(seq, token)));
  for (const Member& member : after) {
    const auto found = old.find(member.token);
    if (found != old.end() && IsSame(*found->second, member)) continue;
    RETURN_IF_ERROR(PutMember(connection_, seq, member));
  }
  return absl::OkStatus();
}

absl::Status MemberTable::SetNotified(int64_t seq, const std::string& member, const std::string& hook) {
  return connection_.Run("UPDATE scaling_waits SET notified = 1 WHERE group_seq = ? AND member = ? AND hook = ?", seq,
                         member, hook);
}

absl::StatusOr<std::optional<MemberOf>> MemberTable::Find(const InstanceId& instance) {
  struct Place {
    int64_t seq = 0;
    std::string group, token;
  };
  const auto read = [](store::Row& row) {
    Place place;
    row.Read(place.seq, place.group, place.token);
    return place;
  };
  ASSIGN_OR_RETURN(const std::optional<Place> place,
                   connection_.First("SELECT group_seq, name, token FROM scaling_members JOIN scaling_groups "
                                     "ON seq = group_seq WHERE instance_id = ?",
                                     read, instance));
  if (!place.has_value()) return std::nullopt;
  ASSIGN_OR_RETURN(std::vector<Member> members, List(place->seq));
  const auto found =
      std::find_if(members.begin(), members.end(), [&](const Member& member) { return member.token == place->token; });
  return MemberOf{place->group, std::move(*found)};
}

absl::StatusOr<std::vector<MemberOf>> MemberTable::ListAll() {
  const auto read = [](store::Row& row) {
    MemberOf each;
    each.member = Members().Read(row).member;
    row.Read(each.group);
    return each;
  };
  return connection_.All(
      absl::StrCat("SELECT ", Members().columns(),
                   ", name FROM scaling_members JOIN (SELECT seq, name FROM scaling_groups) ON seq = group_seq "
                   "WHERE instance_id IS NOT NULL ORDER BY group_seq, token"),
      read);
}

}  // namespace brume::autoscaling
