// A parsed value (JSON, or shorthand with its strings) into a message, with words for what does not fit.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "nlohmann/json_fwd.hpp"

namespace brume::cli {

// Sets every member of `object` in `message`; members not named stay. InvalidArgument says where (`path`), what is
// wrong and, for an unknown key, the nearest known one.
absl::Status FillMessage(const nlohmann::ordered_json& object, const std::string& path,
                         google::protobuf::Message* message);

// Replaces `field`. Strings are taken for numbers and booleans they spell, a single value for a list of one, and a
// bare value for the {"Value": …} of an attribute.
absl::Status FillField(const nlohmann::ordered_json& value, const std::string& path,
                       const google::protobuf::FieldDescriptor* field, google::protobuf::Message* message);

}  // namespace brume::cli
