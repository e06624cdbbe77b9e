#include "lib/ec2/compute/libvirt/domains.h"

#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/libvirt/domain_xml.h"

namespace brume::compute {
namespace {

constexpr absl::Duration kGoingPatience = absl::Seconds(5);

absl::StatusOr<DomainHandle> Find(virConnectPtr connection, const std::string& guest) {
  DomainHandle domain(virDomainLookupByName(connection, guest.c_str()));
  if (domain == nullptr) return LastVirtError(absl::StrCat("find ", guest));
  return domain;
}

// AlreadyExists when there is one of another UUID.
absl::StatusOr<bool> IsThere(virConnectPtr connection, const std::string& guest, const std::string& uuid) {
  const absl::StatusOr<DomainHandle> there = FindOn(connection, guest);
  if (absl::IsNotFound(there.status())) return false;
  RETURN_IF_ERROR(there.status());
  char text[VIR_UUID_STRING_BUFLEN] = "";
  if (virDomainGetUUIDString(there->get(), text) != 0) return LastVirtError("read a guest's UUID");
  if (absl::EqualsIgnoreCase(text, uuid)) return true;
  return absl::AlreadyExistsError(absl::StrCat("libvirt has another guest named ", guest, ", with UUID ", text));
}

// Whether the latest error says that a guest of this name is just going. One whose start a killed process left half
// done is ended by libvirt, which takes its time.
bool IsGoing(virConnectPtr connection, const std::string& guest, const std::string& uuid) {
  if (virGetLastErrorCode() != VIR_ERR_OPERATION_FAILED) return false;
  const absl::StatusOr<bool> there = IsThere(connection, guest, uuid);
  return there.ok() && !*there;
}

}  // namespace

absl::StatusOr<std::vector<DomainHandle>> ActiveDomains(virConnectPtr connection) {
  virDomainPtr* raw = nullptr;
  const int count = virConnectListAllDomains(connection, &raw, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
  if (count < 0) return LastVirtError("list the guests");
  std::vector<DomainHandle> domains;
  for (int i = 0; i < count; ++i) domains.emplace_back(raw[i]);
  free(raw);
  return domains;
}

absl::StatusOr<Power> PowerOf(virDomainPtr domain) {
  int state = 0;
  if (virDomainGetState(domain, &state, nullptr, 0) != 0) return LastVirtError("look at a guest");
  switch (state) {
    case VIR_DOMAIN_SHUTOFF:
    case VIR_DOMAIN_CRASHED:
      return Power::kOff;
    case VIR_DOMAIN_PAUSED:
      return Power::kPaused;
    default:  // running, and shutting down until it is off
      return Power::kOn;
  }
}

absl::StatusOr<Power> ObservePower(virConnectPtr connection, const std::string& guest) {
  const absl::StatusOr<DomainHandle> domain = Find(connection, guest);
  if (absl::IsNotFound(domain.status())) return Power::kOff;
  RETURN_IF_ERROR(domain.status());
  const absl::StatusOr<Power> power = PowerOf(domain->get());
  if (absl::IsNotFound(power.status())) return Power::kOff;  // it went in between
  return power;
}

absl::StatusOr<DomainHandle> FindOn(virConnectPtr connection, const std::string& guest) {
  ASSIGN_OR_RETURN(DomainHandle domain, Find(connection, guest));
  ASSIGN_OR_RETURN(const Power power, PowerOf(domain.get()));
  if (power == Power::kOff) return absl::NotFoundError(absl::StrCat(guest, " is off"));
  return domain;
}

absl::Status ActionError(const std::string& what) {
  const absl::Status error = LastVirtError(what);
  return absl::IsFailedPrecondition(error) ? absl::NotFoundError(error.message()) : error;
}

absl::Status EnsurePaused(virConnectPtr connection, const std::string& xml, const std::string& guest,
                          const std::string& uuid, bool simulated) {
  absl::StatusOr<bool> there = IsThere(connection, guest, uuid);
  if (!there.ok() || *there) return there.status();
  const absl::Time limit = absl::Now() + kGoingPatience;
  while (true) {
    const DomainHandle domain(virDomainCreateXML(connection, xml.c_str(), simulated ? 0 : VIR_DOMAIN_START_PAUSED));
    if (domain != nullptr) {
      return !simulated || virDomainSuspend(domain.get()) == 0 ? absl::OkStatus() : LastVirtError("pause a guest");
    }
    const absl::Status error = LastVirtError(absl::StrCat("start ", guest));
    if (absl::Now() < limit && IsGoing(connection, guest, uuid)) {
      absl::SleepFor(absl::Milliseconds(20));
      continue;
    }
    // A call given up earlier may have made it meanwhile.
    there = IsThere(connection, guest, uuid);
    return there.ok() && *there ? absl::OkStatus() : error;
  }
}

absl::StatusOr<std::vector<InstanceId>> ListGuests(virConnectPtr connection) {
  ASSIGN_OR_RETURN(const std::vector<DomainHandle> domains, ActiveDomains(connection));
  std::vector<InstanceId> ids;
  for (const DomainHandle& domain : domains) {
    absl::StatusOr<InstanceId> id = InstanceId::Parse(virDomainGetName(domain.get()));
    if (id.ok()) ids.push_back(*std::move(id));
  }
  return ids;
}

absl::StatusOr<std::string> ConsoleDirectoryOf(virDomainPtr domain) {
  char* xml = virDomainGetXMLDesc(domain, 0);
  if (xml == nullptr) return LastVirtError("read a guest's description");
  std::string directory = ConsoleDirectory(xml);
  free(xml);
  return directory;
}

absl::StatusOr<GuestDirectories> ListConsoles(virConnectPtr connection) {
  ASSIGN_OR_RETURN(const std::vector<DomainHandle> domains, ActiveDomains(connection));
  GuestDirectories guests;
  for (const DomainHandle& domain : domains) {
    const std::string guest = virDomainGetName(domain.get());
    const absl::StatusOr<std::string> directory = ConsoleDirectoryOf(domain.get());
    // One that has just gone has no directory any more.
    if (InstanceId::Parse(guest).ok() && directory.ok() && !directory->empty()) guests.emplace_back(guest, *directory);
  }
  return guests;
}

absl::StatusOr<bool> IsSettled(virConnectPtr connection) {
  ASSIGN_OR_RETURN(const std::vector<DomainHandle> domains, ActiveDomains(connection));
  for (const DomainHandle& domain : domains) {
    virDomainControlInfo info;
    // A guest that cannot be asked has just gone, or never will answer: neither is waited for.
    if (virDomainGetControlInfo(domain.get(), &info, 0) != 0) continue;
    if (info.state == VIR_DOMAIN_CONTROL_JOB || info.state == VIR_DOMAIN_CONTROL_OCCUPIED) return false;
  }
  return true;
}

}  // namespace brume::compute
