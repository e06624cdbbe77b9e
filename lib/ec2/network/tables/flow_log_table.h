// Rows of flow logs. Inside transactions of its callers.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/ec2/network/model/flow_log.h"
#include "lib/ec2/network/model/network.h"
#include "lib/store/connection.h"
#include "lib/store/table_description.h"

namespace brume::network {

class FlowLogTable {
 public:
  explicit FlowLogTable(store::Connection& connection) : connection_(connection) {}
  static std::vector<store::TableDescription> Describe();

  absl::Status Insert(const FlowLog& log);
  absl::StatusOr<FlowLog> Get(const FlowLogId& id);  // InvalidFlowLogId.NotFound
  absl::StatusOr<std::vector<FlowLog>> List();
  absl::StatusOr<std::vector<FlowLog>> ListByToken(const std::string& client_token);
  absl::Status Delete(const FlowLogId& id);

 private:
  store::Connection& connection_;
};

// The VPC of a resource that flows are logged of. Errors: its NotFound, or its malformed code.
absl::StatusOr<VpcId> VpcOfFlows(store::Connection& connection, const std::string& resource_id);
// Those about the VPC or something in it.
absl::StatusOr<std::vector<FlowLog>> FlowLogsIn(store::Connection& connection, const VpcId& vpc);
// Whether the log is about the interface: it names it, its subnet or its VPC.
bool IsAbout(const FlowLog& log, const EniId& eni, const SubnetId& subnet, const VpcId& vpc);
FlowLogging LoggingOf(const NetworkInterface& eni, const std::vector<FlowLog>& logs);

}  // namespace brume::network
