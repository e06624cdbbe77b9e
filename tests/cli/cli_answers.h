// A gRPC server that answers as a test says: for each rpc a function from the request to the answer, both as JSON.
#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cli/output_json.h"
#include "lib/base/subprocess.h"
#include "tests/cli/cli_server.h"

namespace brume::cli {

struct Refusal {
  std::string code, message;
};

class AnsweringServer {
 public:
  using Json = nlohmann::ordered_json;
  // Throws a Refusal for an error.
  using Answer = std::function<Json(const Json& request)>;

  AnsweringServer() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + socket(), grpc::InsecureServerCredentials());
    builder.RegisterCallbackGenericService(&service_);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) std::abort();
  }

  std::string socket() const { return directory_.path + "/brumed.sock"; }
  const std::string& directory() const { return directory_.path; }
  std::unique_ptr<Client> NewClient() const { return std::move(*Client::Create({.endpoint = "unix:" + socket()})); }

  // `rpc`: "DescribeInstances". One that has no answer is refused with UnauthorizedOperation.
  void Set(const std::string& rpc, Answer answer) {
    const std::lock_guard lock(mutex_);
    answers_[rpc] = std::move(answer);
  }
  void Set(const std::string& rpc, const std::string& json) {
    Set(rpc, [answer = *ParseJson(json)](const Json&) { return answer; });
  }

  // The calls so far: "DescribeInstances", in their order; and the requests of one rpc.
  std::vector<std::string> calls() {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  std::vector<Json> requests(const std::string& rpc) {
    const std::lock_guard lock(mutex_);
    return requests_[rpc];
  }

  // brume with these arguments, its HOME in the server's directory.
  CommandResult Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"env", "HOME=" + directory_.path, "BRUME_STATE_DIR=" + directory_.path,
                                         BRUME_PROGRAM, "--socket", socket()});
    auto result = RunCommand(arguments);
    if (!result.ok()) std::abort();
    return *std::move(result);
  }

 private:
  struct Reply {
    grpc::ByteBuffer bytes;
    grpc::Status status;
  };

  Reply ReplyTo(const std::string& path, const grpc::ByteBuffer& bytes) {
    const std::lock_guard lock(mutex_);  // a schema is not for several threads at once
    std::string name = path.substr(1);
    name[name.find('/')] = '.';
    const auto* const method = TheSchema().pool().FindMethodByName(name);
    if (method == nullptr) return {{}, grpc::Status(grpc::StatusCode::UNIMPLEMENTED, name)};
    auto request = TheSchema().NewMessage(method->input_type());
    grpc::ByteBuffer copy = bytes;
    grpc::ProtoBufferReader reader(&copy);
    if (!request->ParseFromZeroCopyStream(&reader)) return {{}, grpc::Status(grpc::StatusCode::INTERNAL, "parse")};
    const Json asked = ToJson(*request);
    calls_.push_back(method->name());
    requests_[method->name()].push_back(asked);
    try {
      const auto answer = answers_.find(method->name());
      if (answer == answers_.end()) throw Refusal{"UnauthorizedOperation", method->name() + " is not answered"};
      auto response = TheSchema().NewMessage(method->output_type());
      const absl::Status filled = FillMessage(answer->second(asked), "", response.get());
      if (!filled.ok()) return {{}, grpc::Status(grpc::StatusCode::INTERNAL, std::string(filled.message()))};
      const grpc::Slice slice(response->SerializeAsString());
      return {grpc::ByteBuffer(&slice, 1), grpc::Status::OK};
    } catch (const Refusal& refusal) {
      return {{}, grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, refusal.message, ErrorDetails(refusal.code))};
    }
  }

  class Reactor : public grpc::ServerGenericBidiReactor {
   public:
    Reactor(AnsweringServer* server, std::string path) : server_(server), path_(std::move(path)) {
      StartRead(&request_);
    }
    void OnReadDone(bool ok) override {
      if (!ok) return Finish(grpc::Status::CANCELLED);
      reply_ = server_->ReplyTo(path_, request_);
      if (!reply_.status.ok()) return Finish(reply_.status);
      StartWriteAndFinish(&reply_.bytes, {}, grpc::Status::OK);
    }
    void OnDone() override { delete this; }

   private:
    AnsweringServer* const server_;
    const std::string path_;
    grpc::ByteBuffer request_;
    Reply reply_;
  };

  class Service : public grpc::CallbackGenericService {
   public:
    explicit Service(AnsweringServer* server) : server_(server) {}
    grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
      return new Reactor(server_, context->method());
    }

   private:
    AnsweringServer* const server_;
  };

  TemporaryDirectory directory_;
  std::mutex mutex_;
  std::map<std::string, Answer> answers_;
  std::vector<std::string> calls_;
  std::map<std::string, std::vector<Json>> requests_;
  Service service_{this};
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace brume::cli
