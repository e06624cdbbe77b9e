// API actions: from the command line to the printed answer.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/api_schema.h"
#include "cli/args.h"
#include "cli/flags.h"
#include "cli/rpc_client.h"
#include "google/protobuf/message.h"

namespace brume::cli {

// Calls a function of one page until there is no next token, or --max-items are had, and joins the answers. One call
// where the request itself says MaxResults or NextToken.
class Pager {
 public:
  using CallOnce =
      std::function<absl::Status(const google::protobuf::Message& request, google::protobuf::Message* response)>;

  static absl::Status Run(const ApiAction& action, const ActionOptions& options, google::protobuf::Message* request,
                          google::protobuf::Message* response, const CallOnce& call);
};

// Runs one action with the tokens behind its name and prints to standard output. The exit code.
absl::StatusOr<int> RunAction(const Schema& schema, const GlobalOptions& global, const ApiAction& action,
                              const std::vector<std::string>& tokens);

// All pages of an action, for commands made of several calls.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> CallAction(const Schema& schema, Client& client,
                                                                      const ApiAction& action,
                                                                      google::protobuf::Message* request);

// For commands of ours, which print for people unless --output json or --query is given: whether one of them is, and
// then the response, or what --query selects from it.
bool PrintsAnswer(const GlobalOptions& global);
absl::Status PrintAnswer(const google::protobuf::Message& answer, const GlobalOptions& global);

// Writes to standard output; an error when it does not take it.
absl::Status Print(const std::string& text);

}  // namespace brume::cli
