#include "lib/ec2/network/dhcp_options_service.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/quotas.h"
#include "lib/ec2/network/tables/dhcp_options_table.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/ec2_error.h"

namespace brume::network {
namespace {

constexpr size_t kMaxSets = 1000;

}  // namespace

DhcpOptionsService::DhcpOptionsService(store::Database& database, Random& random,
                                       std::function<void(const VpcId&)> wake)
    : database_(database), random_(random), wake_(std::move(wake)) {}

absl::StatusOr<DhcpOptionsView> DhcpOptionsService::Create(const DhcpValues& values, const TagMap& tags) {
  return database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<DhcpOptionsView> {
    DhcpOptionsTable sets(c);
    ASSIGN_OR_RETURN(const std::vector<DhcpOptions> all, sets.List());
    if (all.size() >= kMaxSets) return QuotaReached("ResourceLimitExceeded", "sets of DHCP options", kMaxSets);
    DhcpOptionsView made{.options = {.id = DhcpOptionsId::New(random_), .is_default = false, .values = values},
                         .tags = tags};
    RETURN_IF_ERROR(sets.Insert(made.options));
    RETURN_IF_ERROR(tagging::SetTags(c, made.options.id.text(), tags));
    return made;
  });
}

absl::Status DhcpOptionsService::Delete(const DhcpOptionsId& id) {
  return database_.Write([&](store::Connection& c) -> absl::Status {
    DhcpOptionsTable sets(c);
    const absl::Status found = sets.Get(id).status();
    // EC2 has another code here than where a set is described or associated.
    if (absl::IsNotFound(found)) return ec2::Error("InvalidDhcpOptionsID.NotFound", found.message());
    RETURN_IF_ERROR(found);
    ASSIGN_OR_RETURN(const std::vector<VpcId> vpcs, sets.VpcsWith(id));
    if (vpcs.empty()) return sets.Delete(id);
    return ec2::Error("DependencyViolation",
                      absl::StrCat("The dhcpOptions '", id.text(), "' has dependencies and cannot be deleted. (",
                                   vpcs.front().text(), ")"));
  });
}

absl::Status DhcpOptionsService::Associate(const std::optional<DhcpOptionsId>& id, const VpcId& vpc) {
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    NetworkTable networks(c);
    RETURN_IF_ERROR(networks.GetVpc(vpc).status());
    if (id.has_value()) RETURN_IF_ERROR(DhcpOptionsTable(c).Get(*id).status());
    return networks.SetDhcpOptions(vpc, id.value_or(DhcpOptionsId()));
  }));
  wake_(vpc);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<DhcpOptionsView>> DhcpOptionsService::List(absl::Span<const DhcpOptionsId> ids,
                                                                      const std::optional<tagging::TagQuery>& tags) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<DhcpOptionsView>> {
    DhcpOptionsTable sets(c);
    ASSIGN_OR_RETURN(
        std::vector<DhcpOptions> rows,
        tagging::ChooseRows<DhcpOptionsId>(
            c, ids, tags, [&](const DhcpOptionsId& id) { return sets.Get(id); }, [&] { return sets.List(); }));
    return tagging::WithTags(c, std::move(rows), &DhcpOptionsView::options);
  });
}

absl::StatusOr<DhcpOptions> EnsureDefaultDhcpOptions(store::Connection& connection, absl::string_view private_domain,
                                                     Random& random) {
  DhcpOptionsTable sets(connection);
  ASSIGN_OR_RETURN(std::optional<DhcpOptions> present, sets.Default());
  if (present.has_value()) return *std::move(present);
  DhcpOptions made{.id = DhcpOptionsId::New(random), .is_default = true, .values = DefaultDhcpValues(private_domain)};
  RETURN_IF_ERROR(sets.Insert(made));
  return made;
}

absl::Status UpdateDefaultDhcpOptions(store::Connection& connection, absl::string_view private_domain) {
  DhcpOptionsTable sets(connection);
  ASSIGN_OR_RETURN(std::optional<DhcpOptions> present, sets.Default());
  const DhcpValues wanted = DefaultDhcpValues(private_domain);
  if (!present.has_value() || present->values == wanted) return absl::OkStatus();
  present->values = wanted;
  return sets.Set(*present);
}

absl::StatusOr<DhcpLease> ReadDhcpLease(store::Connection& connection, const Vpc& vpc) {
  if (vpc.dhcp_options_id.empty()) return DhcpLease();
  ASSIGN_OR_RETURN(const DhcpOptions options, DhcpOptionsTable(connection).Get(vpc.dhcp_options_id));
  const bool answers = vpc.attributes.dns_support;
  return LeaseOf(options.values, answers ? std::optional(DnsAddress(vpc.cidr)) : std::nullopt);
}

}  // namespace brume::network
