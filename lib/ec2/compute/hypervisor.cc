#include "lib/ec2/compute/hypervisor.h"

#include "absl/strings/str_replace.h"

namespace brume::compute {

std::string SerialOf(const VolumeId& id) { return absl::StrReplaceAll(id.text(), {{"-", ""}}); }

}  // namespace brume::compute
