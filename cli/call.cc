#include "cli/call.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>

#include "absl/strings/str_cat.h"
#include "cli/customisations.h"
#include "cli/fill.h"
#include "cli/help.h"
#include "cli/hints.h"
#include "cli/import_first.h"
#include "cli/jmespath.h"
#include "cli/key_file.h"
#include "cli/names.h"
#include "cli/output.h"
#include "cli/output_json.h"
#include "cli/output_query.h"
#include "cli/ready.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "cli/wait.h"
#include "cli/wait_after.h"
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

// Moves the private key of an answer to its file. Without its key a pair is of no use: it is deleted again.
absl::Status SaveKey(const Schema& schema, Client& client, KeyFile* file, Message* response) {
  const FieldDescriptor* material = response->GetDescriptor()->FindFieldByName("key_material");
  const FieldDescriptor* id = response->GetDescriptor()->FindFieldByName("key_pair_id");
  if (material == nullptr || id == nullptr) return absl::InternalError("the schema's key pair has no key");
  const absl::Status filled = file->Fill(GetText(*response, material));
  if (filled.ok()) {
    response->GetReflection()->ClearField(response, material);
    return absl::OkStatus();
  }
  const ApiAction* action = schema.FindAction("delete-key-pair");
  if (action == nullptr) return filled;
  const auto request = schema.NewMessage(action->method->input_type());
  RETURN_IF_ERROR(FillMessage(Json({{"KeyPairId", GetText(*response, id)}}), "", request.get()));
  const auto answer = schema.NewMessage(action->method->output_type());
  RETURN_IF_ERROR(client.Call(*action->method, *request, answer.get()));
  return absl::InternalError(absl::StrCat(filled.message(), ". The key pair was deleted again."));
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
    const auto* shape =
        invocation.options.skeleton_of_answer ? action.method->output_type() : action.method->input_type();
    RETURN_IF_ERROR(Print(RenderJson(Skeleton(shape))));
    return 0;
  }
  std::optional<JmesPath> query;
  if (!global.query.empty()) {
    ASSIGN_OR_RETURN(query, ParseQuery(global.query));
  }
  ASSIGN_OR_RETURN(std::unique_ptr<Client> client, Client::Create(global));
  RETURN_IF_ERROR(ResolveNames(schema, *client, invocation.request.get()));
  std::optional<KeyFile> key_file;
  if (!invocation.options.save.empty()) {
    ASSIGN_OR_RETURN(KeyFile made, KeyFile::Create(invocation.options.save));
    key_file.emplace(std::move(made));
  }
  std::unique_ptr<Message> response = schema.NewMessage(action.method->output_type());
  const absl::Status called =
      Pager::Run(action, invocation.options, invocation.request.get(), response.get(),
                 [&](const Message& request, Message* answer) {
                   const auto call = [&] { return client->Call(*action.method, request, answer); };
                   return invocation.options.import ? CallWithImport(schema, *client, request, call) : call();
                 });
  if (!called.ok()) return WithHint(schema, *client, action, *invocation.request, called);
  if (key_file) RETURN_IF_ERROR(SaveKey(schema, *client, &*key_file, response.get()));
  DecodeResponse(action, response.get());
  if (action.api_name == "RunInstances" && IsTerminal(STDERR_FILENO)) {
    std::fputs(KeylessNote(ToJson(*response)).c_str(), stderr);
  }
  absl::Status waited;
  if (invocation.options.wait) {
    waited = AwaitOutcome(
        schema, *client, action,
        {.ready = invocation.options.ready, .timeout = invocation.options.timeout.value_or(DefaultTimeout(action))},
        *invocation.request, response.get());
  }
  // The answer names what was made, so it is printed even when the waiting failed.
  if (query) {
    ASSIGN_OR_RETURN(const Json selected, query->Search(AnswerJson(action, *response)));
    RETURN_IF_ERROR(Print(RenderQueried(selected, global.output, IsTerminal(STDOUT_FILENO))));
  } else {
    RETURN_IF_ERROR(Print(Render(action, *response, global.output, StyleOf(global))));
  }
  RETURN_IF_ERROR(waited);
  return 0;
}

bool PrintsAnswer(const GlobalOptions& global) {
  return !global.query.empty() || (global.output_chosen && global.output == OutputFormat::kJson);
}

absl::Status PrintAnswer(const Message& answer, const GlobalOptions& global) {
  if (global.query.empty()) return Print(RenderJson(ToJson(answer)));
  ASSIGN_OR_RETURN(const JmesPath query, ParseQuery(global.query));
  ASSIGN_OR_RETURN(const Json selected, query.Search(ToJson(answer)));
  return Print(RenderQueried(selected, global.output, IsTerminal(STDOUT_FILENO)));
}

absl::Status Print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) {
    return absl::OkStatus();
  }
  return absl::UnknownError(absl::StrCat("standard output: ", std::strerror(errno)));
}

}  // namespace brume::cli
