// What an alarm can do when its state changes.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace brume::alarm {

// arn:aws:automate:REGION:ec2:stop … and its older form
// arn:aws:swf:REGION:ACCOUNT:action/actions/AWS_EC2.InstanceId.Stop/1.0,
// arn:aws:autoscaling:REGION:ACCOUNT:scalingPolicy:…, http://… or https://…; kUndelivered is what CloudWatch would tell
// a service that is not here: it is kept and shown, and never executed.
enum class ActionKind { kStop, kTerminate, kReboot, kRecover, kScalingPolicy, kWebhook, kUndelivered };

// Error: ValidationError, which says what is not valid.
absl::StatusOr<ActionKind> ParseAction(absl::string_view action);

// Stops, terminates, reboots or recovers the instance that the alarm's metric is about.
bool IsOnInstance(ActionKind kind);

// Where a webhook goes.
struct Url {
  bool tls = false;
  std::string host;  // in lower case, a name or an address without brackets
  std::string port;
  std::string target;  // begins with "/": path and query

  // As a Host header names it.
  std::string authority() const;
};

// A URL that says exactly where it leads: no user, no fragment, no control character, no "." and ".." in its path, also
// not in percent-encoding. Error: InvalidArgument, in words.
absl::StatusOr<Url> ParseUrl(absl::string_view text);

// Whether `url` begins with one of `prefixes`: the same scheme, host and port, and a path below the prefix's own.
bool IsAllowed(const Url& url, absl::Span<const std::string> prefixes);

}  // namespace brume::alarm
