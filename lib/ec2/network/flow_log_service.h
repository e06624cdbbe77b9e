// Flow logs. Source of behaviour: EC2 API reference, CreateFlowLogs, DescribeFlowLogs, DeleteFlowLogs.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/ec2/network/flow_log_collector.h"
#include "lib/ec2/network/flow_log_files.h"
#include "lib/ec2/network/model/flow_log.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"

namespace brume::network {

struct FlowLogView {
  FlowLog log;
  TagMap tags;
  std::string error;  // why records cannot be written; empty = they are
};

// What of a call about several resources did not come about.
struct FlowLogFailure {
  std::string resource_id;
  absl::Status status;
};
struct FlowLogResult {
  std::vector<FlowLogId> made;
  std::vector<FlowLogFailure> failures;
};

// Thread-safe.
class FlowLogService {
 public:
  // `wake` is called after a commit with a VPC whose ports are to be counted otherwise.
  FlowLogService(store::Database& database, Random& random, const Clock& clock, FlowLogCollector& collector,
                 FlowLogFiles& files, std::function<void(const VpcId&)> wake);

  // A log of each resource, like `wanted`, which has neither id nor resource nor time. Failures of a resource: its
  // NotFound, FlowLogAlreadyExists, FlowLogsLimitExceeded, InvalidParameterValue for a bucket that is not there. Error:
  // IdempotentParameterMismatch.
  absl::StatusOr<FlowLogResult> Create(const std::vector<std::string>& resources, const FlowLog& wanted,
                                       const TagMap& tags);
  // Failures: InvalidFlowLogId.NotFound. A log that goes has what passed until then.
  absl::StatusOr<std::vector<FlowLogFailure>> Delete(absl::Span<const FlowLogId> ids);
  // Error: InvalidFlowLogId.NotFound.
  absl::StatusOr<std::vector<FlowLogView>> List(absl::Span<const FlowLogId> ids,
                                                const std::optional<tagging::TagQuery>& tags = {});
  // Records that were written, from a position on: see FlowLogFiles::Read. Error: as above.
  absl::StatusOr<FlowLogText> Read(const FlowLogId& id, const std::string& position);

 private:
  absl::Status CreateOne(store::Connection& connection, const std::string& resource, const FlowLog& wanted,
                         const TagMap& tags, FlowLogResult& result, std::vector<VpcId>& changed);

  store::Database& database_;
  Random& random_;
  const Clock& clock_;
  FlowLogCollector& collector_;
  FlowLogFiles& files_;
  const std::function<void(const VpcId&)> wake_;
};

}  // namespace brume::network
