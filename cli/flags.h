// An action's flags into its request, spelled as the aws CLI spells them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/api_schema.h"
#include "google/protobuf/message.h"
#include "nlohmann/json_fwd.hpp"

namespace brume::cli {

// What the command line says beside the request.
struct ActionOptions {
  bool help = false;
  bool skeleton = false;  // print the shape of --cli-input-json and call nothing
  bool skeleton_of_answer = false;
  bool paginate = true;
  std::optional<int> max_items = std::nullopt;
  std::optional<int> page_size = std::nullopt;
  std::string starting_token = {};
  bool wait = false;
  bool ready = false;                                    // --wait ready
  std::string save = {};                                 // the file for the private key that is made
  bool import = false;                                   // the catalogue's image first, where it is not there
  std::optional<absl::Duration> timeout = std::nullopt;  // unset = DefaultTimeout of the action
};

struct Invocation {
  std::unique_ptr<google::protobuf::Message> request;
  ActionOptions options;
};

// One flag as it stands on the command line.
struct FlagUse {
  std::string spelled;  // "--no-dry-run"
  bool negated = false;
  std::vector<std::string> values = {};
};
using FlagUses = std::map<std::string, FlagUse>;  // by name without dashes and "no-"

// `tokens`: what follows the action. InvalidArgument is a sentence for the user.
absl::StatusOr<Invocation> ParseInvocation(const Schema& schema, const ApiAction& action,
                                           const std::vector<std::string>& tokens);

// The flags of an action that are no fields of its request; for help and completion.
struct OptionHelp {
  std::string name;      // "max-items"
  std::string argument;  // "N"; empty = takes none
  std::string help;
};
std::vector<OptionHelp> OptionsOf(const ApiAction& action);

// Every flag of the action, without dashes, "no-" forms included.
std::vector<std::string> FlagNames(const ApiAction& action);

// True for --x/--no-x: a boolean, or EC2's attribute around one.
bool IsSwitch(const google::protobuf::FieldDescriptor& field);

// A value, or what file:// and fileb:// name: text for the first, binary for the second.
absl::StatusOr<nlohmann::ordered_json> LoadValue(const std::string& flag, const std::string& token);

// The JSON that --cli-input-json takes, with empty values.
nlohmann::ordered_json Skeleton(const google::protobuf::Descriptor* message);

}  // namespace brume::cli
