#include "lib/ec2/compute/console_service.h"

#include <utility>

#include "lib/base/status_macros.h"

namespace brume::compute {
namespace {

constexpr size_t kMaxOutputBytes = 64 * 1024;  // as EC2 keeps

}  // namespace

ConsoleService::ConsoleService(InstanceService& instances, Hypervisor& hypervisor, storage::DiskService& disks,
                               const Clock& clock)
    : instances_(instances), hypervisor_(hypervisor), disks_(disks), clock_(clock) {}

absl::StatusOr<ConsoleOutput> ConsoleService::Output(const InstanceId& id) {
  RETURN_IF_ERROR(instances_.Get(id).status());
  absl::StatusOr<std::string> text = hypervisor_.ConsoleOutput(disks_.InstanceDirectory(id), kMaxOutputBytes);
  // No directory yet: the guest was never made, or there are no real ones.
  if (absl::IsNotFound(text.status())) text = std::string();
  RETURN_IF_ERROR(text.status());
  return ConsoleOutput{.text = *std::move(text), .read = clock_.Now()};
}

absl::StatusOr<UniqueFd> ConsoleService::Open(const InstanceId& id) {
  RETURN_IF_ERROR(instances_.Get(id).status());
  return hypervisor_.OpenConsole(id);
}

}  // namespace brume::compute
