// A long-lived access key: its id is public, its secret signs requests.
#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"

namespace brume {

struct AccessKeyUse {
  absl::Time time;
  std::string service;  // "ec2"
  std::string region;
};

struct AccessKey {
  std::string id = {};       // "AKIA" and 16 characters
  std::string user_id = {};  // "AIDA…"; empty = the account's root
  std::string secret = {};   // encrypted, bound to the id
  bool active = true;
  absl::Time created = {};
  std::optional<AccessKeyUse> last_used = {};
};

}  // namespace brume
