#include "lib/ec2/compute/restored_instances.h"

#include "lib/base/status_macros.h"
#include "lib/ec2/compute/model/instance.h"
#include "lib/store/connection.h"

namespace brume::compute {

absl::Status ForgetHost(store::Connection& connection) {
  // Empty means that it never ran.
  RETURN_IF_ERROR(connection.Run("UPDATE instances SET host_boot_id = 'restored' WHERE host_boot_id <> ''"));
  // Saved memory is in no backup: such an instance boots at its next start.
  return connection.Run("UPDATE instances SET hibernation = ? WHERE hibernation IN (?, ?)",
                        static_cast<int>(Hibernation::kConfigured), static_cast<int>(Hibernation::kSaving),
                        static_cast<int>(Hibernation::kSaved));
}

}  // namespace brume::compute
