// How a module adds its actions:
//
//   actions.Add(StopInstances, instances);
//
// A handler takes the request, then the caller if it wants to know who that is, then the services it was added with,
// and returns absl::StatusOr<XResponse>, or absl::Status where the answer is nothing but success. Which action it is
// follows from the type of its request: XRequest is the request of one rpc X of the schema. What the call needs beside
// the permission for its own action follows:
//
//   actions.Add(RunInstances, launches)
//       .CompletedBy([&templates](const v1::RunInstancesRequest& request) { return WithTemplate(request, templates); })
//       .PassesRole([&profiles](const v1::RunInstancesRequest& request) { return RoleOf(request, profiles); });
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "lib/base/status_macros.h"
#include "lib/gateway/caller.h"
#include "lib/gateway/dispatcher.h"

namespace brume::gateway {
namespace internal {

template <typename Handler>
struct Signature : Signature<decltype(&Handler::operator())> {};
template <typename R, typename Q, typename... Rest>
struct Signature<R (*)(const Q&, Rest...)> {
  using Result = R;
  using Request = Q;
};
template <typename C, typename R, typename Q, typename... Rest>
struct Signature<R (C::*)(const Q&, Rest...) const> {
  using Result = R;
  using Request = Q;
};

template <typename Result>
struct Answer;
template <>
struct Answer<absl::Status> {
  static const google::protobuf::Descriptor* descriptor() { return nullptr; }
};
template <typename Response>
struct Answer<absl::StatusOr<Response>> {
  static const google::protobuf::Descriptor* descriptor() { return Response::descriptor(); }
};

}  // namespace internal

// What is said of an action beside its handler: Action (lib/gateway/dispatcher.h) says when each is asked, and by whom.
template <typename Request>
class Registered {
 public:
  explicit Registered(Action& action) : action_(action) {}

  // `complete` takes the request and returns absl::StatusOr<std::optional<Request>>, unset where it is whole already.
  template <typename Complete>
  const Registered& CompletedBy(Complete complete) const {
    action_.complete =
        [complete](
            const google::protobuf::Message& message) -> absl::StatusOr<std::unique_ptr<google::protobuf::Message>> {
      absl::StatusOr<std::optional<Request>> whole = complete(static_cast<const Request&>(message));
      if (!whole.ok()) return std::move(whole).status();
      if (!whole->has_value()) return nullptr;
      return std::make_unique<Request>(**std::move(whole));
    };
    return *this;
  }

  // `describe` takes the request and an AccessQuestion&, and returns absl::Status.
  template <typename Describe>
  const Registered& DescribedBy(Describe describe) const {
    action_.describe = [describe](const google::protobuf::Message& message, AccessQuestion& question) {
      return describe(static_cast<const Request&>(message), question);
    };
    return *this;
  }

  // `role` takes the request and returns absl::StatusOr<std::string>: the ARN of a role that instances get, or nothing.
  template <typename Role>
  const Registered& PassesRole(Role role) const {
    return PassesRoles([role](const Request& request) -> absl::StatusOr<std::vector<PassedRole>> {
      ASSIGN_OR_RETURN(std::string arn, role(request));
      if (arn.empty()) return std::vector<PassedRole>();
      return std::vector<PassedRole>{{.arn = std::move(arn), .service = "ec2.amazonaws.com"}};
    });
  }
  // `roles` takes the request and returns absl::StatusOr<std::vector<PassedRole>>.
  template <typename Roles>
  const Registered& PassesRoles(Roles roles) const {
    action_.passed_roles = [roles](const google::protobuf::Message& message) {
      return roles(static_cast<const Request&>(message));
    };
    return *this;
  }

  // `check` takes the request and returns absl::Status.
  template <typename Check>
  const Registered& CheckedBy(Check check) const {
    action_.check = [check](const google::protobuf::Message& message) {
      return check(static_cast<const Request&>(message));
    };
    return *this;
  }

  // `implied` takes the request and returns std::vector<AccessQuestion>.
  template <typename Implied>
  const Registered& Implies(Implied implied) const {
    action_.implied = [implied](const google::protobuf::Message& message) {
      return implied(static_cast<const Request&>(message));
    };
    return *this;
  }

  // `calls` takes the request and returns absl::StatusOr<std::vector<OtherRequest>>. Once for each action that is
  // called later.
  template <typename Calls>
  const Registered& MakesLater(Calls calls) const {
    action_.calls = [calls, others = std::move(action_.calls)](const google::protobuf::Message& message)
        -> absl::StatusOr<std::vector<std::unique_ptr<google::protobuf::Message>>> {
      std::vector<std::unique_ptr<google::protobuf::Message>> later;
      if (others) {
        ASSIGN_OR_RETURN(later, others(message));
      }
      auto made = calls(static_cast<const Request&>(message));
      if (!made.ok()) return std::move(made).status();
      for (auto& call : *made) {
        later.push_back(std::make_unique<typename std::decay_t<decltype(*made)>::value_type>(std::move(call)));
      }
      return later;
    };
    return *this;
  }

 private:
  Action& action_;
};

// Not thread-safe; used while the daemon starts.
class Actions {
 public:
  explicit Actions(Dispatcher& dispatcher) : dispatcher_(dispatcher) {}

  // `services` must outlive the dispatcher. A request that belongs to no rpc, a second handler of one, or an answer of
  // another type is a mistake in the program and ends it.
  template <typename Handler, typename... Services>
  Registered<typename internal::Signature<Handler>::Request> Add(Handler handler, Services&... services) {
    using Signature = internal::Signature<Handler>;
    using Request = typename Signature::Request;
    using Result = typename Signature::Result;
    const google::protobuf::Message& empty =
        dispatcher_.EmptyAnswer(Request::descriptor(), internal::Answer<Result>::descriptor());
    return Registered<Request>(dispatcher_.Add(
        Request::descriptor(),
        [handler, &empty, &services...](const google::protobuf::Message& message, const Caller& caller)
            -> absl::StatusOr<std::unique_ptr<google::protobuf::Message>> {
          const Request& request = static_cast<const Request&>(message);
          Result result = [&] {
            if constexpr (std::is_invocable_v<const Handler&, const Request&, const Caller&, Services&...>) {
              return handler(request, caller, services...);
            } else {
              return handler(request, services...);
            }
          }();
          if constexpr (std::is_same_v<Result, absl::Status>) {
            if (!result.ok()) return result;
            return std::unique_ptr<google::protobuf::Message>(empty.New());
          } else {
            if (!result.ok()) return std::move(result).status();
            return std::make_unique<typename Result::value_type>(*std::move(result));
          }
        }));
  }

  // What policies may ask about resources of the module's kinds.
  ResourceFacts& facts() { return dispatcher_.facts(); }

 private:
  Dispatcher& dispatcher_;
};

}  // namespace brume::gateway
