#include <catch2/catch.hpp>
#include <string>

#include "brume/autoscaling/v1/group.pb.h"
#include "brume/ec2/v1/image.pb.h"
#include "brume/ec2/v1/instance.pb.h"
#include "brume/ec2/v1/key_pair.pb.h"
#include "lib/ec2/compute/model/user_data.h"
#include "lib/gateway/dispatcher.h"
#include "lib/gateway/parameters.h"
#include "lib/gateway/validate.h"
#include "lib/resource/ec2_error.h"

namespace brume::gateway {
namespace {

ec2::v1::RunInstancesRequest GoodRun() {
  ec2::v1::RunInstancesRequest request;
  request.set_image_id("ami-0123456789abcdef0");
  request.set_min_count(1);
  request.set_max_count(1);
  return request;
}

}  // namespace

TEST_CASE("a missing parameter is named as EC2 names it", "[api]") {
  ec2::v1::RunInstancesRequest run = GoodRun();
  run.clear_min_count();
  CHECK(Validate(run).message() == "The request must contain the parameter minCount");
  ec2::v1::GetConsoleOutputRequest console;
  console.set_instance_id("");
  CHECK(ec2::ErrorCode(Validate(console)) == "MissingParameter");
  CHECK(ec2::ErrorCode(Validate(ec2::v1::TerminateInstancesRequest())) == "InvalidParameterCombination");
  CHECK(Validate(ec2::v1::TerminateInstancesRequest()).message() == "No instances specified");
  run = GoodRun();
  run.mutable_monitoring();
  CHECK(Validate(run).message() == "The request must contain the parameter monitoring.enabled");
}

TEST_CASE("faults deep inside of a request are found and named by their path", "[api]") {
  ec2::v1::RunInstancesRequest run = GoodRun();
  run.add_network_interfaces()->add_groups("sg-xyz");
  CHECK(ec2::ErrorCode(Validate(run)) == "InvalidGroupId.Malformed");
  run = GoodRun();
  run.add_network_interfaces()->set_device_index(32);
  CHECK(Validate(run).message() ==
        "Value (32) for parameter networkInterface.1.deviceIndex is invalid. It must be between 0 and 31.");
}

TEST_CASE("a parameter of what is not here takes EC2's default and nothing else", "[api]") {
  ec2::v1::RunInstancesRequest run = GoodRun();
  run.add_network_interfaces()->set_associate_carrier_ip_address(false);
  run.mutable_cpu_options()->set_amd_sev_snp("disabled");
  run.mutable_network_interfaces(0)->set_ipv4_prefix_count(0);
  CHECK(Validate(run).ok());
  run.mutable_network_interfaces(0)->set_associate_carrier_ip_address(true);
  CHECK(ec2::ErrorCode(Validate(run)) == "UnsupportedOperation");
  CHECK(Validate(run).message() ==
        "The value (true) for parameter networkInterface.1.associateCarrierIpAddress is not supported. It must be "
        "false.");
  run = GoodRun();
  run.mutable_cpu_options()->set_amd_sev_snp("enabled");
  CHECK(ec2::ErrorCode(Validate(run)) == "UnsupportedOperation");
  run = GoodRun();
  run.add_network_interfaces()->set_ipv4_prefix_count(1);
  CHECK(ec2::ErrorCode(Validate(run)) == "UnsupportedOperation");
}

TEST_CASE("all that is wrong with a request to Auto Scaling has its one code", "[api]") {
  autoscaling::v1::SetDesiredCapacityRequest request;
  CHECK(Validate(request).message() == "The request must contain the parameter AutoScalingGroupName");
  CHECK(ec2::ErrorCode(Validate(request)) == "ValidationError");
  request.set_auto_scaling_group_name("web");
  request.set_desired_capacity(-1);
  CHECK(ec2::ErrorCode(Validate(request)) == "ValidationError");
  request.set_desired_capacity(1);
  CHECK(Validate(request).ok());
}

TEST_CASE("text that is no UTF-8 is refused", "[api]") {
  ec2::v1::RunInstancesRequest run = GoodRun();
  for (const char* bad : {"\xff", "\xc0\xaf", "a\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe2\x82"}) {
    run.set_key_name(bad);
    CHECK(ec2::ErrorCode(Validate(run)) == "InvalidParameterValue");
  }
  run.set_key_name("schlüssel-鍵-🔑");
  CHECK(Validate(run).ok());
}

TEST_CASE("binary fields may hold any bytes", "[api]") {
  ec2::v1::ImportKeyPairRequest request;
  request.set_key_name("k");
  request.set_public_key_material(std::string("\xff\0\x80", 3));
  CHECK(Validate(request).ok());
}

TEST_CASE("an error never repeats a long value in full", "[api]") {
  ec2::v1::RunInstancesRequest run = GoodRun();
  run.set_image_id(std::string(100000, 'x'));
  CHECK(Validate(run).message().size() < 300);
  run = GoodRun();
  run.set_instance_initiated_shutdown_behavior(std::string(100000, 'x'));
  CHECK(Validate(run).message().size() < 300);
}

TEST_CASE("secrets do not reach the log", "[api]") {
  ec2::v1::RunInstancesRequest run = GoodRun();
  run.set_user_data("c2VjcmV0");
  CHECK(ForLog(run).find("c2VjcmV0") == std::string::npos);
  CHECK(ForLog(run).find("ami-0123456789abcdef0") != std::string::npos);
  ec2::v1::ModifyInstanceAttributeRequest modify;
  modify.mutable_user_data()->set_value("hidden");
  modify.set_value("hidden");
  CHECK(ForLog(modify).find("hidden") == std::string::npos);
  ec2::v1::CreateKeyPairResponse response;
  response.set_key_material("-----BEGIN");
  CHECK(ForLog(response).empty());
}

TEST_CASE("the digest of parameters knows all but the token and the dry run", "[api]") {
  const ec2::v1::RunInstancesRequest run = GoodRun();
  ec2::v1::RunInstancesRequest other = run;
  other.set_client_token("again");
  other.set_dry_run(false);
  CHECK(ParametersDigest(run) == ParametersDigest(other));
  other.set_min_count(2);
  CHECK(ParametersDigest(run) != ParametersDigest(other));
  CHECK(ParametersDigest(run).size() == 64);
}

TEST_CASE("user data is decoded, and refused when it is too long or no base64", "[api]") {
  CHECK(DecodeUserData("IyEvYmluL3NoCg==").value() == "#!/bin/sh\n");
  CHECK(DecodeUserData("IyEvYmlu\nL3NoCg==\n").value() == "#!/bin/sh\n");
  CHECK(DecodeUserData("").value().empty());
  CHECK(ec2::ErrorCode(DecodeUserData("#!/bin/sh").status()) == "InvalidUserData.Malformed");
  CHECK(DecodeUserData(std::string(16 * 1024 * 4 / 3 + 3, 'A').substr(0, 21844)).ok());
  CHECK(ec2::ErrorCode(DecodeUserData(std::string(21852, 'A')).status()) == "InvalidParameterValue");
}

TEST_CASE("a dispatcher without handlers says which rpcs it lacks, and no streaming one", "[api]") {
  const absl::Status status = Dispatcher().CheckComplete();
  const std::string message(status.message());
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(message.find("brume.ec2.v1.Instances.RunInstances") != std::string::npos);
  CHECK(message.find("brume.host.v1.Host.DescribeHost") != std::string::npos);
  CHECK(message.find("brume.host.v1.Console.Attach") == std::string::npos);
}

}  // namespace brume::gateway
