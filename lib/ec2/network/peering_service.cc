#include "lib/ec2/network/peering_service.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/default_network.h"
#include "lib/ec2/network/quotas.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/ec2/network/tables/peering_table.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/ec2_error.h"

namespace brume::network {
namespace {

// EC2's quotas.
constexpr size_t kMaxActive = 50, kMaxOutstanding = 25;
// EC2's time to accept; an ended one is shown for as long as EC2 shows a deleted one.
constexpr absl::Duration kAcceptWithin = absl::Hours(7 * 24), kEndedShownFor = absl::Hours(2);

// As it is now: a request that nobody accepted has run out.
VpcPeering At(VpcPeering peering, absl::Time now) {
  if (peering.state != PeeringState::kPending || now < peering.expires) return peering;
  peering.state = PeeringState::kExpired;
  peering.ended = peering.expires;
  return peering;
}

absl::Status WrongState(const VpcPeering& peering, absl::string_view wanted) {
  return ec2::Error("InvalidStateTransition",
                    absl::StrCat("Invalid state transition for ", peering.id.text(), ", attempted to transition from ",
                                 kPeeringStateNames.Of(peering.state), " to ", wanted));
}

absl::StatusOr<std::vector<Cidr>> RangesOfVpc(store::Connection& c, const VpcId& id) {
  ASSIGN_OR_RETURN(const Vpc vpc, NetworkTable(c).GetVpc(id));
  return RangesOf(c, vpc);
}

bool Overlap(const std::vector<Cidr>& a, const std::vector<Cidr>& b) {
  return std::any_of(a.begin(), a.end(), [&](const Cidr& one) {
    return std::any_of(b.begin(), b.end(), [&](const Cidr& other) { return one.Overlaps(other); });
  });
}

absl::StatusOr<bool> Overlaps(store::Connection& c, const VpcId& a, const VpcId& b) {
  ASSIGN_OR_RETURN(const std::vector<Cidr> ranges, RangesOfVpc(c, a));
  ASSIGN_OR_RETURN(const std::vector<Cidr> others, RangesOfVpc(c, b));
  return Overlap(ranges, others);
}

absl::StatusOr<VpcPeeringView> ViewOf(store::Connection& c, VpcPeering peering, TagMap tags) {
  VpcPeeringView view;
  view.tags = std::move(tags);
  if (peering.state == PeeringState::kActive) {
    ASSIGN_OR_RETURN(view.requester_ranges, RangesOfVpc(c, peering.requester.vpc_id));
    ASSIGN_OR_RETURN(view.accepter_ranges, RangesOfVpc(c, peering.accepter.vpc_id));
  }
  view.peering = std::move(peering);
  return view;
}

// Whether another connection stands between the two or is asked for, and whether one more may be.
absl::Status CheckRequest(const std::vector<VpcPeering>& of_requester, const VpcId& requester, const VpcId& accepter) {
  size_t outstanding = 0;
  for (const VpcPeering& each : of_requester) {
    if (!each.lives()) continue;
    if (each.has(accepter) && requester != accepter) {
      return ec2::Error("VpcPeeringConnectionAlreadyExists",
                        absl::StrCat("A VPC peering connection between ", requester.text(), " and ", accepter.text(),
                                     " already exists: ", each.id.text(), " is ", kPeeringStateNames.Of(each.state)));
    }
    outstanding += each.state == PeeringState::kPending && each.requester.vpc_id == requester;
  }
  if (outstanding < kMaxOutstanding) return absl::OkStatus();
  return QuotaReached("OutstandingVpcPeeringConnectionLimitExceeded", "pending peering connections of a VPC",
                      kMaxOutstanding);
}

}  // namespace

absl::StatusOr<VpcPeering> GetPeering(store::Connection& c, const VpcPeeringConnectionId& id, absl::Time now) {
  ASSIGN_OR_RETURN(VpcPeering peering, PeeringTable(c).Get(id));
  peering = At(std::move(peering), now);
  if (!peering.lives() && peering.ended + kEndedShownFor < now) return id.NotFound();
  return peering;
}

absl::StatusOr<std::vector<VpcPeering>> ActivePeerings(store::Connection& connection, const VpcId& vpc) {
  ASSIGN_OR_RETURN(std::vector<VpcPeering> peerings, PeeringTable(connection).ListOf(vpc));
  std::erase_if(peerings, [](const VpcPeering& each) { return each.state != PeeringState::kActive; });
  return peerings;
}

absl::StatusOr<std::vector<VpcId>> EndPeerings(store::Connection& connection, const VpcId& vpc, absl::Time now) {
  PeeringTable table(connection);
  ASSIGN_OR_RETURN(const std::vector<VpcPeering> peerings, table.ListOf(vpc));
  std::vector<VpcId> others;
  for (const VpcPeering& each : peerings) {
    if (!At(each, now).lives()) continue;
    if (each.state == PeeringState::kActive) others.push_back(each.OtherThan(vpc).vpc_id);
    VpcPeering ended = each;
    ended.state = PeeringState::kDeleted;
    ended.ended = now;
    RETURN_IF_ERROR(table.Update(ended));
  }
  return others;
}

PeeringService::PeeringService(store::Database& database, Random& random, const Clock& clock,
                               std::function<void(const VpcId&)> wake)
    : database_(database), random_(random), clock_(clock), wake_(std::move(wake)) {}

void PeeringService::Wake(const VpcPeering& peering) {
  wake_(peering.requester.vpc_id);
  wake_(peering.accepter.vpc_id);
}

absl::StatusOr<VpcPeeringView> PeeringService::Create(const VpcId& requester, const VpcId& accepter,
                                                      const TagMap& tags) {
  const absl::Time now = clock_.Now();
  return database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<VpcPeeringView> {
    NetworkTable networks(c);
    PeeringTable peerings(c);
    RETURN_IF_ERROR(peerings.DeleteEnded(now - kEndedShownFor));
    ASSIGN_OR_RETURN(const Vpc from, networks.GetVpc(requester));
    ASSIGN_OR_RETURN(const Vpc to, networks.GetVpc(accepter));
    ASSIGN_OR_RETURN(std::vector<VpcPeering> present, peerings.ListOf(requester));
    for (VpcPeering& each : present) each = At(std::move(each), now);
    RETURN_IF_ERROR(CheckRequest(present, requester, accepter));
    VpcPeering made;
    made.id = VpcPeeringConnectionId::New(random_);
    made.requester = {.vpc_id = from.id, .cidr = from.cidr};
    made.accepter = {.vpc_id = to.id, .cidr = to.cidr};
    made.expires = now + kAcceptWithin;
    ASSIGN_OR_RETURN(const bool overlap, Overlaps(c, requester, accepter));
    if (overlap) {
      made.state = PeeringState::kFailed;
      made.ended = now;
    }
    RETURN_IF_ERROR(peerings.Insert(made));
    RETURN_IF_ERROR(tagging::SetTags(c, made.id.text(), tags));
    return ViewOf(c, std::move(made), tags);
  });
}

absl::StatusOr<VpcPeeringView> PeeringService::Accept(const VpcPeeringConnectionId& id) {
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(VpcPeeringView view, database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<VpcPeeringView> {
    ASSIGN_OR_RETURN(VpcPeering peering, GetPeering(c, id, now));
    if (peering.state != PeeringState::kPending) return WrongState(peering, "active");
    // A range may have been added since it was asked for.
    ASSIGN_OR_RETURN(const bool overlap, Overlaps(c, peering.requester.vpc_id, peering.accepter.vpc_id));
    if (overlap) return WrongState(peering, "active: the ranges of the VPCs overlap");
    for (const PeeringSide* side : {&peering.requester, &peering.accepter}) {
      ASSIGN_OR_RETURN(const std::vector<VpcPeering> active, ActivePeerings(c, side->vpc_id));
      if (active.size() < kMaxActive) continue;
      return QuotaReached("ActiveVpcPeeringConnectionPerVpcLimitExceeded", "active peering connections of a VPC",
                          kMaxActive);
    }
    peering.state = PeeringState::kActive;
    RETURN_IF_ERROR(PeeringTable(c).Update(peering));
    ASSIGN_OR_RETURN(TagMap tags, tagging::GetTags(c, id.text()));
    return ViewOf(c, std::move(peering), std::move(tags));
  }));
  Wake(view.peering);
  return view;
}

absl::StatusOr<VpcPeering> PeeringService::End(const VpcPeeringConnectionId& id, PeeringState as, bool of_active) {
  const absl::Time now = clock_.Now();
  return database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<VpcPeering> {
    ASSIGN_OR_RETURN(const VpcPeering before, GetPeering(c, id, now));
    const bool may = before.state == PeeringState::kPending || (of_active && before.state == PeeringState::kActive);
    if (!may) return WrongState(before, kPeeringStateNames.Of(as));
    VpcPeering ended = before;
    ended.state = as;
    ended.ended = now;
    RETURN_IF_ERROR(PeeringTable(c).Update(ended));
    return before;
  });
}

absl::Status PeeringService::Reject(const VpcPeeringConnectionId& id) {
  return End(id, PeeringState::kRejected, /*of_active=*/false).status();
}

absl::Status PeeringService::Delete(const VpcPeeringConnectionId& id) {
  ASSIGN_OR_RETURN(const VpcPeering before, End(id, PeeringState::kDeleted, /*of_active=*/true));
  if (before.state == PeeringState::kActive) Wake(before);
  return absl::OkStatus();
}

absl::StatusOr<VpcPeering> PeeringService::ModifyOptions(const VpcPeeringConnectionId& id,
                                                         const PeeringOptionsChange& change) {
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(const VpcPeering peering,
                   database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<VpcPeering> {
                     ASSIGN_OR_RETURN(VpcPeering changed, GetPeering(c, id, now));
                     if (changed.state != PeeringState::kActive) {
                       return ec2::Error("OperationNotPermitted", absl::StrCat("Peering ", id.text(),
                                                                               " is not active. Peering options "
                                                                               "can be added only to active "
                                                                               "peerings."));
                     }
                     changed.requester.dns = change.requester_dns.value_or(changed.requester.dns);
                     changed.accepter.dns = change.accepter_dns.value_or(changed.accepter.dns);
                     RETURN_IF_ERROR(PeeringTable(c).Update(changed));
                     return changed;
                   }));
  Wake(peering);
  return peering;
}

absl::StatusOr<std::vector<VpcPeeringView>> PeeringService::List(absl::Span<const VpcPeeringConnectionId> ids,
                                                                 const std::optional<tagging::TagQuery>& tags) {
  const absl::Time now = clock_.Now();
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<VpcPeeringView>> {
    ASSIGN_OR_RETURN(std::vector<VpcPeering> rows, tagging::ChooseRows<VpcPeeringConnectionId>(
                                                       c, ids, tags,
                                                       [&](const VpcPeeringConnectionId& id) {
                                                         return ids.empty() ? PeeringTable(c).Get(id)
                                                                            : GetPeering(c, id, now);
                                                       },
                                                       [&] { return PeeringTable(c).List(); }));
    ASSIGN_OR_RETURN(std::vector<TagMap> own_tags, tagging::TagsOfRows(c, rows));
    std::vector<VpcPeeringView> views;
    for (size_t i = 0; i < rows.size(); ++i) {
      VpcPeering row = At(std::move(rows[i]), now);
      if (!row.lives() && row.ended + kEndedShownFor < now) continue;
      ASSIGN_OR_RETURN(views.emplace_back(), ViewOf(c, std::move(row), std::move(own_tags[i])));
    }
    return views;
  });
}

}  // namespace brume::network
