#include "lib/frontend/grpc/schema_service.h"

#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/frontend/grpc/grpc_error.h"
#include "lib/resource/ec2_error.h"
#include "lib/schema/schema.h"

namespace brume::frontend {
namespace {

using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using grpc::ByteBuffer;

std::unique_ptr<Message> NewMessage(const google::protobuf::Descriptor* type) {
  return std::unique_ptr<Message>(google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
}

// A call from its bytes to its answer. gRPC keeps context, request and response until Finish; OnDone ends us.
class UnaryCall final : public grpc::ServerUnaryReactor {
 public:
  UnaryCall(const CallParts& parts, const MethodDescriptor& method, grpc::CallbackServerContext& context,
            const ByteBuffer& request, ByteBuffer& response)
      : parts_(parts),
        method_(method),
        context_(context),
        request_(request),
        response_(response),
        caller_(parts.peers.CallerOf(context)) {
    AddTrailers(context, caller_.request_id, parts.simulated);
    if (!parts_.pool.Submit([this] { Run(); })) {
      Finish(ToGrpc(absl::ResourceExhaustedError("Request limit exceeded: too many calls wait; try again later"),
                    caller_.request_id));
    }
  }

  void OnDone() override { delete this; }
  // A call that began is executed whatever its client does; the answer is dropped by gRPC.
  void OnCancel() override {}

 private:
  // Last use of this object.
  void Run() {
    if (context_.IsCancelled()) return Finish(grpc::Status::CANCELLED);
    Finish(ToGrpc(Call(), caller_.request_id));
  }

  absl::Status Call() {
    const std::unique_ptr<Message> request = NewMessage(method_.input_type());
    if (!ParseBytes(request_, *request)) {
      return ec2::Error("InvalidRequest",
                        absl::StrCat("The request is not a valid ", method_.input_type()->full_name()));
    }
    if (const absl::Status known = parts_.peers.Complete(context_, caller_); !known.ok()) {
      return parts_.dispatcher.Refuse(method_, *request, caller_, known);
    }
    absl::StatusOr<std::unique_ptr<Message>> response = parts_.dispatcher.Call(method_, *request, caller_);
    if (!response.ok()) return response.status();
    response_ = ToBytes(**response);
    return absl::OkStatus();
  }

  const CallParts& parts_;
  const MethodDescriptor& method_;
  grpc::CallbackServerContext& context_;
  const ByteBuffer& request_;
  ByteBuffer& response_;
  Caller caller_;
};

}  // namespace

SchemaService::SchemaService(const google::protobuf::ServiceDescriptor& service, const CallParts& parts,
                             StreamStarter start_stream) {
  using grpc::internal::RpcMethod;
  for (int i = 0; i < service.method_count(); ++i) {
    names_.push_back(absl::StrCat("/", service.full_name(), "/", service.method(i)->name()));
  }
  for (int i = 0; i < service.method_count(); ++i) {
    const MethodDescriptor& method = *service.method(i);
    const bool streaming = schema::IsStreaming(method);
    AddMethod(new grpc::internal::RpcServiceMethod(
        names_[i].c_str(), streaming ? RpcMethod::BIDI_STREAMING : RpcMethod::NORMAL_RPC, nullptr));
    if (streaming) {
      MarkMethodRawCallback(i, new grpc::internal::CallbackBidiHandler<ByteBuffer, ByteBuffer>(start_stream));
      continue;
    }
    MarkMethodRawCallback(i, new grpc::internal::CallbackUnaryHandler<ByteBuffer, ByteBuffer>(
                                 [&parts, &method](grpc::CallbackServerContext* context, const ByteBuffer* request,
                                                   ByteBuffer* response) {
                                   return new UnaryCall(parts, method, *context, *request, *response);
                                 }));
  }
}

void AddTrailers(grpc::CallbackServerContext& context, const std::string& request_id, bool simulated) {
  context.AddTrailingMetadata("x-amzn-requestid", request_id);
  if (simulated) context.AddTrailingMetadata("x-brume-simulated", "true");
}

bool ParseBytes(const ByteBuffer& bytes, Message& message) {
  // The reader wants a buffer it may change; the copy shares its slices.
  ByteBuffer copy(bytes);
  if (!copy.Valid()) return message.ParseFromString("");
  grpc::ProtoBufferReader reader(&copy);
  return message.ParseFromZeroCopyStream(&reader);
}

ByteBuffer ToBytes(const Message& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return ByteBuffer(&slice, 1);
}

}  // namespace brume::frontend
