// Options of instances, the VPC and the account, as clients ask for them one by one.
#include <catch2/catch.hpp>
#include <string>

#include "brume/ec2/v1/account.pb.h"
#include "brume/ec2/v1/instance.pb.h"
#include "brume/ec2/v1/instance_options.pb.h"
#include "brume/ec2/v1/vpc.pb.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

constexpr char kNoInstance[] = "i-00000000000000000";

}  // namespace

TEST_CASE("an instance has no password", "[api]") {
  ApiWorld world;
  ec2::v1::GetPasswordDataRequest request;
  request.set_instance_id(world.Launch().text());
  const auto answer = Value(world.Call<ec2::v1::GetPasswordDataResponse>(request));
  CHECK(answer.instance_id() == request.instance_id());
  CHECK(answer.has_password_data());
  CHECK(answer.password_data().empty());
  CHECK(answer.timestamp() == "2027-01-15T08:00:00.000Z");
}

namespace {

InstanceId LaunchType(ApiWorld& world, const std::string& type) {
  compute::RunRequest run = world.Request();
  run.instance_type = type;
  return world.Launch(run);
}

std::string CreditsOf(ApiWorld& world, const InstanceId& id) {
  ec2::v1::DescribeInstanceCreditSpecificationsRequest request;
  request.add_instance_ids(id.text());
  const auto answer = Value(world.Call<ec2::v1::DescribeInstanceCreditSpecificationsResponse>(request));
  REQUIRE(answer.instance_credit_specifications_size() == 1);
  CHECK(answer.instance_credit_specifications(0).instance_id() == id.text());
  return answer.instance_credit_specifications(0).cpu_credits();
}

}  // namespace

TEST_CASE("burst credits of a t2 are standard, of a t3 unlimited, and other types have none", "[api]") {
  ApiWorld world;
  const InstanceId t2 = LaunchType(world, "t2.micro");
  const InstanceId t3 = LaunchType(world, "t3.micro");
  CHECK(CreditsOf(world, t2) == "standard");
  CHECK(CreditsOf(world, t3) == "unlimited");
  ec2::v1::DescribeInstanceCreditSpecificationsRequest request;
  const auto unlimited = Value(world.Call<ec2::v1::DescribeInstanceCreditSpecificationsResponse>(request));
  REQUIRE(unlimited.instance_credit_specifications_size() == 1);
  CHECK(unlimited.instance_credit_specifications(0).instance_id() == t3.text());
  ec2::v1::Filter& other = *request.add_filters();
  other.set_name("instance-id");
  other.add_values(kNoInstance);
  CHECK(Value(world.Call<ec2::v1::DescribeInstanceCreditSpecificationsResponse>(request))
            .instance_credit_specifications()
            .empty());
  request.clear_filters();
  request.add_instance_ids(world.Launch().text());
  CHECK(ec2::ErrorCode(world.Call<ec2::v1::DescribeInstanceCreditSpecificationsResponse>(request).status()) ==
        "InstanceCreditSpecification.NotSupported");
}

TEST_CASE("burst credits are set where the type has any, instance by instance", "[api]") {
  ApiWorld world;
  const InstanceId standard = LaunchType(world, "t3.micro");
  const InstanceId unlimited = LaunchType(world, "t2.micro");
  const InstanceId steady = world.Launch();
  const InstanceId dead = LaunchType(world, "t3.micro");
  REQUIRE(world.service->Terminate({&dead, 1}).ok());
  REQUIRE(world.Reaches(dead, InstanceState::kTerminated));
  ec2::v1::ModifyInstanceCreditSpecificationRequest request;
  const auto add = [&](const std::string& id, const char* credits) {
    auto& item = *request.add_instance_credit_specifications();
    item.set_instance_id(id);
    item.set_cpu_credits(credits);
  };
  add(standard.text(), "standard");
  add(unlimited.text(), "unlimited");
  add(steady.text(), "unlimited");
  add(kNoInstance, "standard");
  add(dead.text(), "standard");
  const auto answer = Value(world.Call<ec2::v1::ModifyInstanceCreditSpecificationResponse>(request));
  REQUIRE(answer.successful_instance_credit_specifications_size() == 2);
  CHECK(answer.successful_instance_credit_specifications(0).instance_id() == standard.text());
  CHECK(CreditsOf(world, standard) == "standard");
  CHECK(CreditsOf(world, unlimited) == "unlimited");
  const auto& refused = answer.unsuccessful_instance_credit_specifications();
  REQUIRE(refused.size() == 3);
  CHECK(refused[0].instance_id() == steady.text());
  CHECK(refused[0].error().code() == "InstanceCreditSpecification.NotSupported");
  CHECK(refused[1].error().code() == "InvalidInstanceID.NotFound");
  CHECK(refused[2].error().code() == "IncorrectInstanceState");
  CHECK(refused[2].error().message().size() > 10);
}

TEST_CASE("each attribute of a VPC is answered alone", "[api]") {
  ApiWorld world;
  ec2::v1::DescribeVpcAttributeRequest request;
  request.set_vpc_id(world.networks.ListVpcs()->front().id.text());
  request.set_attribute("enableDnsSupport");
  auto answer = Value(world.Call<ec2::v1::DescribeVpcAttributeResponse>(request));
  CHECK(answer.vpc_id() == request.vpc_id());
  CHECK(answer.enable_dns_support().value());
  CHECK_FALSE(answer.has_enable_dns_hostnames());
  CHECK_FALSE(answer.has_enable_network_address_usage_metrics());
  request.set_attribute("enableDnsHostnames");
  answer = Value(world.Call<ec2::v1::DescribeVpcAttributeResponse>(request));
  CHECK(answer.enable_dns_hostnames().value());
  CHECK_FALSE(answer.has_enable_dns_support());
  request.set_attribute("enableNetworkAddressUsageMetrics");
  answer = Value(world.Call<ec2::v1::DescribeVpcAttributeResponse>(request));
  CHECK(answer.enable_network_address_usage_metrics().has_value());
  CHECK_FALSE(answer.enable_network_address_usage_metrics().value());
}

TEST_CASE("the account's attributes name its default VPC", "[api]") {
  ApiWorld world;
  ec2::v1::DescribeAccountAttributesRequest request;
  const auto all = Value(world.Call<ec2::v1::DescribeAccountAttributesResponse>(request));
  CHECK(all.account_attributes_size() == 3);
  request.add_attribute_names("default-vpc");
  const auto one = Value(world.Call<ec2::v1::DescribeAccountAttributesResponse>(request));
  REQUIRE(one.account_attributes_size() == 1);
  CHECK(one.account_attributes(0).attribute_name() == "default-vpc");
  CHECK(one.account_attributes(0).attribute_values(0).attribute_value() ==
        world.networks.ListVpcs()->front().id.text());
}

TEST_CASE("an instance shows the options that have one value here as EC2 shows them", "[api]") {
  ApiWorld world;
  const InstanceId id = world.Launch();
  ec2::v1::DescribeInstancesRequest request;
  request.add_instance_ids(id.text());
  const auto answer = Value(world.Call<ec2::v1::DescribeInstancesResponse>(request));
  const ec2::v1::Instance& shown = answer.reservations(0).instances(0);
  CHECK(shown.maintenance_options().reboot_migration() == "default");
  CHECK(shown.network_performance_options().bandwidth_weighting() == "default");
  CHECK(shown.operator_().has_managed());
  CHECK_FALSE(shown.operator_().managed());
  CHECK_FALSE(shown.network_interfaces(0).operator_().managed());
  CHECK(shown.block_device_mappings(0).ebs().has_ebs_card_index());
  const std::string of = "instance_id: '" + id.text() + "' reboot_migration: ";
  const auto kept = static_cast<const ec2::v1::ModifyInstanceMaintenanceOptionsResponse&>(
      *Value(world.CallText("ModifyInstanceMaintenanceOptions", of + "'default'")));
  CHECK(kept.reboot_migration() == "default");
  CHECK(kept.auto_recovery() == "default");
  CHECK(ec2::ErrorCode(world.CallText("ModifyInstanceMaintenanceOptions", of + "'disabled'").status()) ==
        "UnsupportedOperation");
}

TEST_CASE("the status of an instance tells of its volumes too", "[api]") {
  ApiWorld world;
  const InstanceId id = world.Launch();
  ec2::v1::DescribeInstanceStatusRequest request;
  request.add_instance_ids(id.text());
  const auto status = Value(world.Call<ec2::v1::DescribeInstanceStatusResponse>(request)).instance_statuses(0);
  CHECK(status.attached_ebs_status().status() == status.system_status().status());
  REQUIRE(status.attached_ebs_status().details_size() == 1);
  CHECK(status.attached_ebs_status().details(0).name() == "reachability");
  CHECK_FALSE(status.operator_().managed());
}

}  // namespace brume
