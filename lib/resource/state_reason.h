// Why a resource is in its state, as its owner is told.
#pragma once

#include <string>

namespace brume {

struct StateReason {
  std::string code;  // "Client.UserInitiatedShutdown"; empty = none
  std::string message;
  friend bool operator==(const StateReason&, const StateReason&) = default;
};

}  // namespace brume
