// Port: the files that flow logs are written into.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace brume::network {

struct FlowLogPlace {
  std::string bucket;  // a directory directly below one that is permitted
  std::string key;     // a path in it, whose last name is the file's
};

// Some whole records of a file, and where the next ones begin.
struct FlowLogText {
  std::vector<std::string> lines;
  std::string position;
};

// Thread-safe and blocking.
class FlowLogFiles {
 public:
  virtual ~FlowLogFiles() = default;

  // Whether the bucket can be written to. Errors: NotFound, InvalidArgument for a bad name or what is no directory.
  virtual absl::Status Check(const std::string& bucket) = 0;
  // Writes whole lines at the end. A file that is new begins with the header, one that has grown large is put aside,
  // and the oldest of those is evicted. Errors as above.
  virtual absl::Status Append(const FlowLogPlace& place, const std::string& header, const std::string& lines) = 0;
  // What was appended from a position on (empty: from the oldest that is there) and is there still, some of it; without
  // headers. Nothing where there is no file yet.
  virtual absl::StatusOr<FlowLogText> Read(const FlowLogPlace& place, const std::string& header,
                                           const std::string& position) = 0;
};

}  // namespace brume::network
