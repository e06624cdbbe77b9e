// Reads layers by QEMU: a qemu-storage-daemon, confined, that offers one layer and all below it over NBD to this
// process alone. What a guest wrote is parsed there and not here.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/base/mutex.h"
#include "lib/base/periodic.h"
#include "lib/ec2/storage/model/block.h"
#include "lib/ec2/storage/qcow2/directory_files.h"

namespace brume::storage {

struct LayerReaderOptions {
  std::string state_dir = {};  // absolute
  // As whom the program runs; the user nobody where it is root.
  Owner reader = {};
  // Layers that are kept open, and how long one is that nobody reads.
  size_t max_open = 8;
  absl::Duration idle = absl::Seconds(30);
};

class LayerSession;

// Thread-safe; blocking. Layers are kept open for a while, so that many blocks are read by one program.
class LayerReader {
 public:
  explicit LayerReader(LayerReaderOptions options);
  ~LayerReader();

  // See BlockFiles.
  absl::StatusOr<std::vector<LayerBlock>> Map(const LayerChain& chain, int64_t first, int64_t count);
  absl::StatusOr<std::string> Read(const LayerChain& chain, int64_t index);

 private:
  template <typename Work>
  auto With(const LayerChain& chain, const Work& work) -> decltype(work(std::declval<LayerSession&>()));
  absl::StatusOr<std::shared_ptr<LayerSession>> Open(const LayerChain& chain, bool anew) ABSL_LOCKS_EXCLUDED(mutex_);
  void CloseIdle() ABSL_LOCKS_EXCLUDED(mutex_);

  const LayerReaderOptions options_;
  Mutex mutex_;
  // The one used last is the first.
  std::list<std::shared_ptr<LayerSession>> sessions_ ABSL_GUARDED_BY(mutex_);
  Periodic closer_;  // last: it uses all the others
};

}  // namespace brume::storage
