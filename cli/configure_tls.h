// `brume configure-tls`: a certificate and its key for the daemon's HTTPS, and what to write where for it.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/commands.h"

namespace brume::cli {

struct TlsFiles {
  std::string certificate, key;  // paths
};

// What the command prints: the settings of brumed.toml and the variable for the aws CLI and the SDKs, with the paths
// quoted for each.
std::string RenderTlsSettings(const TlsFiles& files, const std::vector<std::string>& names, absl::Time not_after);

// Needs no daemon.
absl::StatusOr<int> RunConfigureTls(const std::vector<std::string>& tokens);

Command ConfigureTlsCommand();

}  // namespace brume::cli
