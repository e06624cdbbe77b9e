// A real gRPC server on a Unix socket, small enough to say in a test what it answers.
#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "brume/host/v1/console.pb.h"
#include "brume/host/v1/event.pb.h"
#include "cli/api_schema.h"
#include "cli/fill.h"
#include "cli/rpc_client.h"
#include "cli/shorthand.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "nlohmann/json.hpp"

namespace brume::cli {

inline const Schema& TheSchema() {
  static const auto* const schema = LoadEmbeddedSchema()->release();
  return *schema;
}

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    char name[] = "/tmp/brume-cli-XXXXXX";
    if (mkdtemp(name) == nullptr) std::abort();
    path = name;
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  std::string path;
};

// The bytes of grpc-status-details-bin for an EC2 code.
inline std::string ErrorDetails(const std::string& code) {
  google::rpc::Status status;
  google::rpc::ErrorInfo info;
  info.set_reason(code);
  info.set_domain("ec2");
  status.set_message("said twice");
  status.add_details()->PackFrom(info);
  return status.SerializeAsString();
}

// An instance, i-1, that is pending at the first three looks and then runs; and an import that is completed then.
// StopInstances is refused.
class UnaryReactor : public grpc::ServerGenericBidiReactor {
 public:
  UnaryReactor(std::string method, std::atomic<int>* polls) : method_(std::move(method)), polls_(polls) {
    StartRead(&request_);
  }
  void OnReadDone(bool) override {
    if (absl::EndsWith(method_, "/DescribeInstances")) {
      const bool settled = ++*polls_ > 3;
      Answer("describe-instances",
             settled
                 ? R"({"Reservations": [{"Instances": [{"InstanceId": "i-1", "State": {"Code": 16, "Name": "running"},
                           "PublicIpAddress": "198.18.0.2"}]}]})"
                 : R"({"Reservations": [{"Instances": [{"InstanceId": "i-1", "State": {"Code": 0, "Name": "pending"}
                           }]}]})");
    } else if (absl::EndsWith(method_, "/RunInstances")) {
      Answer(
          "run-instances",
          R"({"Instances": [{"InstanceId": "i-1", "State": {"Code": 0, "Name": "pending"}}], "ReservationId": "r-1"})");
    } else if (absl::EndsWith(method_, "/ImportImage")) {
      Answer("import-image", R"({"ImportTaskId": "import-ami-1", "Status": "active", "Progress": "0"})");
    } else if (absl::EndsWith(method_, "/DescribeImportImageTasks")) {
      Answer("describe-import-image-tasks",
             ++*polls_ > 3
                 ? R"({"ImportImageTasks": [{"ImportTaskId": "import-ami-1", "Status": "completed", "ImageId": "ami-1",
                       "BootMode": "uefi"}]})"
                 : R"({"ImportImageTasks": [{"ImportTaskId": "import-ami-1", "Status": "active", "Progress": "40",
                       "StatusMessage": "downloading"}]})");
    } else if (absl::EndsWith(method_, "/LookupEvents")) {
      AnswerEvents();
    } else if (absl::EndsWith(method_, "/DescribeScalingActivities")) {
      Answer("describe-scaling-activities", R"({"Activities": [{"ActivityId": "a-1", "AutoScalingGroupName": "web",
             "Description": "Launching a new EC2 instance: i-0123456789abcdef0", "StatusCode": "Successful",
             "StartTime": "2026-01-31T10:00:30.000Z", "Cause": "At 2026-01-31T10:00:29Z capacity was wanted."}]})");
    } else if (absl::EndsWith(method_, "/GetConsoleOutput")) {
      // "before\r\n\x1b]0;title\a"
      Answer("get-console-output", R"({"InstanceId": "i-1", "Output": "YmVmb3JlDQobXTA7dGl0bGUH"})");
    } else if (absl::EndsWith(method_, "/StopInstances")) {
      Finish(grpc::Status(grpc::StatusCode::NOT_FOUND, "The instance ID 'i-1' does not exist",
                          ErrorDetails("InvalidInstanceID.NotFound")));
    } else {
      Finish(grpc::Status(grpc::StatusCode::UNIMPLEMENTED, ""));
    }
  }
  void OnDone() override { delete this; }

 private:
  // Of two calls, one by a user; without a condition on ReadOnly a third, which only reads.
  void AnswerEvents() {
    host::v1::LookupEventsRequest asked;
    grpc::ProtoBufferReader reader(&request_);
    if (!asked.ParseFromZeroCopyStream(&reader)) std::abort();
    host::v1::LookupEventsResponse answer;
    const auto add = [&answer](const char* id, const char* time, const char* who, const char* what, const char* error) {
      host::v1::Event& event = *answer.add_events();
      event.set_request_id(id);
      event.set_event_time(time);
      event.set_username(who);
      event.set_event_name(what);
      event.set_error_code(error);
    };
    bool reads = true;
    for (const auto& attribute : asked.lookup_attributes()) reads = reads && attribute.attribute_key() != "ReadOnly";
    add("1", "2026-01-31T10:01:00.000Z", "arn:aws:iam::000000000000:user/ops/alice", "ec2:StopInstances",
        "DryRunOperation");
    if (reads) add("2", "2026-01-31T10:00:45.000Z", "uid:0", "ec2:DescribeInstances", "OK");
    add("3", "2026-01-31T10:00:00.000Z", "arn:aws:iam::000000000000:root", "iam:CreateUser", "OK");
    const grpc::Slice slice(answer.SerializeAsString());
    response_ = grpc::ByteBuffer(&slice, 1);
    StartWriteAndFinish(&response_, {}, grpc::Status::OK);
  }

  void Answer(const char* action, const char* json) {
    auto answer = TheSchema().NewMessage(TheSchema().FindAction(action)->method->output_type());
    if (!FillMessage(*ParseJson(json), "", answer.get()).ok()) std::abort();
    const grpc::Slice slice(answer->SerializeAsString());
    response_ = grpc::ByteBuffer(&slice, 1);
    StartWriteAndFinish(&response_, {}, grpc::Status::OK);
  }

  const std::string method_;
  std::atomic<int>* const polls_;
  grpc::ByteBuffer request_, response_;
};

// A console that says its instance's id, then repeats what is typed; ends at "bye". "i-none" is not found.
class ConsoleReactor : public grpc::ServerGenericBidiReactor {
 public:
  ConsoleReactor() { StartRead(&request_); }
  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    host::v1::ConsoleInput input;
    grpc::ProtoBufferReader reader(&request_);
    if (!input.ParseFromZeroCopyStream(&reader)) return Finish(grpc::Status(grpc::StatusCode::INTERNAL, "parse"));
    if (input.data() == "bye") return Finish(grpc::Status::OK);
    if (input.instance_id() == "i-none") {
      return Finish(grpc::Status(grpc::StatusCode::NOT_FOUND, "no such", ErrorDetails("InvalidInstanceID.NotFound")));
    }
    host::v1::ConsoleOutput output;
    output.set_data(input.has_instance_id() ? "console of " + input.instance_id() : input.data());
    const grpc::Slice slice(output.SerializeAsString());
    response_ = grpc::ByteBuffer(&slice, 1);
    StartWrite(&response_);
  }
  void OnWriteDone(bool ok) override {
    // Not ok: the client left meanwhile. A call that is not finished would keep the server from ending.
    if (!ok) return Finish(grpc::Status::OK);
    StartRead(&request_);
  }
  void OnDone() override { delete this; }

 private:
  grpc::ByteBuffer request_, response_;
};

class Server {
 public:
  Server() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + socket(), grpc::InsecureServerCredentials());
    builder.RegisterCallbackGenericService(&service_);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) std::abort();
  }
  std::string socket() const { return directory_.path + "/brumed.sock"; }
  std::unique_ptr<Client> NewClient() const { return std::move(*Client::Create({.endpoint = "unix:" + socket()})); }

 private:
  class Service : public grpc::CallbackGenericService {
   public:
    grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
      if (context->method() == "/brume.host.v1.Console/Attach") return new ConsoleReactor();
      return new UnaryReactor(context->method(), &polls_);
    }

   private:
    std::atomic<int> polls_ = 0;
  };

  TemporaryDirectory directory_;
  Service service_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace brume::cli
