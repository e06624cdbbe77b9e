// Flow logs: who talked to whom at the interfaces of a VPC, a subnet or one interface, written into files.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/base/enum_names.h"
#include "lib/resource/ids.h"

namespace brume {

enum class FlowTraffic { kAccept = 0, kReject = 1, kAll = 2 };
std::true_type IsPersisted(FlowTraffic);  // the database keeps its values
inline constexpr EnumNames kFlowTrafficNames({std::pair{FlowTraffic::kAccept, "ACCEPT"},
                                              {FlowTraffic::kReject, "REJECT"},
                                              {FlowTraffic::kAll, "ALL"}});

// What of a port's packets is counted for flow logs.
enum class FlowLogging { kNone, kAccepted, kAll };

struct FlowLog {
  FlowLogId id;
  std::string resource_id;  // of a VPC, a subnet or a network interface
  FlowTraffic traffic = FlowTraffic::kAll;
  // A directory below one that is permitted, and where in it: empty, or a path that ends in a slash.
  std::string bucket, prefix;
  std::string format;             // kDefaultFlowFormat, or as it was given
  int aggregation_seconds = 600;  // the maximum that a record is about, as it was given
  absl::Time created;
  std::string client_token, parameters_digest;
};

// The fields of version 2 of the format.
enum class FlowField {
  kVersion,
  kAccountId,
  kInterfaceId,
  kSource,
  kDestination,
  kSourcePort,
  kDestinationPort,
  kProtocol,
  kPackets,
  kBytes,
  kStart,
  kEnd,
  kAction,
  kLogStatus
};
inline constexpr EnumNames kFlowFieldNames({std::pair{FlowField::kVersion, "version"},
                                            {FlowField::kAccountId, "account-id"},
                                            {FlowField::kInterfaceId, "interface-id"},
                                            {FlowField::kSource, "srcaddr"},
                                            {FlowField::kDestination, "dstaddr"},
                                            {FlowField::kSourcePort, "srcport"},
                                            {FlowField::kDestinationPort, "dstport"},
                                            {FlowField::kProtocol, "protocol"},
                                            {FlowField::kPackets, "packets"},
                                            {FlowField::kBytes, "bytes"},
                                            {FlowField::kStart, "start"},
                                            {FlowField::kEnd, "end"},
                                            {FlowField::kAction, "action"},
                                            {FlowField::kLogStatus, "log-status"}});
inline constexpr char kDefaultFlowFormat[] =
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} "
    "${bytes} ${start} ${end} ${action} ${log-status}";

// The fields that a LogFormat names, in order: "${srcaddr} ${dstaddr}". Error: InvalidParameterValue, which names the
// one that is not of version 2.
absl::StatusOr<std::vector<FlowField>> ParseFlowFormat(absl::string_view format);
// The names of the fields, which a file begins with: "srcaddr dstaddr".
std::string FlowHeader(absl::string_view format);

}  // namespace brume
