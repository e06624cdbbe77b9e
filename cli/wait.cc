#include "cli/wait.h"

#include <algorithm>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "cli/call.h"
#include "cli/fill.h"
#include "cli/flags.h"
#include "cli/help.h"
#include "cli/interrupt.h"
#include "cli/names.h"
#include "cli/output.h"
#include "cli/output_json.h"
#include "cli/own_waiters.h"
#include "cli/spelling.h"
#include "cli/table_columns.h"
#include "cli/text.h"
#include "lib/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

using Json = nlohmann::ordered_json;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr absl::Duration kDefaultTimeout = absl::Minutes(10);

bool Contains(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

// The verdict by the waiter's acceptors; the error where they take it for none of theirs.
absl::StatusOr<WaitVerdict> JudgeByAcceptors(const Waiter& waiter, const absl::Status& called, const Json& answer) {
  const Accepted accepted = Accept(waiter.acceptors, answer, called.ok() ? "" : ApiErrorCode(called));
  if (!called.ok() && !accepted.fits) return called;
  WaitVerdict judged{.summary = called.ok() ? accepted.seen : "not there yet"};
  if (accepted.state == Acceptor::State::kSuccess) judged.verdict = WaitProgress::kDone;
  if (accepted.state == Acceptor::State::kFailure) {
    judged.verdict = WaitProgress::kFailed;
    const std::string why = called.ok() ? WhyOf(waiter.why, answer) : "";
    judged.reason = absl::StrCat(
        waiter.name, " cannot be reached any more: ", called.ok() ? accepted.seen : std::string(called.message()),
        why.empty() ? "" : ": ", why);
  }
  return judged;
}

absl::StatusOr<WaitVerdict> JudgeCall(const Waiter& waiter, const absl::Status& called, const Json& answer,
                                      size_t expected) {
  if (!waiter.acceptors.empty()) return JudgeByAcceptors(waiter, called, answer);
  if (called.ok()) return Judge(waiter, answer, expected);
  if (!Contains(waiter.not_there, ApiErrorCode(called))) return called;
  return WaitVerdict{.verdict = WaitProgress::kWait, .summary = "not there yet"};
}

// Looks now, then ever slower, until the verdict is in or the time is over.
absl::Status Poll(const Schema& schema, Client& client, const Waiter& waiter, Message* request, size_t expected,
                  absl::Duration timeout, Json* last) {
  const ApiAction* action = schema.FindActionOf(waiter.family, waiter.action);
  if (action == nullptr) return absl::InternalError(absl::StrCat("the schema has no ", waiter.action));
  const absl::Time start = absl::Now();
  absl::Duration pause = absl::Milliseconds(100);
  Progress progress;
  while (true) {
    const absl::StatusOr<std::unique_ptr<Message>> answer = CallAction(schema, client, *action, request);
    if (answer.ok()) *last = ToJson(**answer);
    ASSIGN_OR_RETURN(const WaitVerdict judged, JudgeCall(waiter, answer.status(), *last, expected));
    const absl::Duration waited = absl::Now() - start;
    progress.Show(judged.summary, absl::StrCat(absl::ToInt64Seconds(waited), " s"));
    if (judged.verdict == WaitProgress::kDone) return absl::OkStatus();
    if (judged.verdict == WaitProgress::kFailed) return absl::FailedPreconditionError(judged.reason);
    if (waited + pause > timeout) {
      return absl::DeadlineExceededError(absl::StrCat("not ", waiter.wanted.empty() ? "there" : waiter.wanted,
                                                      " after ", absl::ToInt64Seconds(timeout),
                                                      " s: ", judged.summary));
    }
    std::this_thread::sleep_for(absl::ToChronoMilliseconds(pause));
    pause = std::min(pause * 3 / 2, absl::Seconds(1));
  }
}

// A kind of task, by the member of the answer that begins one.
struct TaskKind {
  const char* id_field;
  const char* describe;
  const char* list;
  const char* id;
  const char* ids;  // the parameter of the describe action
};
constexpr TaskKind kTaskKinds[] = {
    {"import_task_id", "describe-import-image-tasks", "ImportImageTasks", "ImportTaskId", "ImportTaskIds"},
    {"export_image_task_id", "describe-export-image-tasks", "ExportImageTasks", "ExportImageTaskId",
     "ExportImageTaskIds"},
};

const TaskKind* TaskKindOf(const google::protobuf::Descriptor* answer) {
  for (const TaskKind& kind : kTaskKinds) {
    if (answer->FindFieldByName(kind.id_field) != nullptr) return &kind;
  }
  return nullptr;
}

// Shows a task in the answer that began it, which has the same members.
absl::Status WaitForTask(const Schema& schema, Client& client, const ApiAction& action, absl::Duration timeout,
                         Message* response) {
  const TaskKind& kind = *TaskKindOf(response->GetDescriptor());
  const FieldDescriptor* id_field = response->GetDescriptor()->FindFieldByName(kind.id_field);
  const Waiter waiter{.name = "",
                      .summary = "",
                      .action = kind.describe,
                      .list = kind.list,
                      .id = kind.id,
                      .state = "Status",
                      .wanted = action.wait_state,
                      .failures = {"deleting", "deleted"},
                      .percent = "Progress",
                      .message = "StatusMessage"};
  const ApiAction* describe = schema.FindAction(waiter.action);
  if (describe == nullptr) return absl::InternalError(absl::StrCat("the schema has no ", waiter.action));
  std::unique_ptr<Message> request = schema.NewMessage(describe->method->input_type());
  const std::string id = response->GetReflection()->GetString(*response, id_field);
  RETURN_IF_ERROR(FillMessage(Json({{kind.ids, std::vector<std::string>{id}}}), "", request.get()));
  Json last;
  const absl::Status waited = Poll(schema, client, waiter, request.get(), 1, timeout, &last);
  for (const Json* task : ThingsAt(last, waiter.list)) {
    Json shown = *task;
    shown.erase("BootMode");  // of a task alone
    response->Clear();
    RETURN_IF_ERROR(FillMessage(shown, "", response));
  }
  return waited;
}

// The list of an action's answer whose things have an instance id.
const FieldDescriptor* InstanceList(const google::protobuf::Descriptor* type) {
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->is_repeated() && field->message_type() && field->message_type()->FindFieldByName("instance_id")) {
      return field;
    }
  }
  return nullptr;
}

// Puts the instance as it is now in place of what the call answered: whole where the answer holds instances, else its
// state as the current one.
absl::Status Refresh(const Json& described, Message* thing) {
  const auto* type = thing->GetDescriptor();
  if (type->FindFieldByName("state") != nullptr) {
    thing->Clear();
    return FillMessage(described, "", thing);
  }
  const FieldDescriptor* current = type->FindFieldByName("current_state");
  if (current == nullptr || !described.contains("State")) return absl::OkStatus();
  return FillField(described["State"], "CurrentState", current, thing);
}

Waiter AfterAction(const ApiAction& action) {
  Waiter waiter{.name = "",
                .summary = "",
                .action = "describe-instances",
                .list = "Reservations.Instances",
                .id = "InstanceId",
                .state = "State.Name",
                .wanted = action.wait_state};
  // The wish is committed before the call returns, so a state of rest that is not the wanted one is a failure.
  if (waiter.wanted == "running") waiter.failures = {"stopped", "shutting-down", "terminated"};
  if (waiter.wanted == "stopped") waiter.failures = {"shutting-down", "terminated"};
  return waiter;
}

}  // namespace

std::string ProgressBar(int percent) {
  constexpr int kWidth = 30;
  const int done = std::clamp(percent, 0, 100) * kWidth / 100;
  std::string bar(static_cast<size_t>(done), '=');
  if (done < kWidth) bar += '>';
  bar.resize(kWidth, ' ');
  return absl::StrCat("[", bar, "] ", percent, " %");
}

bool BeginsTask(const ApiAction& action) { return TaskKindOf(action.method->output_type()) != nullptr; }

absl::Duration DefaultTimeout(const ApiAction& action) { return BeginsTask(action) ? absl::Hours(6) : kDefaultTimeout; }

const std::vector<Waiter>& Waiters() {
  static const auto* const waiters = [] {
    const Waiter instance{.name = "",
                          .summary = "",
                          .action = "describe-instances",
                          .list = "Reservations.Instances",
                          .id = "InstanceId",
                          .state = "State.Name",
                          .wanted = "",
                          .not_there = {"InvalidInstanceID.NotFound"}};
    auto* list = new std::vector<Waiter>();
    const auto add = [&](Waiter base, const char* name, const char* summary, const char* wanted,
                         std::vector<std::string> failures) {
      base.name = name;
      base.summary = summary;
      base.wanted = wanted;
      base.failures = std::move(failures);
      list->push_back(std::move(base));
    };
    add(instance, "instance-exists", "until describe-instances shows the instances", "", {});
    list->back().state.clear();
    add(instance, "instance-running", "until the instances are running", "running",
        {"shutting-down", "terminated", "stopping"});
    add(instance, "instance-stopped", "until the instances are stopped", "stopped", {"pending", "terminated"});
    add(instance, "instance-terminated", "until the instances are terminated", "terminated", {"pending", "stopping"});
    Waiter status = instance;
    status.action = "describe-instance-status";
    status.list = "InstanceStatuses";
    status.state = "InstanceStatus.Status";
    add(status, "instance-status-ok", "until the guests answer on the network", "ok", {});
    status.state = "SystemStatus.Status";
    add(status, "system-status-ok", "until the host runs the instances", "ok", {});
    Waiter image = instance;
    image.action = "describe-images";
    image.list = "Images";
    image.id = "ImageId";
    image.state = "State";
    image.not_there = {"InvalidAMIID.NotFound"};
    add(image, "image-exists", "until describe-images shows the images", "", {});
    list->back().state.clear();
    add(image, "image-available", "until the images can be launched", "available", {"failed"});
    list->back().not_there.clear();
    Waiter key = instance;
    key.action = "describe-key-pairs";
    key.list = "KeyPairs";
    key.id = "KeyName";
    key.state.clear();
    key.not_there = {"InvalidKeyPair.NotFound"};
    add(key, "key-pair-exists", "until describe-key-pairs shows the key pairs", "", {});
    Waiter group = key;
    group.action = "describe-security-groups";
    group.list = "SecurityGroups";
    group.id = "GroupId";
    group.not_there = {"InvalidGroup.NotFound", "InvalidGroupId.NotFound"};
    add(group, "security-group-exists", "until describe-security-groups shows the groups", "", {});
    std::vector<AwsWaiter> others = AwsWaiters();
    others.insert(others.end(), OwnWaiters().begin(), OwnWaiters().end());
    for (const AwsWaiter& waiter : others) {
      list->push_back({.name = waiter.name,
                       .summary = WaiterSummary(waiter.name),
                       .action = waiter.action,
                       .list = "",
                       .id = "",
                       .state = "",
                       .wanted = waiter.name.substr(waiter.name.rfind('-') + 1),
                       .family = waiter.family,
                       .acceptors = waiter.acceptors,
                       .why = waiter.why});
    }
    return list;
  }();
  return *waiters;
}

std::vector<const Json*> ThingsAt(const Json& answer, const std::string& path) {
  std::vector<const Json*> level = {&answer};
  for (absl::string_view member : absl::StrSplit(path, '.')) {
    std::vector<const Json*> next;
    for (const Json* holder : level) {
      const auto list = holder->find(std::string(member));
      if (list == holder->end()) continue;
      for (const Json& thing : *list) next.push_back(&thing);
    }
    level = std::move(next);
  }
  return level;
}

WaitVerdict Judge(const Waiter& waiter, const Json& answer, size_t expected) {
  WaitVerdict judged;
  size_t done = 0;
  std::vector<std::string> others;
  const std::vector<const Json*> things = ThingsAt(answer, waiter.list);
  for (const Json* thing : things) {
    const std::string id = Cell(*thing, waiter.id);
    const std::string state = waiter.state.empty() ? "" : Cell(*thing, waiter.state);
    if (state == waiter.wanted) {
      ++done;
      continue;
    }
    int percent = 0;
    if (!waiter.percent.empty() && absl::SimpleAtoi(Cell(*thing, waiter.percent), &percent)) {
      others.push_back(absl::StrCat(id, " ", ProgressBar(percent), " ", Cell(*thing, waiter.message)));
    } else {
      others.push_back(absl::StrCat(id, " ", state));
    }
    if (Contains(waiter.failures, state)) {
      std::string why = Cell(*thing, "StateReason.Message");
      if (why.empty()) why = Cell(*thing, "StateTransitionReason");
      if (!waiter.message.empty()) why = Cell(*thing, waiter.message);
      judged.verdict = WaitProgress::kFailed;
      judged.reason = absl::StrCat(id, " is ", state, why.empty() ? "" : absl::StrCat(": ", why));
    }
  }
  const size_t needed = std::max<size_t>(expected, 1);
  if (judged.verdict != WaitProgress::kFailed && others.empty() && things.size() >= needed)
    judged.verdict = WaitProgress::kDone;
  if (things.size() < needed) others.push_back(absl::StrCat(needed - things.size(), " not there yet"));
  constexpr size_t kNamed = 3;
  const size_t more = others.size() > kNamed ? others.size() - kNamed : 0;
  others.resize(others.size() - more);
  judged.summary = absl::StrJoin(others, ", ");
  if (more > 0) absl::StrAppend(&judged.summary, " and ", more, " more");
  if (done > 0) {
    absl::StrAppend(&judged.summary, judged.summary.empty() ? "" : "; ", done, " ",
                    waiter.wanted.empty() ? "there" : waiter.wanted);
  }
  return judged;
}

absl::Status WaitAfterAction(const Schema& schema, Client& client, const ApiAction& action, absl::Duration timeout,
                             Message* response) {
  if (BeginsTask(action)) return WaitForTask(schema, client, action, timeout, response);
  const ApiAction* describe = schema.FindAction("describe-instances");
  const FieldDescriptor* list = InstanceList(response->GetDescriptor());
  if (describe == nullptr || list == nullptr) {
    return absl::InternalError(absl::StrCat("--wait: the answer of ", action.name, " names no instances"));
  }
  const auto* reflection = response->GetReflection();
  std::vector<std::string> ids;
  for (int i = 0; i < reflection->FieldSize(*response, list); ++i) {
    const Message& thing = reflection->GetRepeatedMessage(*response, list, i);
    ids.push_back(thing.GetReflection()->GetString(thing, thing.GetDescriptor()->FindFieldByName("instance_id")));
  }
  if (ids.empty()) return absl::OkStatus();
  std::unique_ptr<Message> request = schema.NewMessage(describe->method->input_type());
  RETURN_IF_ERROR(FillMessage(Json({{"InstanceIds", ids}}), "", request.get()));
  Json last;
  const absl::Status waited = Poll(schema, client, AfterAction(action), request.get(), ids.size(), timeout, &last);
  for (const Json* instance : ThingsAt(last, "Reservations.Instances")) {
    const auto at = std::find(ids.begin(), ids.end(), Cell(*instance, "InstanceId"));
    if (at == ids.end()) continue;
    RETURN_IF_ERROR(Refresh(*instance, reflection->MutableRepeatedMessage(response, list, at - ids.begin())));
  }
  return waited;
}

absl::Status AwaitWaiter(const Schema& schema, Client& client, const Waiter& waiter, Message* request, size_t expected,
                         absl::Duration timeout) {
  Json last;
  return Poll(schema, client, waiter, request, expected, timeout, &last);
}

absl::StatusOr<int> RunWait(const Schema& schema, const GlobalOptions& global, const std::vector<std::string>& tokens,
                            const std::string& family) {
  std::vector<std::string> names;
  for (const Waiter& waiter : Waiters()) {
    if (family.empty() || waiter.family == family) names.push_back(waiter.name);
  }
  if (names.empty()) return absl::InvalidArgumentError(absl::StrCat(family, " has no waiters"));
  if (tokens.empty() || tokens[0] == "--help") {
    RETURN_IF_ERROR(Print(CommandHelpText("wait", TerminalWidth(STDOUT_FILENO))));
    return tokens.empty() ? kExitUsage : 0;
  }
  const auto waiter = std::find_if(Waiters().begin(), Waiters().end(),
                                   [&](const Waiter& candidate) { return candidate.name == tokens[0]; });
  if (waiter == Waiters().end() || !Contains(names, tokens[0])) {
    return absl::InvalidArgumentError(absl::StrCat("there is no waiter '", Printable(tokens[0]), "'.",
                                                   DidYouMean(tokens[0], names),
                                                   " Waiters: ", absl::StrJoin(names, ", ")));
  }
  const ApiAction* action = schema.FindActionOf(waiter->family, waiter->action);
  if (action == nullptr) return absl::InternalError(absl::StrCat("the schema has no ", waiter->action));
  // --timeout is ours; the rest are the describe action's flags.
  absl::Duration timeout = kDefaultTimeout;
  std::vector<std::string> flags;
  for (size_t i = 1; i < tokens.size(); ++i) {
    absl::string_view token = tokens[i];
    if (!absl::StartsWith(token, "--timeout")) {
      flags.push_back(tokens[i]);
      continue;
    }
    if (token == "--timeout" && i + 1 < tokens.size()) token = tokens[++i];
    absl::ConsumePrefix(&token, "--timeout=");
    int seconds = 0;
    if (!absl::SimpleAtoi(token, &seconds) || seconds < 1) {
      return absl::InvalidArgumentError("--timeout takes a number of seconds from 1 up");
    }
    timeout = absl::Seconds(seconds);
  }
  ASSIGN_OR_RETURN(Invocation invocation, ParseInvocation(schema, *action, flags));
  if (invocation.options.help) {
    RETURN_IF_ERROR(Print(ActionHelp(*action, TerminalWidth(STDOUT_FILENO))));
    return 0;
  }
  // How many are named: the longest list of ids or names of the request.
  size_t expected = 0;
  for (int i = 0; i < action->method->input_type()->field_count(); ++i) {
    const FieldDescriptor* field = action->method->input_type()->field(i);
    if (!field->is_repeated() || field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) continue;
    if (field->name() == "owners") continue;
    const int size = invocation.request->GetReflection()->FieldSize(*invocation.request, field);
    expected = std::max(expected, static_cast<size_t>(size));
  }
  ASSIGN_OR_RETURN(std::unique_ptr<Client> client, Client::Create(global));
  RETURN_IF_ERROR(ResolveNames(schema, *client, invocation.request.get()));
  const InterruptNotice notice("No longer waiting. Waiting changed nothing, and what was waited for goes on.");
  RETURN_IF_ERROR(AwaitWaiter(schema, *client, *waiter, invocation.request.get(), expected, timeout));
  return 0;
}

}  // namespace brume::cli
