// grpc_bench SOCKET IMAGE COUNT: COUNT RunInstances calls of one instance each, one after the other on one connection.
// Prints a line for each: the monotonic clock's microseconds at the call, microseconds until its answer, the instance's
// id. The CLI's own start would be most of what is measured there.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "brume/ec2/v1/instance.pb.h"

namespace {

using Clock = std::chrono::steady_clock;

long Microseconds(Clock::duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

grpc::Status Call(grpc::GenericStub& stub, const std::string& method, const google::protobuf::Message& request,
                  google::protobuf::Message& response) {
  const std::string bytes = request.SerializeAsString();
  const grpc::Slice slice(bytes);
  const grpc::ByteBuffer sent(&slice, 1);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  auto call = stub.PrepareUnaryCall(&context, method, sent, &queue);
  call->StartCall();
  grpc::ByteBuffer received;
  grpc::Status status;
  call->Finish(&received, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  if (!status.ok()) return status;
  grpc::Slice answer;
  if (!received.DumpToSingleSlice(&answer).ok() || !response.ParseFromArray(answer.begin(), answer.size())) {
    return grpc::Status(grpc::StatusCode::INTERNAL, "the answer cannot be parsed");
  }
  return grpc::Status::OK;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: grpc_bench SOCKET IMAGE COUNT\n");
    return 2;
  }
  const auto channel = grpc::CreateChannel(std::string("unix:") + argv[1], grpc::InsecureChannelCredentials());
  if (!channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10))) {
    fprintf(stderr, "grpc_bench: nobody answers at %s\n", argv[1]);
    return 1;
  }
  grpc::GenericStub stub(channel);
  brume::ec2::v1::RunInstancesRequest request;
  request.set_image_id(argv[2]);
  request.set_min_count(1);
  request.set_max_count(1);
  for (int i = 0; i < atoi(argv[3]); ++i) {
    brume::ec2::v1::RunInstancesResponse response;
    const Clock::time_point start = Clock::now();
    const grpc::Status status = Call(stub, "/brume.ec2.v1.Instances/RunInstances", request, response);
    const Clock::duration took = Clock::now() - start;
    if (!status.ok()) {
      fprintf(stderr, "grpc_bench: %s\n", status.error_message().c_str());
      return 1;
    }
    printf("%ld %ld %s\n", Microseconds(start.time_since_epoch()), Microseconds(took),
           response.instances(0).instance_id().c_str());
    fflush(stdout);
  }
  return 0;
}
