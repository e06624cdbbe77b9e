// Takes what the host counted of flows and writes it as records. Source of the format: VPC user guide, "Flow log
// records" (version 2).
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/base/periodic.h"
#include "lib/ec2/network/fabric.h"
#include "lib/ec2/network/flow_log_files.h"
#include "lib/ec2/network/model/flow_log.h"
#include "lib/resource/settings.h"
#include "lib/store/database.h"

namespace brume::network {

// A record is about at most so much time, whatever aggregation interval was asked for, as with EC2's Nitro instances.
inline constexpr absl::Duration kFlowInterval = absl::Seconds(60);

// The lines that a flow log has of what was counted, each ended: the flows that its traffic type asks for, SKIPDATA
// where some were not counted, NODATA of an interface that had none of either. Pure.
std::string FlowRecords(const FlowLog& log, const PortFlows& port, const std::string& account_id, absl::Time start,
                        absl::Time end);

FlowLogPlace PlaceOf(const FlowLog& log);

// Thread-safe.
class FlowLogCollector {
 public:
  FlowLogCollector(store::Database& database, const Clock& clock, Fabric& fabric, FlowLogFiles& files,
                   const Settings& settings);

  // A log that is there at the start goes on.
  void Start() { periodic_.Start(kFlowInterval); }
  // What was counted until then is written.
  void Stop();

  // Takes and writes now. A log that cannot be written to does not keep others from it: see ErrorOf.
  void Collect();
  // The log goes: it gets nothing any more.
  void Remove(const FlowLogId& id);
  // Why the last records could not be written; empty where they were.
  std::string ErrorOf(const FlowLogId& id);

 private:
  void CollectVpc(const VpcId& vpc, const std::vector<FlowLog>& logs, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::map<VpcId, std::vector<FlowLog>>> LogsByVpc() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Write(const FlowLog& log, const std::string& lines) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  store::Database& database_;
  const Clock& clock_;
  Fabric& fabric_;
  FlowLogFiles& files_;
  const Settings& settings_;
  Mutex mutex_;
  const absl::Time begun_;
  std::map<VpcId, absl::Time> taken_ ABSL_GUARDED_BY(mutex_);
  // With the VPC of each, also of those whose resource went since: they get what their ports had until then.
  struct Known {
    VpcId vpc;
    FlowLog log;
  };
  std::map<FlowLogId, Known> known_ ABSL_GUARDED_BY(mutex_);
  std::map<FlowLogId, std::string> errors_ ABSL_GUARDED_BY(mutex_);
  Periodic periodic_;
};

}  // namespace brume::network
