// How the Query API speaks TLS.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "lib/frontend/query/asio.h"

namespace brume::frontend {

// TLS 1.2 and 1.3, with forward secrecy and authenticated encryption only. FailedPrecondition names the file that
// cannot be read, is no PEM, or is not the other's key.
absl::StatusOr<std::unique_ptr<asio::ssl::context>> MakeTlsContext(const std::string& cert_path,
                                                                   const std::string& key_path);

}  // namespace brume::frontend
