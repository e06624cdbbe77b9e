// Instances are filtered before they are rendered: what the filters see is what the answer will show.
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "brume/ec2/v1/instance.pb.h"
#include "lib/ec2/compute/api/instance_filters.h"
#include "lib/ec2/compute/api/instance_render.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

// An empty text in an answer stands for no value.
template <typename Table, typename T>
std::set<std::string> ValuesOf(const Table& table, const std::string& name, const T& thing) {
  std::set<std::string> values;
  table.Find(name)(thing, [&](absl::string_view value) {
    if (!value.empty()) values.emplace(value);
  });
  return values;
}

// That each filter of the action sees the same in `view` as in the `item` rendered of it. How many see anything.
template <typename Table, typename T>
int CheckSame(const google::protobuf::Descriptor& request, const Table& table, const T& view,
              const google::protobuf::Message& item) {
  const gateway::ItemFilterTable& rendered = gateway::ItemFilters(request);
  int filters = 0;
  for (const schema::DeclaredFilters::Filter& filter : gateway::DeclaredFor(request).filters()) {
    INFO(filter.name);
    // Of an interface, though the answer shows it of the instance alone, which keeps it when the interface is gone.
    const bool of_instance = filter.name == "network-interface.availability-zone" ||
                             filter.name == "network-interface.attachment.instance-id";
    if (filter.accessor) continue;
    if (of_instance && ValuesOf(table, "network-interface.network-interface-id", view).empty()) continue;
    const std::set<std::string> values = ValuesOf(table, filter.name, view);
    CHECK(values == ValuesOf(rendered, filter.name, item));
    filters += !values.empty();
  }
  return filters;
}

InstanceId LaunchTagged(ApiWorld& world) {
  compute::RunRequest run = world.Request();
  run.client_token = "once";
  run.instance_tags = {{"Name", "web"}, {"Env", ""}};
  return world.Launch(run);
}

}  // namespace

TEST_CASE("each filter of DescribeInstances sees of an instance what the answer shows", "[api]") {
  ApiWorld world;
  const InstanceId id = LaunchTagged(world);
  const auto& request = *ec2::v1::DescribeInstancesRequest::descriptor();
  const auto table = ec2::InstanceFilters(world.settings);
  const auto check = [&] {
    const compute::InstanceView view = Value(world.service->Get(id));
    const auto reservations = ec2::RenderReservations({&view, 1}, world.settings);
    for (const char* name : {"tag:Name", "tag:Env", "tag:Other", "tag-key", "tag-value"}) {
      CHECK(ValuesOf(table, name, view) == ValuesOf(gateway::ItemFilters(request), name, reservations.at(0)));
    }
    return CheckSame(request, table, view, reservations.at(0));
  };
  CHECK(check() > 60);
  REQUIRE(world.service->Terminate({&id, 1}).ok());
  REQUIRE(world.Reaches(id, InstanceState::kTerminated));
  CHECK(check() > 20);
}

TEST_CASE("each filter of DescribeInstanceStatus sees of an instance what the answer shows", "[api]") {
  ApiWorld world;
  const compute::InstanceView view = Value(world.service->Get(world.Launch()));
  for (const compute::CheckStatus status :
       {compute::CheckStatus::kPassed, compute::CheckStatus::kFailed, compute::CheckStatus::kInitializing,
        compute::CheckStatus::kNotApplicable}) {
    const compute::InstanceStatus both{.system = status, .instance = status};
    CheckSame(*ec2::v1::DescribeInstanceStatusRequest::descriptor(), ec2::StatusFilters(),
              ec2::StatusView{&view, both, "use1-az1"}, ec2::RenderStatus(view, both, world.settings));
  }
}

}  // namespace brume
