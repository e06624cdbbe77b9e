// The aws CLI's waiters that `brume wait` has no words of its own for.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json_fwd.hpp"

namespace brume::cli {

// What an answer, or an error, means for the waiting. The first that fits decides; where none does, an answer is looked
// at again and an error ends it.
struct Acceptor {
  enum class State { kSuccess, kFailure, kRetry };
  enum class Matcher {
    kPath,     // the JMESPath `argument` gives `expected`
    kPathAll,  // it gives a list that is not empty, and each is `expected`
    kPathAny,  // one is
    kError,    // the call failed with this code
    kStatus,   // of HTTP: 200 for an answer, 404 for an error that something is not there
  };
  State state;
  Matcher matcher;
  std::string argument;
  std::string expected;
};

struct AwsWaiter {
  std::string family;  // "ec2"
  std::string name;    // "volume-available"
  std::string action;  // "describe-volumes"
  std::vector<Acceptor> acceptors;
  std::string why = {};  // JMESPath of the texts that say why it failed; empty = none do
};
// Of the actions that are served, as botocore's models have them.
const std::vector<AwsWaiter>& AwsWaiters();

// "until the volume is available" of "volume-available".
std::string WaiterSummary(const std::string& name);

// What the first acceptor that fits says; kRetry where none does. `error_code`: of a call that failed, else "".
struct Accepted {
  Acceptor::State state = Acceptor::State::kRetry;
  bool fits = false;
  std::string seen = {};  // what the answer shows of what is waited for: "creating, available"
};
// What `why` of a waiter selects: "no such image, no room".
std::string WhyOf(const std::string& why, const nlohmann::ordered_json& answer);
Accepted Accept(const std::vector<Acceptor>& acceptors, const nlohmann::ordered_json& answer,
                const std::string& error_code);

}  // namespace brume::cli
