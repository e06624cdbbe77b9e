// Imports by the real tools into a state directory that they can pass.
#pragma once

#include <memory>
#include <string>

#include "lib/base/status_macros.h"
#include "lib/ec2/storage/qcow2/host_import_files.h"
#include "tests/ec2/storage/disks_fixture.h"

namespace brume::storage {

inline const std::string kTask = "import-ami-0123456789abcdef0";
inline const ImportWatch kGoOn = [](const ImportProgress&) { return true; };

struct ImportHost : State {
  HostImportOptions options;
  std::unique_ptr<ImportFiles> files;

  explicit ImportHost(HostImportOptions changed = {}) : options(std::move(changed)) {
    REQUIRE(chmod(dir.path().c_str(), 0711) == 0);
    options.state_dir = dir.path();
    files = Value(OpenHostImportFiles(options));
    disks = Open(65534, 65534);  // as the tools of an import, the checker must be able to read
  }

  absl::StatusOr<PreparedDisk> Prepare(const std::string& location, const std::string& format = "",
                                       const ImportWatch& watch = kGoOn) {
    ImportOrder order{.id = kTask, .source = {}, .format = format};
    ASSIGN_OR_RETURN(order.source, ParseImportSource(location));
    return files->Prepare(order, watch);
  }
  // All of an import but its rows.
  absl::StatusOr<ImportedImage> Import(const std::string& location, const std::string& format = "") {
    ASSIGN_OR_RETURN(const PreparedDisk prepared, Prepare(location, format));
    return disks->ImportPrepared(kImage, prepared.path, location);
  }
  void Remove() {
    REQUIRE_OK(files->Remove(kTask));
    REQUIRE_OK(disks->RemoveImage(kImage));
  }
};

}  // namespace brume::storage
