// A gRPC client for tests: any rpc by its path, with bytes both ways.
#pragma once

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace brume {

inline grpc::ByteBuffer BytesOf(const std::string& text) {
  const grpc::Slice slice(text);
  return grpc::ByteBuffer(&slice, 1);
}
inline std::string TextOf(const grpc::ByteBuffer& bytes) {
  std::vector<grpc::Slice> slices;
  std::string text;
  if (bytes.Valid() && bytes.Dump(&slices).ok()) {
    for (const grpc::Slice& slice : slices) text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return text;
}

struct GrpcAnswer {
  grpc::Status status;
  std::string bytes;
  std::multimap<std::string, std::string> trailers;

  // The ErrorInfo of an error's details; empty when it has none.
  google::rpc::ErrorInfo Info() const {
    google::rpc::Status details;
    google::rpc::ErrorInfo info;
    if (details.ParseFromString(status.error_details()) && details.details_size() == 1) {
      details.details(0).UnpackTo(&info);
    }
    return info;
  }
  std::string Trailer(const std::string& name) const {
    const auto found = trailers.find(name);
    return found == trailers.end() ? "" : found->second;
  }
};

inline GrpcAnswer AnswerOf(const grpc::ClientContext& context, grpc::Status status, const grpc::ByteBuffer& bytes) {
  GrpcAnswer answer{std::move(status), TextOf(bytes), {}};
  for (const auto& [key, value] : context.GetServerTrailingMetadata()) {
    answer.trailers.emplace(std::string(key.data(), key.size()), std::string(value.data(), value.size()));
  }
  return answer;
}

// A unary call under way.
class GrpcCall {
 public:
  GrpcCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& path, const std::string& request)
      : stub_(channel), request_(BytesOf(request)) {
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    reader_ = stub_.PrepareUnaryCall(&context_, path, request_, &queue_);
    reader_->StartCall();
    reader_->Finish(&response_, &status_, this);
  }
  void Cancel() { context_.TryCancel(); }
  GrpcAnswer Wait() {
    void* tag = nullptr;
    bool ok = false;
    // No assertions here: tests call from several threads, and Catch's are for one.
    if (!queue_.Next(&tag, &ok)) return {grpc::Status(grpc::StatusCode::UNKNOWN, "the queue has ended"), "", {}};
    return AnswerOf(context_, status_, response_);
  }

 private:
  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  grpc::ByteBuffer request_, response_;
  grpc::Status status_;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader_;
};

// A stream; each operation waits for its end.
class GrpcStream {
 public:
  GrpcStream(const std::shared_ptr<grpc::Channel>& channel, const std::string& path) : stub_(channel) {
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    stream_ = stub_.PrepareCall(&context_, path, &queue_);
    stream_->StartCall(this);
    Wait();
  }
  bool Write(const std::string& bytes) {
    const grpc::ByteBuffer buffer = BytesOf(bytes);
    stream_->Write(buffer, this);
    return Wait();
  }
  // False at the end.
  bool Read(std::string* bytes) {
    grpc::ByteBuffer buffer;
    stream_->Read(&buffer, this);
    const bool ok = Wait();
    *bytes = TextOf(buffer);
    return ok;
  }
  void WritesDone() {
    stream_->WritesDone(this);
    Wait();
  }
  void Cancel() { context_.TryCancel(); }
  GrpcAnswer Finish() {
    grpc::Status status;
    stream_->Finish(&status, this);
    Wait();
    return AnswerOf(context_, status, grpc::ByteBuffer());
  }

 private:
  bool Wait() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
};

inline std::shared_ptr<grpc::Channel> ConnectTo(const std::string& target,
                                                std::shared_ptr<grpc::ChannelCredentials> credentials = nullptr) {
  if (!credentials) credentials = grpc::InsecureChannelCredentials();
  // Channels of one target share connections unless told otherwise; a test wants its own.
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetMaxReceiveMessageSize(-1);
  return grpc::CreateCustomChannel(target, credentials, arguments);
}

}  // namespace brume
