// The catalogue of images: what is compiled in (images/catalogue.toml), and what an administrator adds.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "lib/ec2/storage/model/catalogue.h"

namespace brume::daemon {

// The entries compiled in, and over them those of the files *.toml in `directory`, in order of their names. A directory
// that is not there has none. Errors name file and line: unknown keys, values of another type and entries that are not
// one are refused, never skipped.
absl::StatusOr<Catalogue> ReadCatalogue(const std::string& directory);

}  // namespace brume::daemon
