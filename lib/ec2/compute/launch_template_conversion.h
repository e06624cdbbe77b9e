// Launch templates of databases that kept the messages of the API: migration 0012_launch_specs.sql.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "lib/ec2/compute/model/launch_spec.h"
#include "lib/store/migrations.h"

namespace brume::compute {

// Makes JSON of what each version keeps; `read` knows the bytes of a RequestLaunchTemplateData. Error: DataLoss, which
// names the version, for what `read` refuses.
store::Conversion LaunchTemplateConversion(std::function<absl::StatusOr<LaunchSpec>(const std::string& bytes)> read);

}  // namespace brume::compute
