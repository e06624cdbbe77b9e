// Flow logs as files of the host, 0640, in buckets that the administrator makes. No link is followed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "lib/base/mutex.h"
#include "lib/base/unique_fd.h"
#include "lib/ec2/network/flow_log_files.h"

namespace brume::network {

struct HostFlowLogOptions {
  std::vector<std::string> directories;        // a bucket is a directory directly below one of them
  int64_t max_file_bytes = int64_t{16} << 20;  // one that would grow past it is put aside: NAME.1, NAME.2, …
  int max_old_files = 8;
};

class HostFlowLogFiles final : public FlowLogFiles {
 public:
  explicit HostFlowLogFiles(HostFlowLogOptions options) : options_(std::move(options)) {}

  absl::Status Check(const std::string& bucket) override;
  absl::Status Append(const FlowLogPlace& place, const std::string& header, const std::string& lines) override;
  absl::StatusOr<FlowLogText> Read(const FlowLogPlace& place, const std::string& header,
                                   const std::string& position) override;

 private:
  struct Place {
    UniqueFd directory;
    std::string name;
  };
  absl::StatusOr<UniqueFd> OpenBucket(const std::string& bucket) const;
  // With `make` directories on the way are made; else NotFound.
  absl::StatusOr<Place> Find(const FlowLogPlace& place, bool make) const;
  absl::Status Rotate(const Place& place) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const HostFlowLogOptions options_;
  Mutex mutex_;  // a reader does not meet half a rotation
};

}  // namespace brume::network
