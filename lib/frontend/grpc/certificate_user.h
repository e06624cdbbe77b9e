// Who a client's certificate makes its holder, where certificates are users'.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "lib/gateway/caller.h"

namespace brume::frontend {

// Makes the caller the user of this name, which a certificate proves. May block; thread-safe. Error: AuthFailure when
// there is no such user.
using CertificateUser = std::function<absl::Status(const std::string& name, Caller& caller)>;

}  // namespace brume::frontend
