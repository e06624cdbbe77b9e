#include "lib/ec2/compute/libvirt/guest_nic_calls.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/libvirt/domain_xml.h"
#include "lib/ec2/compute/libvirt/domains.h"

namespace brume::compute {
namespace {

absl::StatusOr<std::vector<DomainNic>> LiveNicsOf(virDomainPtr domain) {
  char* xml = virDomainGetXMLDesc(domain, 0);
  if (xml == nullptr) return ActionError("look at a guest's network cards");
  std::vector<DomainNic> nics = NicsOfDomain(xml);
  free(xml);
  return nics;
}

// Unset when there is none.
absl::StatusOr<std::optional<DomainNic>> FindLiveNic(virDomainPtr domain, const ObservedNic& nic) {
  ASSIGN_OR_RETURN(std::vector<DomainNic> nics, LiveNicsOf(domain));
  const auto found = std::find_if(nics.begin(), nics.end(), [&](const DomainNic& each) {
    return each.observed.mac == nic.mac && each.observed.attachment_id == nic.attachment_id;
  });
  return found == nics.end() ? std::nullopt : std::optional<DomainNic>(std::move(*found));
}

}  // namespace

absl::StatusOr<std::vector<ObservedNic>> ObserveNics(virDomainPtr domain) {
  ASSIGN_OR_RETURN(std::vector<DomainNic> nics, LiveNicsOf(domain));
  std::vector<ObservedNic> observed;
  observed.reserve(nics.size());
  for (DomainNic& nic : nics) observed.push_back(std::move(nic.observed));
  return observed;
}

absl::Status PlugNic(virDomainPtr domain, const GuestNic& nic) {
  ASSIGN_OR_RETURN(const std::optional<DomainNic> there,
                   FindLiveNic(domain, {.mac = nic.mac, .attachment_id = nic.attachment_id}));
  if (there.has_value()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string xml, NicXml(nic));
  if (virDomainAttachDeviceFlags(domain, xml.c_str(), VIR_DOMAIN_AFFECT_LIVE) == 0) return absl::OkStatus();
  const absl::Status error = ActionError(absl::StrCat("attach the network card ", nic.mac));
  if (!absl::StrContains(error.message(), "No more available PCI slots")) return error;
  return absl::ResourceExhaustedError(
      "the guest has no free port for a network card: it was started with fewer; stop and start it");
}

absl::Status UnplugNic(virDomainPtr domain, const ObservedNic& nic) {
  ASSIGN_OR_RETURN(const std::optional<DomainNic> there, FindLiveNic(domain, nic));
  if (!there.has_value()) return absl::OkStatus();
  if (virDomainDetachDeviceFlags(domain, there->xml.c_str(), VIR_DOMAIN_AFFECT_LIVE) == 0) return absl::OkStatus();
  const absl::Status error = ActionError(absl::StrCat("detach the network card ", nic.mac));
  // The guest was asked before, and takes its time.
  if (absl::StrContains(error.message(), "already in the process of unplug")) return absl::OkStatus();
  // It may have let go meanwhile.
  const absl::StatusOr<std::optional<DomainNic>> now = FindLiveNic(domain, nic);
  return now.ok() && !now->has_value() ? absl::OkStatus() : error;
}

}  // namespace brume::compute
