// Flow logs without a host: in memory, in buckets of any name but "none".
#pragma once

#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/mutex.h"
#include "lib/ec2/network/flow_log_files.h"

namespace brume::network {

class SimulatedFlowLogFiles final : public FlowLogFiles {
 public:
  absl::Status Check(const std::string& bucket) override {
    return bucket == "none" ? absl::NotFoundError("there is no bucket 'none'") : absl::OkStatus();
  }
  absl::Status Append(const FlowLogPlace& place, const std::string&, const std::string& lines) override {
    MutexLock lock(mutex_);
    files_[absl::StrCat(place.bucket, "/", place.key)] += lines;
    return absl::OkStatus();
  }
  absl::StatusOr<FlowLogText> Read(const FlowLogPlace& place, const std::string&,
                                   const std::string& position) override {
    MutexLock lock(mutex_);
    const std::string& all = files_[absl::StrCat(place.bucket, "/", place.key)];
    size_t from = 0;
    if (!position.empty() && (!absl::SimpleAtoi(position, &from) || from > all.size())) from = 0;
    FlowLogText text{.lines = absl::StrSplit(absl::string_view(all).substr(from), '\n', absl::SkipEmpty()),
                     .position = absl::StrCat(all.size())};
    return text;
  }

 private:
  Mutex mutex_;
  std::map<std::string, std::string> files_ ABSL_GUARDED_BY(mutex_);  // by bucket and key
};

}  // namespace brume::network
