// Questions about libvirt's domains, answered in the port's words. Blocking; run them on the pool.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/ec2/compute/hypervisor.h"
#include "lib/ec2/compute/libvirt/virt.h"

namespace brume::compute {

// kOff when there is no such domain.
absl::StatusOr<Power> ObservePower(virConnectPtr connection, const std::string& guest);
absl::StatusOr<Power> PowerOf(virDomainPtr domain);

// Those that are not off, guests or not.
absl::StatusOr<std::vector<DomainHandle>> ActiveDomains(virConnectPtr connection);

// The domain of a guest that is not off; NotFound otherwise.
absl::StatusOr<DomainHandle> FindOn(virConnectPtr connection, const std::string& guest);

// Makes a paused guest of `xml`, unless one of this name and UUID is there, in whatever state. libvirt's test driver
// cannot start a guest paused: `simulated` pauses it at once, as nothing runs in it either.
absl::Status EnsurePaused(virConnectPtr connection, const std::string& xml, const std::string& guest,
                          const std::string& uuid, bool simulated);

// The error of an action on a domain that FindOn found: NotFound when it went off since, which libvirt calls an invalid
// operation.
absl::Status ActionError(const std::string& what);

// Guests that are not off.
absl::StatusOr<std::vector<InstanceId>> ListGuests(virConnectPtr connection);

// Names of guests that are not off, and the directories of their consoles.
using GuestDirectories = std::vector<std::pair<std::string, std::string>>;
absl::StatusOr<GuestDirectories> ListConsoles(virConnectPtr connection);
absl::StatusOr<std::string> ConsoleDirectoryOf(virDomainPtr domain);

// True when libvirt can act on every domain: while it finds one again at its start it holds a job on it.
absl::StatusOr<bool> IsSettled(virConnectPtr connection);

}  // namespace brume::compute
