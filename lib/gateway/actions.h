// How a module adds its actions:
//
//   actions.Add(StopInstances, instances);
//   actions.Add(DescribeRegions, settings).…
//
// A handler takes the request, then the caller if it wants to know who that is, then the services it was added with,
// and returns absl::StatusOr<XResponse>, or absl::Status where the answer is nothing but success. Which action it is
// follows from the type of its request: XRequest is the request of one rpc X of the schema.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
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

// Not thread-safe; used while the daemon starts.
class Actions {
 public:
  explicit Actions(Dispatcher& dispatcher) : dispatcher_(dispatcher) {}

  // `services` must outlive the dispatcher. A request that belongs to no rpc, a second handler of one, or an answer of
  // another type is a mistake in the program and ends it.
  template <typename Handler, typename... Services>
  Action& Add(Handler handler, Services&... services) {
    using Signature = internal::Signature<Handler>;
    using Request = typename Signature::Request;
    using Result = typename Signature::Result;
    const google::protobuf::Message& empty =
        dispatcher_.EmptyAnswer(Request::descriptor(), internal::Answer<Result>::descriptor());
    return dispatcher_.Add(
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
        });
  }

 private:
  Dispatcher& dispatcher_;
};

}  // namespace brume::gateway
