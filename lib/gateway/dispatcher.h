// The one way in: authenticate ▸ authorize ▸ validate ▸ call ▸ log, for every front end and every action.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "lib/gateway/access.h"
#include "lib/gateway/access_question.h"
#include "lib/gateway/caller.h"
#include "lib/gateway/resource_facts.h"
#include "lib/resource/account.h"

namespace brume::gateway {

// A call that is over.
struct CallRecord {
  const google::protobuf::MethodDescriptor& method;
  const google::protobuf::Message& request;
  const Caller& caller;
  absl::Time start;
  absl::Duration duration;
  // What the caller is told: OK, or an error with EC2's code.
  const absl::Status& outcome;
  // Null when the outcome is an error.
  const google::protobuf::Message* response = nullptr;
};

// What a dispatcher asks and tells others. All are called from many threads at once, and may be empty.
struct DispatcherParts {
  Account account = {};
  // Whether there is room for this call; ResourceExhausted when the caller asks too much.
  std::function<absl::Status(const google::protobuf::MethodDescriptor& method, const google::protobuf::Message& request,
                             const Caller& caller)>
      admit = {};
  // Whether policies allow it to a caller who is no administrator; PermissionDenied when not, with words that follow
  // "is not authorized to perform: ACTION". Without it nobody but administrators is let in.
  std::function<absl::Status(const Caller& caller, const AccessQuestion& question)> authorize = {};
  // Whether the policy of the VPC endpoint that a call came through allows it; errors as of `authorize`. Asked of
  // whoever calls, administrators too, and beside `authorize`. Without it no call through an endpoint is let in.
  std::function<absl::Status(const Caller& caller, const AccessQuestion& question)> authorize_endpoint = {};
  // Told of every call before its answer is given.
  std::function<void(const CallRecord& record)> record = {};
};

// One action of the schema, as it was registered.
struct Action {
  std::function<absl::StatusOr<std::unique_ptr<google::protobuf::Message>>(const google::protobuf::Message& request,
                                                                           const Caller& caller)>
      handler;
  // The request with what it names only in part filled in, null where that is nothing; policies are asked of it, and
  // the handler runs it. Errors are returned to those who may make the call.
  std::function<absl::StatusOr<std::unique_ptr<google::protobuf::Message>>(const google::protobuf::Message& request)>
      complete = {};
  // Adds to the question what the request does not name and the call uses all the same, and what is known of the
  // resources that it makes. Errors are returned to those who may make the call.
  std::function<absl::Status(const google::protobuf::Message& request, AccessQuestion& question)> describe = {};
  // The roles that the request hands on. Who may do so needs iam:PassRole for each too.
  std::function<absl::StatusOr<std::vector<PassedRole>>(const google::protobuf::Message& request)> passed_roles = {};
  // What the handler would find wrong with the request now, for a DryRun; it changes nothing. Without it a DryRun is
  // checked against the schema and policies alone.
  std::function<absl::Status(const google::protobuf::Message& request)> check = {};
  // What the call has brumed do later, with no other call: the actions, each with the resources that it is on. Who
  // makes it must be allowed these too.
  std::function<std::vector<AccessQuestion>(const google::protobuf::Message& request)> implied = {};
  // The same where what brumed does later is whole calls, each of an action of the schema: who makes this call must be
  // allowed each of them with all that it needs in turn, as if they made it now. Calls of calls are not asked about.
  std::function<absl::StatusOr<std::vector<std::unique_ptr<google::protobuf::Message>>>(
      const google::protobuf::Message& request)>
      calls = {};
};

// Not thread-safe while handlers are added; thread-safe afterwards.
class Dispatcher {
 public:
  using Message = google::protobuf::Message;

  explicit Dispatcher(DispatcherParts parts = {}) : parts_(std::move(parts)) {}
  using Handler = decltype(Action::handler);

  // For lib/gateway/actions.h, through which all handlers come. Adds the handler of the rpc whose request is `request`;
  // the Action stays where it is. What does not fit the schema is a mistake in the program and ends it.
  Action& Add(const google::protobuf::Descriptor* request, Handler handler);
  // The empty answer of that rpc, whose type must be `answer` where that is not null.
  const Message& EmptyAnswer(const google::protobuf::Descriptor* request,
                             const google::protobuf::Descriptor* answer) const;

  // What policies may ask about resources that are there; modules add theirs before the first call.
  ResourceFacts& facts() { return facts_; }

  // FailedPrecondition naming every rpc of the schema that has no handler, and every action that does not say what its
  // request needs by the field options hands_on and name_of: the schema promises only what is served.
  absl::Status CheckComplete() const;

  // Null when the schema has no such rpc.
  const google::protobuf::MethodDescriptor* FindMethod(absl::string_view service, absl::string_view name) const;

  // Runs one call on the calling thread. `request` is of the method's input type. Errors carry EC2's code
  // (ec2::ErrorCode); an internal error's details go to the log under the request id, not to the caller.
  absl::StatusOr<std::unique_ptr<Message>> Call(const google::protobuf::MethodDescriptor& method,
                                                const Message& request, const Caller& caller) const;

  // The same for a call with streams, whose first message is `first`: `open` is what the call does before bytes flow.
  // What comes of it is recorded as of any call.
  absl::Status OpenStream(const google::protobuf::MethodDescriptor& method, const Message& first, const Caller& caller,
                          absl::FunctionRef<absl::Status()> open) const;

  // Records a call that a front end refused before it came here: a wrong signature, invalid parameters. Returns
  // what the caller is to be told.
  absl::Status Refuse(const google::protobuf::MethodDescriptor& method, const Message& request, const Caller& caller,
                      const absl::Status& why) const;

 private:
  // `action` is null for a stream.
  absl::Status Authorize(const google::protobuf::MethodDescriptor& method, const Action* action, const Message& request,
                         const Caller& caller) const;
  // The same of one call alone. Refusals are reported in the words of `reported_as`'s API.
  struct OneCall {
    const google::protobuf::MethodDescriptor& method;
    const Action* action;
    const Message& request;
    const google::protobuf::MethodDescriptor& reported_as;
  };
  absl::Status AuthorizeOne(const OneCall& call, const Caller& caller) const;
  // What policies are asked of it; `described` is what Action::describe found.
  absl::StatusOr<AccessQuestion> QuestionAbout(const OneCall& call, const Caller& caller,
                                               absl::Status& described) const;
  // Of the calls that `action` has made later for the request.
  absl::Status AuthorizeCallsOf(const google::protobuf::MethodDescriptor& method, const Action& action,
                                const google::protobuf::Message& request, const Caller& caller) const;
  absl::Status AuthorizeLater(const google::protobuf::MethodDescriptor& method, const Message& later,
                              const Caller& caller) const;
  // The policy of the VPC endpoint that the call came through, and the caller's.
  absl::Status Ask(const google::protobuf::MethodDescriptor& method, const Caller& caller,
                   const AccessQuestion& question) const;
  // The refusal `verdict` in the words of the method's API; other errors as they are.
  static absl::Status Reported(const google::protobuf::MethodDescriptor& method, const Caller& caller,
                               const AccessQuestion& question, const absl::Status& verdict);
  void Record(const CallRecord& record) const;
  // Everything around `handler`, which gets the whole request. `action` is null for a stream.
  absl::StatusOr<std::unique_ptr<Message>> Serve(
      const google::protobuf::MethodDescriptor& method, const Action* action, const Message& request,
      const Caller& caller,
      absl::FunctionRef<absl::StatusOr<std::unique_ptr<Message>>(const Message& whole)> handler) const;

  const DispatcherParts parts_;
  ResourceFacts facts_;
  absl::flat_hash_map<const google::protobuf::MethodDescriptor*, std::unique_ptr<Action>> actions_;
};

}  // namespace brume::gateway
