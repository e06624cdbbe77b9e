// libvirt's C objects as owned values and its errors as Status. For the files of this folder only.
#pragma once

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace brume::compute {

// Shared: a call that was given up still uses its connection.
using ConnectHandle = std::shared_ptr<virConnect>;

struct DomainFree {
  void operator()(virDomainPtr domain) const { virDomainFree(domain); }
};
using DomainHandle = std::unique_ptr<virDomain, DomainFree>;

// The error of this thread's latest failed libvirt call, as "cannot WHAT: libvirt's words". NotFound when there is no
// such domain, Unavailable when the connection is gone, AlreadyExists when the domain is.
absl::Status LastVirtError(absl::string_view what);

}  // namespace brume::compute
