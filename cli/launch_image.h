// The image `brume launch` launches.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "cli/rpc_client.h"

namespace brume::cli {

struct LaunchImage {
  std::string id;
  std::string name;  // for a default name of the instance
};

// The image `text` names, by id, by name or by its name in the catalogue, from which it is imported where it is not
// here yet. Empty: the only one that is here.
absl::StatusOr<LaunchImage> ImageToLaunch(Client& client, const std::string& text);

}  // namespace brume::cli
