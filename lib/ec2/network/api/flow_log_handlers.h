// CreateFlowLogs, DescribeFlowLogs, DeleteFlowLogs, and the records that they wrote.
#pragma once

#include "lib/ec2/network/flow_log_service.h"
#include "lib/gateway/actions.h"

namespace brume::ec2 {

// `flow_logs` outlives the dispatcher.
void AddFlowLogActions(gateway::Actions& actions, network::FlowLogService& flow_logs);

}  // namespace brume::ec2
