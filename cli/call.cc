#include "cli/call.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "cli/customisations.h"
#include "cli/help.h"
#include "cli/import_first.h"
#include "cli/names.h"
#include "cli/output.h"
#include "cli/output_json.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "cli/wait.h"
#include "lib/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

using Json = nlohmann::ordered_json;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::string GetText(const Message& message, const FieldDescriptor* field) {
  return field == nullptr ? "" : message.GetReflection()->GetString(message, field);
}

// --max-items may end inside a page: the token then says which page, and how much of it was shown.
std::string MakeToken(const std::string& page, int skip) {
  return Base64Encode(Json({{"NextToken", page}, {"Skip", skip}}).dump());
}

absl::Status ReadToken(const std::string& token, std::string* page, int* skip) {
  std::string text;
  const Json parsed = Base64Decode(token, &text) ? Json::parse(text, nullptr, false) : Json();
  if (parsed.is_object() && parsed.contains("NextToken") && parsed["NextToken"].is_string() &&
      parsed.contains("Skip") && parsed["Skip"].is_number_integer()) {
    *page = parsed["NextToken"].get<std::string>();
    *skip = parsed["Skip"].get<int>();
    if (*skip < 0) return absl::InvalidArgumentError("--starting-token is damaged");
  } else {
    *page = token;  // the daemon's own
  }
  return absl::OkStatus();
}

void DropFirst(Message* message, const FieldDescriptor* list, int count) {
  const auto* reflection = message->GetReflection();
  const int size = reflection->FieldSize(*message, list);
  count = std::min(count, size);
  if (count == 0) return;
  for (int i = 0; i + count < size; ++i) reflection->SwapElements(message, list, i, i + count);
  for (int i = 0; i < count; ++i) reflection->RemoveLast(message, list);
}

const FieldDescriptor* FirstList(const google::protobuf::Descriptor* type) {
  for (int i = 0; i < type->field_count(); ++i) {
    if (type->field(i)->is_repeated()) return type->field(i);
  }
  return nullptr;
}

}  // namespace

absl::Status Pager::Run(const ApiAction& action, const ActionOptions& options, Message* request, Message* response,
                        const CallOnce& call) {
  const FieldDescriptor* next_in = request->GetDescriptor()->FindFieldByName("next_token");
  const FieldDescriptor* next_out = response->GetDescriptor()->FindFieldByName("next_token");
  const FieldDescriptor* max_results = request->GetDescriptor()->FindFieldByName("max_results");
  if (max_results == nullptr) max_results = request->GetDescriptor()->FindFieldByName("max_records");
  const FieldDescriptor* list = FirstList(response->GetDescriptor());
  if (!action.paginated || !next_in || !next_out || !max_results || !list) return call(*request, response);
  const auto* reflection = request->GetReflection();
  const bool by_hand = reflection->HasField(*request, max_results) || reflection->HasField(*request, next_in);
  const bool paging = options.max_items || options.page_size || !options.starting_token.empty();
  if (by_hand && paging) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--", FlagName(*max_results), " and --next-token exclude --max-items, --page-size and --starting-token"));
  }
  if (options.page_size) reflection->SetInt32(request, max_results, *options.page_size);
  std::string page;
  int skip = 0;
  if (!options.starting_token.empty()) RETURN_IF_ERROR(ReadToken(options.starting_token, &page, &skip));
  if (by_hand || !options.paginate) return call(*request, response);

  const auto* out = response->GetReflection();
  while (true) {
    if (!page.empty()) reflection->SetString(request, next_in, page);
    std::unique_ptr<Message> answer(response->New());
    RETURN_IF_ERROR(call(*request, answer.get()));
    const std::string next = GetText(*answer, next_out);
    const int before = out->FieldSize(*response, list);
    DropFirst(answer.get(), list, skip);  // what the command before this one has shown of the page
    response->MergeFrom(*answer);
    out->ClearField(response, next_out);
    const int have = out->FieldSize(*response, list);
    if (options.max_items && have >= *options.max_items) {
      const int shown_of_page = skip + *options.max_items - before;
      if (have > *options.max_items) {
        while (out->FieldSize(*response, list) > *options.max_items) out->RemoveLast(response, list);
        out->SetString(response, next_out, MakeToken(page, shown_of_page));
      } else if (!next.empty()) {
        out->SetString(response, next_out, MakeToken(next, 0));
      }
      return absl::OkStatus();
    }
    if (next.empty()) return absl::OkStatus();
    if (next == page) return absl::InternalError("the daemon's pages do not advance");
    page = next;
    skip = 0;
  }
}

absl::StatusOr<std::unique_ptr<Message>> CallAction(const Schema& schema, Client& client, const ApiAction& action,
                                                    Message* request) {
  std::unique_ptr<Message> response = schema.NewMessage(action.method->output_type());
  RETURN_IF_ERROR(Pager::Run(action, {}, request, response.get(), [&](const Message& page, Message* answer) {
    return client.Call(*action.method, page, answer);
  }));
  return response;
}

absl::StatusOr<int> RunAction(const Schema& schema, const GlobalOptions& global, const ApiAction& action,
                              const std::vector<std::string>& tokens) {
  ASSIGN_OR_RETURN(Invocation invocation, ParseInvocation(schema, action, WithPlainArgument(action, tokens)));
  if (invocation.options.help) {
    RETURN_IF_ERROR(Print(ActionHelp(action, TerminalWidth(STDOUT_FILENO))));
    return 0;
  }
  if (invocation.options.skeleton) {
    RETURN_IF_ERROR(Print(RenderJson(Skeleton(action.method->input_type()))));
    return 0;
  }
  ASSIGN_OR_RETURN(std::unique_ptr<Client> client, Client::Create(global));
  RETURN_IF_ERROR(ResolveNames(schema, *client, invocation.request.get()));
  std::unique_ptr<Message> response = schema.NewMessage(action.method->output_type());
  RETURN_IF_ERROR(Pager::Run(action, invocation.options, invocation.request.get(), response.get(),
                             [&](const Message& request, Message* answer) {
                               const auto call = [&] { return client->Call(*action.method, request, answer); };
                               return invocation.options.import ? CallWithImport(schema, *client, request, call)
                                                                : call();
                             }));
  DecodeResponse(action, response.get());
  absl::Status waited;
  if (invocation.options.wait) {
    waited = WaitAfterAction(schema, *client, action, invocation.options.timeout.value_or(DefaultTimeout(action)),
                             response.get());
  }
  // The answer names what was made, so it is printed even when the waiting failed.
  RETURN_IF_ERROR(Print(Render(action, *response, global.output, TerminalWidth(STDOUT_FILENO))));
  RETURN_IF_ERROR(waited);
  return 0;
}

absl::Status Print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) {
    return absl::OkStatus();
  }
  return absl::UnknownError(absl::StrCat("standard output: ", std::strerror(errno)));
}

}  // namespace brume::cli
