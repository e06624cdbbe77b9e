// What it takes to open the disk of an encrypted volume.
#pragma once

#include <string>
#include <vector>

namespace brume {

// The passphrase of LUKS inside qcow2, and what lies under the top: who opens the disk must say of each file whether it
// is encrypted. The key is the same for all that are. Never to be logged.
struct DiskEncryption {
  struct Layer {
    std::string path;
    bool encrypted = false;
  };
  std::string key;
  std::vector<Layer> layers;  // the one right under the top first
};

}  // namespace brume
