#include "lib/gateway/dispatcher.h"

#include <cstdlib>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "brume/rpc/v1/options.pb.h"
#include "lib/base/log.h"
#include "lib/base/side_effect.h"
#include "lib/base/status_macros.h"
#include "lib/gateway/public_error.h"
#include "lib/gateway/unsaid_needs.h"
#include "lib/gateway/validate.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"
#include "lib/schema/declared_filters.h"
#include "lib/schema/schema.h"

namespace brume::gateway {
namespace {

using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

// A handler whose transaction lost a race changed nothing and may run again.
constexpr int kTries = 5;

absl::StatusOr<std::unique_ptr<Message>> CallHandler(const Dispatcher::Handler& handler, const Message& request,
                                                     const Caller& caller) {
  for (int tried = 1;; ++tried) {
    absl::StatusOr<std::unique_ptr<Message>> response = handler(request, caller);
    if (!absl::IsAborted(response.status()) || ec2::HasErrorCode(response.status()) || tried == kTries) return response;
  }
}

// By the caller's own policies.
bool NeedsNoPermission(const MethodDescriptor& method, const Caller& caller) {
  return caller.administrator || method.options().GetExtension(rpc::v1::needs_no_permission);
}

}  // namespace

Action& Dispatcher::Add(const google::protobuf::Descriptor* request, Handler handler) {
  const MethodDescriptor* method = schema::MethodOf(*request);
  if (method == nullptr || actions_.contains(method)) {
    log::Error("{} is not the request of one rpc without streams, or its rpc has a handler", request->full_name());
    std::abort();
  }
  return *(actions_[method] = std::make_unique<Action>(Action{.handler = std::move(handler)}));
}

const Message& Dispatcher::EmptyAnswer(const google::protobuf::Descriptor* request,
                                       const google::protobuf::Descriptor* answer) const {
  const MethodDescriptor* method = schema::MethodOf(*request);
  if (method == nullptr || (answer != nullptr && method->output_type() != answer)) {
    log::Error("a handler of {} does not answer as the schema says", request->full_name());
    std::abort();
  }
  return *google::protobuf::MessageFactory::generated_factory()->GetPrototype(method->output_type());
}

absl::Status Dispatcher::CheckComplete() const {
  RETURN_IF_ERROR(schema::CheckDeclaredFilters());
  std::vector<std::string> missing;
  for (const auto* service : schema::Services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const MethodDescriptor* method = service->method(i);
      // A stream has no registration to say anything at.
      static const Action& stream = *new Action();
      const Action* registered = &stream;
      if (!schema::IsStreaming(*method)) {
        const auto action = actions_.find(method);
        if (action == actions_.end()) {
          missing.push_back(absl::StrCat("no handler for ", method->full_name()));
          continue;
        }
        registered = action->second.get();
      }
      const std::vector<std::string> unsaid = UnsaidNeeds(*method->input_type(), *registered);
      missing.insert(missing.end(), unsaid.begin(), unsaid.end());
    }
  }
  if (missing.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrJoin(missing, ", "));
}

const MethodDescriptor* Dispatcher::FindMethod(absl::string_view service, absl::string_view name) const {
  const auto* descriptor = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(std::string(service));
  return descriptor == nullptr ? nullptr : descriptor->FindMethodByName(std::string(name));
}

absl::Status Dispatcher::Authorize(const MethodDescriptor& method, const Action* action, const Message& request,
                                   const Caller& caller) const {
  if (caller.vpc_endpoint_id.empty() && NeedsNoPermission(method, caller)) return absl::OkStatus();
  RETURN_IF_ERROR(AuthorizeOne({method, action, request, method}, caller));
  return action == nullptr ? absl::OkStatus() : AuthorizeCallsOf(method, *action, request, caller);
}

absl::Status Dispatcher::AuthorizeCallsOf(const MethodDescriptor& method, const Action& action, const Message& request,
                                          const Caller& caller) const {
  if (!action.calls) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<std::unique_ptr<Message>> later, action.calls(request));
  for (const std::unique_ptr<Message>& each : later) {
    const absl::Status may = AuthorizeLater(method, *each, caller);
    if (may.ok() || absl::IsPermissionDenied(may) || !ec2::HasErrorCode(may)) {
      RETURN_IF_ERROR(may);
      continue;
    }
    // What is wrong with the later call is wrong with what this one names.
    if (schema::Family(*method.service()).aws_query) return ec2::Error("ValidationError", may.message());
    return may;
  }
  return absl::OkStatus();
}

absl::Status Dispatcher::AuthorizeLater(const MethodDescriptor& method, const Message& later,
                                        const Caller& caller) const {
  const MethodDescriptor* of = schema::MethodOf(*later.GetDescriptor());
  const auto action = of == nullptr ? actions_.end() : actions_.find(of);
  if (action == actions_.end()) return absl::InternalError(absl::StrCat(later.GetTypeName(), " is of no action"));
  std::unique_ptr<Message> whole;
  if (action->second->complete) {
    ASSIGN_OR_RETURN(whole, action->second->complete(later));
  }
  const Message& judged = whole != nullptr ? *whole : later;
  RETURN_IF_ERROR(AuthorizeOne({*of, action->second.get(), judged, method}, caller));
  // And what that call has called in turn.
  return AuthorizeCallsOf(method, *action->second, judged, caller);
}

absl::StatusOr<AccessQuestion> Dispatcher::QuestionAbout(const OneCall& call, const Caller& caller,
                                                         absl::Status& described) const {
  AccessQuestion question = QuestionOf(call.method, call.request, caller, parts_.account, absl::Now());
  question.facts = [this](const std::string& arn) { return facts_.Of(arn); };
  if (call.action != nullptr && call.action->describe) described = call.action->describe(call.request, question);
  for (auto& [resource, keys] : question.resource_context) facts_.AddDerived(keys);
  for (std::string& resource : question.resources) {
    ASSIGN_OR_RETURN(resource, facts_.ProperArn(resource));
  }
  return question;
}

absl::Status Dispatcher::AuthorizeOne(const OneCall& call, const Caller& caller) const {
  const auto& [method, action, request, reported_as] = call;
  // Who may not make the call at all is told that, not what is wrong with what it names.
  absl::Status described;
  ASSIGN_OR_RETURN(AccessQuestion question, QuestionAbout(call, caller, described));
  RETURN_IF_ERROR(Ask(reported_as, caller, question));
  RETURN_IF_ERROR(described);
  for (AccessQuestion& tagging : TaggingQuestions(method, question)) {
    tagging.facts = question.facts;
    RETURN_IF_ERROR(Ask(reported_as, caller, tagging));
  }
  if (action == nullptr) return absl::OkStatus();
  if (action->implied) {
    for (AccessQuestion& implied : action->implied(request)) {
      implied.context = question.context;
      implied.facts = question.facts;
      RETURN_IF_ERROR(Ask(reported_as, caller, implied));
    }
  }
  if (!action->passed_roles) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::vector<PassedRole> roles, action->passed_roles(request));
  // On whose behalf the service will act by the role.
  std::vector<std::string> acted_for;
  for (const std::string& resource : question.resources) {
    if (absl::StrContains(resource, ":instance/") || absl::StrContains(resource, ":autoScalingGroup:")) {
      acted_for.push_back(resource);
    }
  }
  if (!acted_for.empty()) question.context["iam:associatedresourcearn"] = std::move(acted_for);
  question.action = "iam:PassRole";
  for (PassedRole& role : roles) {
    question.resources = {std::move(role.arn)};
    question.context["iam:passedtoservice"] = {std::move(role.service)};
    RETURN_IF_ERROR(Ask(reported_as, caller, question));
  }
  return absl::OkStatus();
}

absl::Status Dispatcher::Ask(const MethodDescriptor& method, const Caller& caller,
                             const AccessQuestion& question) const {
  // A VPC endpoint carries the calls of one API: what another one does for them does not come through it.
  const bool carried = absl::StartsWith(question.action, schema::Family(*method.service()).service_name + ":");
  if (!caller.vpc_endpoint_id.empty() && carried) {
    const absl::Status lets =
        parts_.authorize_endpoint
            ? parts_.authorize_endpoint(caller, question)
            : absl::PermissionDeniedError("because nobody knows the VPC endpoint it came through");
    RETURN_IF_ERROR(Reported(method, caller, question, lets));
  }
  if (NeedsNoPermission(method, caller)) return absl::OkStatus();
  absl::Status verdict = absl::PermissionDeniedError("because it is not an administrator");
  if (parts_.authorize) verdict = parts_.authorize(caller, question);
  return Reported(method, caller, question, verdict);
}

absl::Status Dispatcher::Reported(const MethodDescriptor& method, const Caller& caller, const AccessQuestion& question,
                                  const absl::Status& verdict) {
  if (!absl::IsPermissionDenied(verdict) || ec2::HasErrorCode(verdict)) return verdict;
  if (schema::Family(*method.service()).aws_query) {
    return ec2::Error("AccessDenied", absl::StrCat("User: ", caller.principal, " is not authorized to perform: ",
                                                   question.action, " ", verdict.message()));
  }
  return ec2::ErrorAnd(absl::StrCat("User: ", caller.principal, " is not authorized to perform: ", question.action, " ",
                                    verdict.message()),
                       ec2::kUnauthorized);
}

void Dispatcher::Record(const CallRecord& record) const {
  log::Info("action={} principal={} source={} outcome={} duration_ms={:.3f}", record.method.name(),
            record.caller.principal, record.caller.source, record.outcome.ok() ? "OK" : ec2::ErrorCode(record.outcome),
            absl::ToDoubleMilliseconds(record.duration));
  if (parts_.record) parts_.record(record);
}

absl::Status Dispatcher::Refuse(const MethodDescriptor& method, const Message& request, const Caller& caller,
                                const absl::Status& why) const {
  const log::RequestScope scope(caller.request_id);
  const absl::Status outcome = PublicError(why, caller.request_id);
  Record({.method = method,
          .request = request,
          .caller = caller,
          .start = absl::Now(),
          .duration = absl::ZeroDuration(),
          .outcome = outcome,
          .response = nullptr});
  return outcome;
}

absl::StatusOr<std::unique_ptr<Message>> Dispatcher::Serve(
    const MethodDescriptor& method, const Action* action, const Message& request, const Caller& caller,
    absl::FunctionRef<absl::StatusOr<std::unique_ptr<Message>>(const Message& whole)> handler) const {
  const log::RequestScope scope(caller.request_id);
  const FailpointScope failpoints(method.name());
  const absl::Time start = absl::Now();
  if (log::Enabled(log::Level::kDebug)) log::Debug("{} {}", method.name(), ForLog(request));

  const auto checked_call = [&]() -> absl::StatusOr<std::unique_ptr<Message>> {
    if (parts_.admit) RETURN_IF_ERROR(parts_.admit(method, request, caller));
    absl::StatusOr<std::unique_ptr<Message>> completed = nullptr;
    if (action != nullptr && action->complete) completed = action->complete(request);
    const Message& whole = completed.ok() && *completed != nullptr ? **completed : request;
    const absl::Status may = Authorize(method, action, whole, caller);
    // Why it is not whole comes before what it lacks therefore, and after whether the caller may ask.
    if (!absl::IsPermissionDenied(may)) RETURN_IF_ERROR(completed.status());
    RETURN_IF_ERROR(may);
    RETURN_IF_ERROR(Validate(whole));
    if (IsDryRun(request)) {
      if (action != nullptr && action->check) RETURN_IF_ERROR(action->check(whole));
      return ec2::Error(ec2::kDryRun);
    }
    return handler(whole);
  };
  absl::StatusOr<std::unique_ptr<Message>> response = checked_call();
  if (!response.ok()) response = PublicError(response.status(), caller.request_id);
  Record({.method = method,
          .request = request,
          .caller = caller,
          .start = start,
          .duration = absl::Now() - start,
          .outcome = response.status(),
          .response = response.ok() ? response->get() : nullptr});
  return response;
}

absl::StatusOr<std::unique_ptr<Message>> Dispatcher::Call(const MethodDescriptor& method, const Message& request,
                                                          const Caller& caller) const {
  const auto found = actions_.find(&method);
  const Action* const action = found == actions_.end() ? nullptr : found->second.get();
  return Serve(method, action, request, caller, [&](const Message& whole) -> absl::StatusOr<std::unique_ptr<Message>> {
    if (action == nullptr) {
      return ec2::Error("InvalidAction", absl::StrCat("The action ", method.name(), " is not valid for this endpoint"));
    }
    return CallHandler(action->handler, whole, caller);
  });
}

absl::Status Dispatcher::OpenStream(const MethodDescriptor& method, const Message& first, const Caller& caller,
                                    absl::FunctionRef<absl::Status()> open) const {
  return Serve(method, nullptr, first, caller,
               [&](const Message&) -> absl::StatusOr<std::unique_ptr<Message>> {
                 RETURN_IF_ERROR(open());
                 return std::unique_ptr<Message>();
               })
      .status();
}

}  // namespace brume::gateway
