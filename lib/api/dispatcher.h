// The one way in: authenticate ▸ authorize ▸ validate ▸ call ▸ log, for every front end and every action.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "lib/domain/caller.h"

namespace brume::api {

// Not thread-safe while handlers are added; thread-safe afterwards.
class Dispatcher {
 public:
  using Message = google::protobuf::Message;
  using Handler = std::function<absl::StatusOr<std::unique_ptr<Message>>(const Message& request, const Caller& caller)>;

  // Adds the handler of the rpc `name` ("RunInstances") of `service` ("brume.v1.Instances"). The rpc must be in the
  // schema with these types; anything else is a mistake in the program and ends it at start.
  template <typename Request, typename Response>
  void Handle(absl::string_view service, absl::string_view name,
              std::function<absl::StatusOr<Response>(const Request&, const Caller&)> function) {
    Add(service, name, Request::descriptor(), Response::descriptor(),
        [function = std::move(function)](const Message& request,
                                         const Caller& caller) -> absl::StatusOr<std::unique_ptr<Message>> {
          absl::StatusOr<Response> response = function(static_cast<const Request&>(request), caller);
          if (!response.ok()) return std::move(response).status();
          return std::make_unique<Response>(*std::move(response));
        });
  }

  // FailedPrecondition naming every rpc of the schema that has no handler: the schema promises only what is served.
  absl::Status CheckComplete() const;

  // Null when the schema has no such rpc.
  const google::protobuf::MethodDescriptor* FindMethod(absl::string_view service, absl::string_view name) const;

  // Runs one call on the calling thread. `request` is of the method's input type. Errors carry EC2's code
  // (ec2::ErrorCode); an internal error's details go to the log under the request id, not to the caller.
  absl::StatusOr<std::unique_ptr<Message>> Call(const google::protobuf::MethodDescriptor& method,
                                                const Message& request, const Caller& caller) const;

 private:
  void Add(absl::string_view service, absl::string_view name, const google::protobuf::Descriptor* request,
           const google::protobuf::Descriptor* response, Handler handler);

  absl::flat_hash_map<const google::protobuf::MethodDescriptor*, Handler> handlers_;
};

}  // namespace brume::api
