// What a restored database needs before the daemon starts with it: backups have the layers under volumes, not their
// tops.
#pragma once

#include "absl/status/status.h"
#include "lib/ec2/storage/disks.h"
#include "lib/store/database.h"

namespace brume::storage {

// Makes the top of each volume that had one, empty over its layer, and has the records of all disks written anew at the
// next start. Errors: NotFound or DataLoss when a layer is not there.
absl::Status MakeTops(store::Database& database, Disks& disks);

}  // namespace brume::storage
