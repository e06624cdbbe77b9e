// call_storm SOCKET IMAGE THREADS ROUNDS: that many threads, each on a connection of its own, launch, tag, describe and
// terminate instances of a simulating brumed at once. Each must find its own calls obeyed, whatever the others do.
// Prints how many calls were made; ends with 1 at the first call that is refused or answered wrongly.
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "brume/ec2/v1/instance.pb.h"
#include "brume/ec2/v1/tag.pb.h"
#include "tests/support/grpc_client.h"

namespace brume {
namespace {

constexpr int kInstancesOfALaunch = 2;

// One thread's calls. Stops at the first problem, which it keeps.
class Client {
 public:
  Client(const std::string& socket, std::string image, std::string name)
      : channel_(ConnectTo("unix:" + socket)), image_(std::move(image)), name_(std::move(name)) {}

  void Run(int rounds) {
    for (int round = 0; round < rounds && problem_.empty(); ++round) Round();
  }
  const std::string& problem() const { return problem_; }
  int calls() const { return calls_; }

 private:
  void Round() {
    ec2::v1::RunInstancesRequest launch;
    launch.set_image_id(image_);
    launch.set_min_count(kInstancesOfALaunch);
    launch.set_max_count(kInstancesOfALaunch);
    ec2::v1::RunInstancesResponse launched;
    if (!Call("Instances/RunInstances", launch, launched)) return;
    std::set<std::string> ids;
    for (const ec2::v1::Instance& instance : launched.instances()) ids.insert(instance.instance_id());
    if (ids.size() != kInstancesOfALaunch) return Fail("launched " + std::to_string(ids.size()));

    ec2::v1::CreateTagsRequest tag;
    tag.mutable_resources()->Add(ids.begin(), ids.end());
    ec2::v1::Tag* owner = tag.add_tags();
    owner->set_key("Owner");
    owner->set_value(name_);
    ec2::v1::CreateTagsResponse tagged;
    if (!Call("Tags/CreateTags", tag, tagged)) return;

    ec2::v1::DescribeInstancesRequest describe;
    describe.mutable_instance_ids()->Add(ids.begin(), ids.end());
    ec2::v1::DescribeInstancesResponse described;
    if (!Call("Instances/DescribeInstances", describe, described)) return;
    if (OwnedIn(described) != ids) return Fail("does not find its own instances with their tag");
    // Everybody's, while they come and go.
    if (!Call("Instances/DescribeInstances", ec2::v1::DescribeInstancesRequest(), described)) return;

    ec2::v1::TerminateInstancesRequest terminate;
    terminate.mutable_instance_ids()->Add(ids.begin(), ids.end());
    ec2::v1::TerminateInstancesResponse terminated;
    if (!Call("Instances/TerminateInstances", terminate, terminated)) return;
    if (terminated.terminating_instances_size() != kInstancesOfALaunch) return Fail("does not terminate all it named");
  }

  std::set<std::string> OwnedIn(const ec2::v1::DescribeInstancesResponse& response) const {
    std::set<std::string> ids;
    for (const ec2::v1::Reservation& reservation : response.reservations()) {
      for (const ec2::v1::Instance& instance : reservation.instances()) {
        for (const ec2::v1::Tag& tag : instance.tags()) {
          if (tag.key() == "Owner" && tag.value() == name_) ids.insert(instance.instance_id());
        }
      }
    }
    return ids;
  }

  bool Call(const std::string& method, const google::protobuf::Message& request, google::protobuf::Message& response) {
    ++calls_;
    const GrpcAnswer answer = GrpcCall(channel_, "/brume.ec2.v1." + method, request.SerializeAsString()).Wait();
    if (!answer.status.ok()) {
      Fail(method + ": " + answer.status.error_message());
    } else if (!response.ParseFromString(answer.bytes)) {
      Fail(method + ": the answer cannot be parsed");
    }
    return problem_.empty();
  }
  void Fail(const std::string& problem) { problem_ = name_ + " " + problem; }

  const std::shared_ptr<grpc::Channel> channel_;
  const std::string image_;
  const std::string name_;
  std::string problem_;
  int calls_ = 0;
};

int Storm(const std::string& socket, const std::string& image, int threads, int rounds) {
  std::vector<Client> clients;
  for (int i = 0; i < threads; ++i) clients.emplace_back(socket, image, "client-" + std::to_string(i));
  std::vector<std::thread> running;
  for (Client& client : clients) running.emplace_back([&client, rounds] { client.Run(rounds); });
  for (std::thread& thread : running) thread.join();
  int calls = 0;
  int result = 0;
  for (const Client& client : clients) {
    calls += client.calls();
    if (client.problem().empty()) continue;
    fprintf(stderr, "call_storm: %s\n", client.problem().c_str());
    result = 1;
  }
  printf("%d\n", calls);
  return result;
}

}  // namespace
}  // namespace brume

int main(int argc, char** argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: call_storm SOCKET IMAGE THREADS ROUNDS\n");
    return 2;
  }
  return brume::Storm(argv[1], argv[2], atoi(argv[3]), atoi(argv[4]));
}
