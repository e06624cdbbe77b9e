#include "lib/ec2/network/api/flow_log_handlers.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "brume/ec2/v1/flow_log.pb.h"
#include "brume/host/v1/flow_record.pb.h"
#include "lib/base/status_macros.h"
#include "lib/base/utf8.h"
#include "lib/ec2/messages/tag_filters.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/gateway/listing.h"
#include "lib/gateway/parameters.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"

namespace brume::ec2 {
namespace {

constexpr char kRecords[] = "flow-records";

// "arn:aws:s3:::BUCKET/FOLDER/": buckets are of no region and no account.
Arn BucketArn(absl::string_view place) { return Arn::Global("", "s3", place); }

v1::FlowLog Render(const network::FlowLogView& view) {
  const FlowLog& log = view.log;
  v1::FlowLog rendered;
  rendered.set_creation_time(gateway::RenderTime(log.created));
  if (!view.error.empty()) rendered.set_deliver_logs_error_message(ToUtf8(view.error));
  rendered.set_deliver_logs_status(view.error.empty() ? "SUCCESS" : "FAILED");
  rendered.set_flow_log_id(log.id.text());
  rendered.set_flow_log_status("ACTIVE");
  rendered.set_resource_id(log.resource_id);
  rendered.set_traffic_type(std::string(kFlowTrafficNames.Of(log.traffic)));
  rendered.set_log_destination_type("s3");
  const std::string folder = log.prefix.empty() ? "" : absl::StrCat("/", log.prefix);
  rendered.set_log_destination(BucketArn(absl::StrCat(log.bucket, folder)).text());
  rendered.set_log_format(log.format);
  rendered.set_max_aggregation_interval(log.aggregation_seconds);
  *rendered.mutable_tags() = RenderTags(view.tags);
  return rendered;
}

void RenderFailures(const std::vector<network::FlowLogFailure>& failures,
                    google::protobuf::RepeatedPtrField<v1::UnsuccessfulItem>& rendered) {
  for (const network::FlowLogFailure& failure : failures) {
    v1::UnsuccessfulItem& item = *rendered.Add();
    item.set_resource_id(failure.resource_id);
    item.mutable_error()->set_code(std::string(ErrorCode(failure.status)));
    item.mutable_error()->set_message(std::string(failure.status.message()));
  }
}

absl::StatusOr<v1::DescribeFlowLogsResponse> DescribeFlowLogs(const v1::DescribeFlowLogsRequest& request,
                                                              network::FlowLogService& flow_logs) {
  static const gateway::Listing<v1::FlowLog, v1::DescribeFlowLogsResponse> listing = {
      "flow-logs", &v1::FlowLog::flow_log_id, &v1::DescribeFlowLogsResponse::mutable_flow_logs};
  ASSIGN_OR_RETURN(const auto ids, gateway::NamedIds<FlowLogId>(request, request.flow_log_ids(), "flowLogId"));
  ASSIGN_OR_RETURN(const std::vector<network::FlowLogView> views,
                   flow_logs.List(ids, TagsAskedFor(request.filter(), FlowLogId::kKind.prefix)));
  std::vector<v1::FlowLog> logs;
  logs.reserve(views.size());
  for (const network::FlowLogView& view : views) logs.push_back(Render(view));
  return gateway::Answer(listing, request, std::move(logs));
}

absl::Status BadDestination(absl::string_view destination, absl::string_view why) {
  return Error("InvalidParameterValue",
               absl::StrCat("LogDestination '", destination.substr(0, 128), "' is not valid: ", why));
}

bool IsFolder(absl::string_view name) {
  constexpr size_t kMaxName = 200;
  return !name.empty() && name.size() <= kMaxName && name[0] != '.' &&
         std::all_of(name.begin(), name.end(), [](char c) { return absl::ascii_isgraph(c); });
}

absl::Status ParseDestination(absl::string_view destination, FlowLog& wanted) {
  const std::optional<Arn> arn = Arn::Parse(destination);
  if (!arn.has_value() || *arn != BucketArn(arn->resource)) {
    return BadDestination(destination, "it begins with arn:aws:s3:::");
  }
  const std::pair<std::string, std::string> parts = absl::StrSplit(arn->resource, absl::MaxSplits('/', 1));
  wanted.bucket = parts.first;
  const bool good = wanted.bucket.size() >= 3 && wanted.bucket.size() <= 63 &&
                    std::all_of(wanted.bucket.begin(), wanted.bucket.end(), [](char c) {
                      return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-' || c == '.';
                    });
  if (!good || wanted.bucket[0] == '.') {
    return BadDestination(destination, "a bucket has 3 to 63 small letters, digits, dots and dashes");
  }
  absl::string_view folder = parts.second;
  absl::ConsumeSuffix(&folder, "/");
  if (folder.empty()) return absl::OkStatus();
  for (const absl::string_view name : absl::StrSplit(folder, '/')) {
    if (!IsFolder(name)) {
      return BadDestination(destination, "a folder has 1 to 200 printable characters, the first of which is no dot");
    }
    if (name == "AWSLogs") return BadDestination(destination, "AWSLogs is reserved");
  }
  wanted.prefix = absl::StrCat(folder, "/");
  return absl::OkStatus();
}

// The kind that a ResourceType means; null when unknown.
const Kind* KindOfType(const std::string& type) {
  if (type == "VPC") return &VpcId::kKind;
  if (type == "Subnet") return &SubnetId::kKind;
  return type == "NetworkInterface" ? &EniId::kKind : nullptr;
}

absl::StatusOr<std::vector<std::string>> ParseResources(const v1::CreateFlowLogsRequest& request) {
  const Kind* const kind = KindOfType(request.resource_type());
  if (kind == nullptr) return Error("UnsupportedOperation", "There are no transit gateways here");
  std::vector<std::string> resources;
  for (const std::string& id : request.resource_ids()) {
    if (KindOfId(id) != kind) {
      return Error("InvalidParameterValue", absl::StrCat("The resource '", absl::string_view(id).substr(0, 64),
                                                         "' is not of the type ", request.resource_type()));
    }
    if (std::find(resources.begin(), resources.end(), id) == resources.end()) resources.push_back(id);
  }
  return resources;
}

absl::StatusOr<FlowLog> ParseLog(const v1::CreateFlowLogsRequest& request) {
  if (request.traffic_type().empty()) return Error(kMissingParameter, "trafficType");
  if (request.log_destination_type() != "s3") {
    return Error("UnsupportedOperation",
                 "Flow logs are delivered to files alone: LogDestinationType must be s3, and LogDestination "
                 "arn:aws:s3:::BUCKET with the name of a directory below an export directory (storage.export_dirs)");
  }
  FlowLog wanted;
  if (request.log_destination().empty()) return Error(kMissingParameter, "logDestination");
  RETURN_IF_ERROR(ParseDestination(request.log_destination(), wanted));
  wanted.traffic = kFlowTrafficNames.Find(request.traffic_type()).value_or(FlowTraffic::kAll);
  wanted.format = request.log_format().empty() ? kDefaultFlowFormat : request.log_format();
  RETURN_IF_ERROR(ParseFlowFormat(wanted.format).status());
  if (request.has_max_aggregation_interval()) wanted.aggregation_seconds = request.max_aggregation_interval();
  if (wanted.aggregation_seconds != 60 && wanted.aggregation_seconds != 600) {
    return Error("InvalidParameterValue",
                 absl::StrCat("MaxAggregationInterval is 60 or 600, and not ", wanted.aggregation_seconds));
  }
  wanted.client_token = request.client_token();
  if (!wanted.client_token.empty()) wanted.parameters_digest = gateway::ParametersDigest(request);
  return wanted;
}

absl::StatusOr<v1::CreateFlowLogsResponse> CreateFlowLogs(const v1::CreateFlowLogsRequest& request,
                                                          network::FlowLogService& flow_logs) {
  RETURN_IF_ERROR(gateway::CheckClientToken(request.client_token()));
  ASSIGN_OR_RETURN(const std::vector<std::string> resources, ParseResources(request));
  ASSIGN_OR_RETURN(const FlowLog wanted, ParseLog(request));
  ASSIGN_OR_RETURN(const TagMap tags, ParseTags(request.tag_specifications(), FlowLogId::kKind));
  ASSIGN_OR_RETURN(const network::FlowLogResult result, flow_logs.Create(resources, wanted, tags));
  v1::CreateFlowLogsResponse response;
  if (!request.client_token().empty()) response.set_client_token(request.client_token());
  for (const FlowLogId& id : result.made) response.add_flow_log_ids(id.text());
  RenderFailures(result.failures, *response.mutable_unsuccessful());
  return response;
}

absl::StatusOr<v1::DeleteFlowLogsResponse> DeleteFlowLogs(const v1::DeleteFlowLogsRequest& request,
                                                          network::FlowLogService& flow_logs) {
  ASSIGN_OR_RETURN(const std::vector<FlowLogId> ids, gateway::ParseIds<FlowLogId>(request.flow_log_ids()));
  ASSIGN_OR_RETURN(const std::vector<network::FlowLogFailure> failures, flow_logs.Delete(ids));
  v1::DeleteFlowLogsResponse response;
  RenderFailures(failures, *response.mutable_unsuccessful());
  return response;
}

absl::StatusOr<host::v1::ReadFlowRecordsResponse> ReadFlowRecords(const host::v1::ReadFlowRecordsRequest& request,
                                                                  network::FlowLogService& flow_logs) {
  ASSIGN_OR_RETURN(const FlowLogId id, FlowLogId::Parse(request.flow_log_id()));
  std::string position;
  if (!request.next_token().empty()) {
    ASSIGN_OR_RETURN(position, gateway::ParseToken(kRecords, request.next_token()));
  }
  ASSIGN_OR_RETURN(network::FlowLogText text, flow_logs.Read(id, position));
  host::v1::ReadFlowRecordsResponse response;
  for (std::string& line : text.lines) response.add_records(ToUtf8(line));
  response.set_next_token(gateway::MakeToken(kRecords, text.position));
  return response;
}

}  // namespace

void AddFlowLogActions(gateway::Actions& actions, network::FlowLogService& flow_logs) {
  actions.Add(CreateFlowLogs, flow_logs);
  actions.Add(DescribeFlowLogs, flow_logs);
  actions.Add(DeleteFlowLogs, flow_logs);
  actions.Add(ReadFlowRecords, flow_logs);
}

}  // namespace brume::ec2
