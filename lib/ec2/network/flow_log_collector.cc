#include "lib/ec2/network/flow_log_collector.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/tables/flow_log_table.h"

namespace brume::network {
namespace {

std::string TextOf(const std::variant<Ipv4, Ipv6>& address) {
  return std::visit([](const auto& each) { return each.text(); }, address);
}

// What a line is about: a flow, or none.
struct Line {
  const Flow* flow = nullptr;
  const char* status = "OK";
};

std::string Value(FlowField field, const Line& line, const PortFlows& port, const std::string& account_id,
                  absl::Time start, absl::Time end) {
  switch (field) {
    case FlowField::kVersion:
      return "2";
    case FlowField::kAccountId:
      return account_id;
    case FlowField::kInterfaceId:
      return port.eni.text();
    case FlowField::kStart:
      return absl::StrCat(absl::ToUnixSeconds(start));
    case FlowField::kEnd:
      return absl::StrCat(absl::ToUnixSeconds(end));
    case FlowField::kLogStatus:
      return line.status;
    default:
      break;
  }
  if (line.flow == nullptr) return "-";
  const Flow& flow = *line.flow;
  switch (field) {
    case FlowField::kSource:
      return TextOf(flow.source);
    case FlowField::kDestination:
      return TextOf(flow.destination);
    case FlowField::kSourcePort:
      return absl::StrCat(flow.source_port);
    case FlowField::kDestinationPort:
      return absl::StrCat(flow.destination_port);
    case FlowField::kProtocol:
      return absl::StrCat(flow.protocol);
    case FlowField::kPackets:
      return absl::StrCat(flow.packets);
    case FlowField::kBytes:
      return absl::StrCat(flow.bytes);
    default:
      return flow.accepted ? "ACCEPT" : "REJECT";
  }
}

bool Wants(FlowTraffic traffic, bool accepted) {
  return traffic == FlowTraffic::kAll || (traffic == FlowTraffic::kAccept) == accepted;
}

}  // namespace

std::string FlowRecords(const FlowLog& log, const PortFlows& port, const std::string& account_id, absl::Time start,
                        absl::Time end) {
  // It was read when the log was made.
  const absl::StatusOr<std::vector<FlowField>> fields = ParseFlowFormat(log.format);
  if (!fields.ok()) return "";
  std::string text;
  const auto add = [&](const Line& line) {
    const auto value = [&](std::string* out, FlowField field) {
      absl::StrAppend(out, Value(field, line, port, account_id, start, end));
    };
    absl::StrAppend(&text, absl::StrJoin(*fields, " ", value), "\n");
  };
  for (const Flow& flow : port.flows) {
    if (Wants(log.traffic, flow.accepted)) add({.flow = &flow});
  }
  if (port.skipped) add({.status = "SKIPDATA"});
  if (text.empty()) add({.status = "NODATA"});
  return text;
}

FlowLogPlace PlaceOf(const FlowLog& log) {
  return {.bucket = log.bucket, .key = absl::StrCat(log.prefix, log.id.text(), ".log")};
}

FlowLogCollector::FlowLogCollector(store::Database& database, const Clock& clock, Fabric& fabric, FlowLogFiles& files,
                                   const Settings& settings)
    : database_(database),
      clock_(clock),
      fabric_(fabric),
      files_(files),
      settings_(settings),
      begun_(clock.Now()),
      periodic_(kFlowInterval, [this] { Collect(); }) {}

void FlowLogCollector::Stop() {
  periodic_.Stop();
  Collect();
}

absl::StatusOr<std::map<VpcId, std::vector<FlowLog>>> FlowLogCollector::LogsByVpc() {
  std::vector<Known> present;
  RETURN_IF_ERROR(database_.Read([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<FlowLog> logs, FlowLogTable(c).List());
    for (const FlowLog& log : logs) {
      ASSIGN_OR_RETURN(const VpcId vpc, VpcOfFlows(c, log.resource_id));
      present.push_back({vpc, log});
    }
    return absl::OkStatus();
  }));
  std::map<FlowLogId, Known> gone = std::exchange(known_, {});
  std::map<VpcId, std::vector<FlowLog>> by_vpc;
  for (const Known& each : present) {
    gone.erase(each.log.id);
    known_[each.log.id] = each;
    by_vpc[each.vpc].push_back(each.log);
  }
  for (const auto& [id, each] : gone) by_vpc[each.vpc].push_back(each.log);
  return by_vpc;
}

void FlowLogCollector::Collect() {
  MutexLock lock(mutex_);
  const absl::StatusOr<std::map<VpcId, std::vector<FlowLog>>> by_vpc = LogsByVpc();
  if (!by_vpc.ok()) {
    log::Error("flow logs: {}", by_vpc.status().message());
    return;
  }
  const absl::Time now = clock_.Now();
  for (const auto& [vpc, logs] : *by_vpc) CollectVpc(vpc, logs, now);
  std::erase_if(taken_, [&](const auto& each) { return !by_vpc->contains(each.first); });
  for (auto error = errors_.begin(); error != errors_.end();) {
    error = known_.contains(error->first) ? std::next(error) : errors_.erase(error);
  }
}

void FlowLogCollector::CollectVpc(const VpcId& vpc, const std::vector<FlowLog>& logs, absl::Time now) {
  const absl::StatusOr<std::vector<PortFlows>> ports = fabric_.TakeFlows(vpc);
  if (!ports.ok()) {
    // Not there yet, or no more; anything else is reported.
    const bool early = absl::IsNotFound(ports.status()) || absl::IsFailedPrecondition(ports.status()) ||
                       absl::IsUnavailable(ports.status());
    if (!early) log::Error("flows of {} cannot be read: {}", vpc.text(), ports.status().message());
    return;
  }
  const auto last = taken_.find(vpc);
  const absl::Time since = last == taken_.end() ? begun_ : last->second;
  taken_[vpc] = now;
  for (const FlowLog& log : logs) {
    std::string lines;
    for (const PortFlows& port : *ports) {
      if (!IsAbout(log, port.eni, port.subnet, vpc)) continue;
      absl::StrAppend(&lines, FlowRecords(log, port, settings_.account_id, std::max(since, log.created), now));
    }
    Write(log, lines);
  }
}

void FlowLogCollector::Write(const FlowLog& log, const std::string& lines) {
  if (lines.empty()) return;
  const absl::Status written = files_.Append(PlaceOf(log), FlowHeader(log.format), lines);
  const std::string error(written.message());
  if (!written.ok() && errors_[log.id] != error) log::Warn("flow log {} is not written: {}", log.id.text(), error);
  if (written.ok()) {
    errors_.erase(log.id);
  } else {
    errors_[log.id] = error;
  }
}

void FlowLogCollector::Remove(const FlowLogId& id) {
  MutexLock lock(mutex_);
  known_.erase(id);
  errors_.erase(id);
}

std::string FlowLogCollector::ErrorOf(const FlowLogId& id) {
  MutexLock lock(mutex_);
  const auto found = errors_.find(id);
  return found == errors_.end() ? "" : found->second;
}

}  // namespace brume::network
