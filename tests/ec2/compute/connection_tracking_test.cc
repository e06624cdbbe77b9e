// How long idle connections of interfaces are tracked, as the API takes and shows it.
#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/instance.pb.h"
#include "brume/ec2/v1/launch_template.pb.h"
#include "brume/ec2/v1/network_interface.pb.h"
#include "lib/ec2/network/tables/network_table.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

std::string FirstSubnet(ApiWorld& world) {
  return Value(world.database->ReadFor([](store::Connection& c) -> absl::StatusOr<std::string> {
    ASSIGN_OR_RETURN(const std::vector<Subnet> subnets, network::NetworkTable(c).ListSubnets(std::nullopt));
    return subnets.front().id.text();
  }));
}

std::string Made(ApiWorld& world, const std::string& more) {
  const auto made = Value(world.CallText("CreateNetworkInterface", "subnet_id: '" + FirstSubnet(world) + "' " + more));
  return static_cast<const ec2::v1::CreateNetworkInterfaceResponse&>(*made).network_interface().network_interface_id();
}

ec2::v1::NetworkInterface Shown(ApiWorld& world, const std::string& id) {
  ec2::v1::DescribeNetworkInterfacesRequest request;
  request.add_network_interface_ids(id);
  return Value(world.Call<ec2::v1::DescribeNetworkInterfacesResponse>(request)).network_interfaces(0);
}

std::string Code(ApiWorld& world, const std::string& action, const std::string& text) {
  return ec2::ErrorCode(world.CallText(action, text).status());
}

}  // namespace

TEST_CASE("idle timeouts of an interface are said when it is made, launched or in use", "[api]") {
  ApiWorld world;
  const auto tracking = [](const auto& shown) {
    const auto& times = shown.connection_tracking_configuration();
    return absl::StrCat(times.tcp_established_timeout(), " ", times.udp_stream_timeout(), " ", times.udp_timeout());
  };
  CHECK_FALSE(Shown(world, Made(world, "")).has_connection_tracking_configuration());
  const std::string made = Made(world,
                                "connection_tracking_specification { tcp_established_timeout: 60 udp_stream_timeout: "
                                "60 udp_timeout: 30 }");
  CHECK(tracking(Shown(world, made)) == "60 60 30");
  const std::string id = "network_interface_id: '" + made + "' ";
  // What is not given stays.
  Value(world.CallText("ModifyNetworkInterfaceAttribute",
                       id + "connection_tracking_specification { tcp_established_timeout: 432000 }"));
  CHECK(tracking(Shown(world, made)) == "432000 60 30");
  CHECK(Code(world, "ModifyNetworkInterfaceAttribute", id + "connection_tracking_specification { }") ==
        "MissingParameter");
  CHECK(Code(world, "ModifyNetworkInterfaceAttribute",
             id + "description { value: 'x' } connection_tracking_specification { udp_timeout: 31 }") ==
        "InvalidParameterCombination");

  const std::string interfaces =
      "network_interfaces { device_index: 0 connection_tracking_specification { udp_timeout: 60 } } "
      "network_interfaces { device_index: 1 connection_tracking_specification { tcp_established_timeout: 61 } }";
  Value(world.CallText("CreateLaunchTemplate",
                       "launch_template_name: 'timed' launch_template_data { " + interfaces + " }"));
  ec2::v1::RunInstancesRequest request;
  request.set_image_id(world.image.text());
  request.set_instance_type("t3.small");
  request.set_min_count(1);
  request.set_max_count(1);
  request.mutable_launch_template()->set_launch_template_name("timed");
  const ec2::v1::Instance launched = Value(world.Call<ec2::v1::RunInstancesResponse>(request)).instances(0);
  REQUIRE(launched.network_interfaces_size() == 2);
  CHECK(tracking(launched.network_interfaces(0)) == "0 0 60");
  CHECK(tracking(launched.network_interfaces(1)) == "61 0 0");
  ec2::v1::DescribeLaunchTemplateVersionsRequest versions;
  versions.set_launch_template_name("timed");
  const auto kept = Value(world.Call<ec2::v1::DescribeLaunchTemplateVersionsResponse>(versions));
  CHECK(kept.launch_template_versions(0)
            .launch_template_data()
            .network_interfaces(1)
            .connection_tracking_specification()
            .tcp_established_timeout() == 61);
}

}  // namespace brume
