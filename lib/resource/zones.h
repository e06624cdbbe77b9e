// Names of zones. Pure.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "lib/resource/settings.h"

namespace brume {

// The id EC2 gives a zone, the same for every account: the region in short and the zone's number, "use1-az1" for the
// first zone of us-east-1. Of a region not named as EC2 names its own: the name itself, "home-az1". Empty for a zone
// that is not in the settings.
// https://docs.aws.amazon.com/ram/latest/userguide/working-with-az-ids.html
std::string ZoneId(const Settings& settings, absl::string_view zone);

// The zone that the text names by its name or its id; unset where there is none.
std::optional<std::string> FindZone(const Settings& settings, absl::string_view text);

}  // namespace brume
