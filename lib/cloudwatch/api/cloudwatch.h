// What the handlers of CloudWatch's actions share.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "brume/cloudwatch/v1/alarm.pb.h"
#include "lib/cloudwatch/api/metric_parse.h"
#include "lib/cloudwatch/model/metric.h"
#include "lib/gateway/dispatcher.h"

namespace brume::cloudwatch {

// Adds the handler of the rpc whose request this is.
template <typename Request, typename Response>
void HandleCloudWatch(gateway::Dispatcher& dispatcher, const std::string& service,
                      std::function<absl::StatusOr<Response>(const Request&)> function) {
  const std::string message = Request::descriptor()->name();
  dispatcher.Handle<Request, Response>(
      "brume.cloudwatch.v1." + service, message.substr(0, message.size() - std::string("Request").size()),
      [function = std::move(function)](const Request& request, const Caller&) { return function(request); });
}

// The metric that a message names by Namespace, MetricName and Dimensions. Error: InvalidParameterValue.
template <typename Message>
absl::StatusOr<MetricId> MetricOf(const Message& message) {
  return ParseMetric(message.namespace_(), message.metric_name(), message.dimensions(), "");
}

}  // namespace brume::cloudwatch
