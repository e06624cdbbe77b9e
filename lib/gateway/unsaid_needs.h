// What an action's registration should say of its request and does not.
#pragma once

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "lib/gateway/dispatcher.h"

namespace brume::gateway {

// A sentence for each thing that the field options hands_on and name_of of `request` ask of its action and `action`
// lacks. Fields that are kept for other calls are those calls' matter.
std::vector<std::string> UnsaidNeeds(const google::protobuf::Descriptor& request, const Action& action);

}  // namespace brume::gateway
