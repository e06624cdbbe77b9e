#include "lib/ec2/network/tables/flow_log_table.h"

#include "lib/base/status_macros.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/store/table.h"

namespace brume::network {
namespace {

const auto& Logs() {
  using L = FlowLog;
  static const auto table = store::DescribeTable<L>(
      "flow_logs", "flow log", store::Key("id", &L::id), store::Fixed("resource_id", &L::resource_id),
      store::Fixed("traffic", &L::traffic), store::Fixed("bucket", &L::bucket), store::Fixed("prefix", &L::prefix),
      store::Fixed("format", &L::format), store::Fixed("aggregation_seconds", &L::aggregation_seconds),
      store::Fixed("created", &L::created), store::Fixed("client_token", &L::client_token),
      store::Fixed("parameters_digest", &L::parameters_digest), store::Unmapped("seq"));
  return table;
}

}  // namespace

std::vector<store::TableDescription> FlowLogTable::Describe() { return {Logs().Describe()}; }

absl::Status FlowLogTable::Insert(const FlowLog& log) { return Logs().Insert(connection_, log); }

absl::StatusOr<FlowLog> FlowLogTable::Get(const FlowLogId& id) { return Logs().Get(connection_, id); }

absl::StatusOr<std::vector<FlowLog>> FlowLogTable::List() {
  return Logs().Select(connection_, "flow_logs ORDER BY seq");
}

absl::StatusOr<std::vector<FlowLog>> FlowLogTable::ListByToken(const std::string& client_token) {
  if (client_token.empty()) return std::vector<FlowLog>();
  return Logs().Select(connection_, "flow_logs WHERE client_token = ? ORDER BY seq", client_token);
}

absl::Status FlowLogTable::Delete(const FlowLogId& id) { return Logs().Delete(connection_, id); }

absl::StatusOr<VpcId> VpcOfFlows(store::Connection& connection, const std::string& resource_id) {
  NetworkTable networks(connection);
  if (const absl::StatusOr<SubnetId> subnet = SubnetId::Parse(resource_id); subnet.ok()) {
    ASSIGN_OR_RETURN(const Subnet row, networks.GetSubnet(*subnet));
    return row.vpc_id;
  }
  if (const absl::StatusOr<EniId> eni = EniId::Parse(resource_id); eni.ok()) {
    ASSIGN_OR_RETURN(const NetworkInterface row, networks.GetInterface(*eni));
    return row.vpc_id;
  }
  ASSIGN_OR_RETURN(const VpcId vpc, VpcId::Parse(resource_id));
  RETURN_IF_ERROR(networks.GetVpc(vpc).status());
  return vpc;
}

absl::StatusOr<std::vector<FlowLog>> FlowLogsIn(store::Connection& connection, const VpcId& vpc) {
  ASSIGN_OR_RETURN(const std::vector<FlowLog> all, FlowLogTable(connection).List());
  std::vector<FlowLog> own;
  for (const FlowLog& log : all) {
    ASSIGN_OR_RETURN(const VpcId of_log, VpcOfFlows(connection, log.resource_id));
    if (of_log == vpc) own.push_back(log);
  }
  return own;
}

bool IsAbout(const FlowLog& log, const EniId& eni, const SubnetId& subnet, const VpcId& vpc) {
  return log.resource_id == eni.text() || log.resource_id == subnet.text() || log.resource_id == vpc.text();
}

FlowLogging LoggingOf(const NetworkInterface& eni, const std::vector<FlowLog>& logs) {
  FlowLogging logging = FlowLogging::kNone;
  for (const FlowLog& log : logs) {
    if (!IsAbout(log, eni.id, eni.subnet_id, eni.vpc_id)) continue;
    if (log.traffic != FlowTraffic::kAccept) return FlowLogging::kAll;
    logging = FlowLogging::kAccepted;
  }
  return logging;
}

}  // namespace brume::network
