// One call of the API, as it is remembered: who asked what of which resources, from where, and what came of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace brume {

struct Event {
  int64_t number = 0;  // in order of their writing; 0 until it is written
  absl::Time time;
  std::string request_id = {};
  std::string principal = {};  // as Caller's
  std::string access_key_id = {};
  std::string source = {};
  std::string vpc_endpoint_id = {};  // that it came through
  std::string user_agent = {};
  std::string action = {};  // "ec2:RunInstances"
  bool read_only = false;
  std::string parameters = {};  // JSON without secrets
  std::string outcome = {};     // "OK" or EC2's code
  std::string message = {};     // of an error
  absl::Duration duration;
  std::vector<std::string> resources = {};  // ids in the request, and those the call made
};

// What to look for; what is not set matches all.
struct EventQuery {
  std::optional<std::string> action = {}, principal = {}, access_key_id = {}, resource = {}, request_id = {},
                             outcome = {};
  std::optional<bool> read_only = {};
  std::optional<absl::Time> since = {}, until = {};  // both included
};

}  // namespace brume
