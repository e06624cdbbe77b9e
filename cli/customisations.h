// Flags that are not a field of the request: the aws CLI's own conveniences, kept because its users type them.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/api_schema.h"
#include "cli/flags.h"

namespace brume::cli {

struct CustomFlag {
  std::string name;
  std::string argument;  // for help; empty = a switch with --no-
  std::string help;
};
std::vector<CustomFlag> CustomFlagsOf(const ApiAction& action);

// True for a required field that custom flags fill when it is not given.
bool HasDefault(const ApiAction& action, const google::protobuf::FieldDescriptor& field);

// Applies what of `uses` is custom to `request`, after the fields are set. Gives run-instances its default of one.
absl::Status ApplyCustomFlags(const ApiAction& action, const FlagUses& uses, google::protobuf::Message* request);

// The tokens with what stands before their first flag as the flag it means: of import-image the disk, a path, a URL or
// a name of the catalogue. Others' are as they were.
std::vector<std::string> WithPlainArgument(const ApiAction& action, const std::vector<std::string>& tokens);

// True for a field that holds base64 and whose flag takes the text itself (--user-data).
bool TakesPlainText(const google::protobuf::FieldDescriptor& field);

// Undoes base64 that EC2 puts around text in an answer (GetConsoleOutput).
void DecodeResponse(const ApiAction& action, google::protobuf::Message* response);

}  // namespace brume::cli
