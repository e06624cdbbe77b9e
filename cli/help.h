// Help from the schema's comments, on the terminal.
#pragma once

#include <string>

#include "cli/api_schema.h"

namespace brume::cli {

// `width`: columns to wrap at; 0 = 100. OverviewHelp is all there is.
std::string OverviewHelp(const Schema& schema, int width);
// Of one public API, such as "iam": all its actions.
std::string FamilyHelp(const Schema& schema, const std::string& family, int width);
// The commands that are no actions of an API.
std::string CommandListHelp(int width);
std::string ActionHelp(const ApiAction& action, int width);
std::string CommandHelpText(const std::string& command, int width);

// The first sentence of a comment, without its full stop.
std::string FirstSentence(const std::string& comment);
// What stands behind a flag: "TEXT", "stop|terminate", "Key=TEXT,Value=TEXT …".
std::string ArgumentOf(const google::protobuf::FieldDescriptor& field);
// Bounds and the like in words, "" when there are none: "Required. 1 to 1000."
std::string LimitsOf(const google::protobuf::FieldDescriptor& field);

}  // namespace brume::cli
