#include "lib/ec2/network/flow_log_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/quotas.h"
#include "lib/ec2/network/tables/flow_log_table.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"

namespace brume::network {
namespace {

// Of one resource, as at EC2.
constexpr size_t kMaxLogs = 2;

bool SameDestination(const FlowLog& a, const FlowLog& b) {
  return a.resource_id == b.resource_id && a.traffic == b.traffic && a.bucket == b.bucket && a.prefix == b.prefix;
}

}  // namespace

FlowLogService::FlowLogService(store::Database& database, Random& random, const Clock& clock,
                               FlowLogCollector& collector, FlowLogFiles& files, std::function<void(const VpcId&)> wake)
    : database_(database),
      random_(random),
      clock_(clock),
      collector_(collector),
      files_(files),
      wake_(std::move(wake)) {}

absl::Status FlowLogService::CreateOne(store::Connection& connection, const std::string& resource,
                                       const FlowLog& wanted, const TagMap& tags, FlowLogResult& result,
                                       std::vector<VpcId>& changed) {
  const absl::StatusOr<VpcId> vpc = VpcOfFlows(connection, resource);
  if (absl::IsNotFound(vpc.status()) || absl::IsInvalidArgument(vpc.status())) {
    result.failures.push_back({resource, vpc.status()});
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(vpc.status());
  FlowLogTable table(connection);
  FlowLog log = wanted;
  log.id = FlowLogId::New(random_);
  log.resource_id = resource;
  log.created = clock_.Now();
  ASSIGN_OR_RETURN(const std::vector<FlowLog> all, table.List());
  size_t of_resource = 0;
  for (const FlowLog& each : all) {
    of_resource += each.resource_id == resource ? 1 : 0;
    if (!SameDestination(each, log)) continue;
    result.failures.push_back(
        {resource, ec2::Error("FlowLogAlreadyExists",
                              absl::StrCat("There is an existing flow log with the same configuration and log "
                                           "destination: ",
                                           each.id.text()))});
    return absl::OkStatus();
  }
  if (of_resource >= kMaxLogs) {
    result.failures.push_back(
        {resource, QuotaReached("FlowLogsLimitExceeded", absl::StrCat("flow logs of ", resource), kMaxLogs)});
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(table.Insert(log));
  RETURN_IF_ERROR(tagging::SetTags(connection, log.id.text(), tags));
  result.made.push_back(log.id);
  changed.push_back(*vpc);
  return absl::OkStatus();
}

absl::StatusOr<FlowLogResult> FlowLogService::Create(const std::vector<std::string>& resources, const FlowLog& wanted,
                                                     const TagMap& tags) {
  FlowLogResult result;
  const absl::Status bucket = files_.Check(wanted.bucket);
  if (!bucket.ok()) {
    const absl::Status status =
        ec2::Error("InvalidParameterValue",
                   absl::StrCat("LogDestination: ", wanted.bucket, " cannot be written to: ", bucket.message()));
    for (const std::string& resource : resources) result.failures.push_back({resource, status});
    return result;
  }
  // What was counted before is of other logs alone.
  collector_.Collect();
  std::vector<VpcId> changed;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    result = {};
    changed = {};
    ASSIGN_OR_RETURN(const std::vector<FlowLog> before, FlowLogTable(c).ListByToken(wanted.client_token));
    for (const FlowLog& log : before) {
      if (log.parameters_digest != wanted.parameters_digest) {
        return ec2::ErrorAnd(absl::StrCat("The client token is '", wanted.client_token, "'."), ec2::kTokenReused);
      }
      result.made.push_back(log.id);
    }
    if (!before.empty()) return absl::OkStatus();
    for (const std::string& resource : resources) {
      RETURN_IF_ERROR(CreateOne(c, resource, wanted, tags, result, changed));
    }
    return absl::OkStatus();
  }));
  for (const VpcId& vpc : changed) wake_(vpc);
  return result;
}

absl::StatusOr<std::vector<FlowLogFailure>> FlowLogService::Delete(absl::Span<const FlowLogId> ids) {
  collector_.Collect();
  std::vector<FlowLogFailure> failures;
  std::vector<VpcId> changed;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    failures = {};
    changed = {};
    FlowLogTable table(c);
    for (const FlowLogId& id : ids) {
      const absl::StatusOr<FlowLog> log = table.Get(id);
      if (absl::IsNotFound(log.status())) {
        failures.push_back({id.text(), log.status()});
        continue;
      }
      RETURN_IF_ERROR(log.status());
      ASSIGN_OR_RETURN(changed.emplace_back(), VpcOfFlows(c, log->resource_id));
      RETURN_IF_ERROR(table.Delete(id));
    }
    return absl::OkStatus();
  }));
  for (const FlowLogId& id : ids) collector_.Remove(id);
  for (const VpcId& vpc : changed) wake_(vpc);
  return failures;
}

absl::StatusOr<std::vector<FlowLogView>> FlowLogService::List(absl::Span<const FlowLogId> ids,
                                                              const std::optional<tagging::TagQuery>& tags) {
  std::vector<FlowLogView> views;
  RETURN_IF_ERROR(database_.Read([&](store::Connection& c) -> absl::Status {
    FlowLogTable table(c);
    ASSIGN_OR_RETURN(std::vector<FlowLog> logs, tagging::ChooseRows<FlowLogId>(
                                                    c, ids, tags, [&](const FlowLogId& id) { return table.Get(id); },
                                                    [&] { return table.List(); }));
    ASSIGN_OR_RETURN(views, tagging::WithTags(c, std::move(logs), &FlowLogView::log));
    return absl::OkStatus();
  }));
  for (FlowLogView& view : views) view.error = collector_.ErrorOf(view.log.id);
  return views;
}

absl::StatusOr<FlowLogText> FlowLogService::Read(const FlowLogId& id, const std::string& position) {
  ASSIGN_OR_RETURN(const FlowLog log, database_.ReadFor([&](store::Connection& c) { return FlowLogTable(c).Get(id); }));
  return files_.Read(PlaceOf(log), FlowHeader(log.format), position);
}

}  // namespace brume::network
