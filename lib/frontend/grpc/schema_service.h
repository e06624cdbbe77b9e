// One service of the schema as gRPC serves it: methods by name, requests and answers by reflection.
#pragma once

#include <grpcpp/impl/service_type.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "lib/base/work_pool.h"
#include "lib/frontend/grpc/peers.h"
#include "lib/gateway/dispatcher.h"

namespace brume::frontend {

// What calls need; outlives the server.
struct CallParts {
  const gateway::Dispatcher& dispatcher;
  Peers& peers;
  WorkPool& pool;
  bool simulated = false;
};

class SchemaService final : public grpc::Service {
 public:
  using Bytes = grpc::ByteBuffer;
  // Makes the reactor of one streaming call.
  using StreamStarter = std::function<grpc::ServerBidiReactor<Bytes, Bytes>*(grpc::CallbackServerContext*)>;

  // Unary methods go to the dispatcher, streaming ones (of which the schema has the console's alone) to `start_stream`.
  SchemaService(const google::protobuf::ServiceDescriptor& service, const CallParts& parts, StreamStarter start_stream);

 private:
  // gRPC keeps pointers to these.
  std::vector<std::string> names_;
};

// The trailers each answer has.
void AddTrailers(grpc::CallbackServerContext& context, const std::string& request_id, bool simulated);

// False for bytes that are no such message.
bool ParseBytes(const grpc::ByteBuffer& bytes, google::protobuf::Message& message);
grpc::ByteBuffer ToBytes(const google::protobuf::Message& message);

}  // namespace brume::frontend
