// What a launch says beside its machine: what is shown can be sent back, what cannot be done is refused.
#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/image.pb.h"
#include "brume/ec2/v1/instance.pb.h"
#include "brume/ec2/v1/instance_options.pb.h"
#include "brume/ec2/v1/launch_template.pb.h"
#include "brume/ec2/v1/network_interface.pb.h"
#include "brume/ec2/v1/snapshot.pb.h"
#include "brume/ec2/v1/volume.pb.h"
#include "google/protobuf/util/message_differencer.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

using ec2::v1::DescribeInstancesRequest;
using ec2::v1::DescribeInstancesResponse;
using ec2::v1::RunInstancesRequest;
using ec2::v1::RunInstancesResponse;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::util::MessageDifferencer;

// Sets each field of `to` that `from` has by the same name and type, as a caller sends back what was shown.
void CopyByName(const Message& from, Message& to) {
  const auto& reads = *from.GetReflection();
  const auto& writes = *to.GetReflection();
  for (int i = 0; i < to.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *to.GetDescriptor()->field(i);
    const FieldDescriptor* const same = from.GetDescriptor()->FindFieldByName(field.name());
    if (same == nullptr || same->cpp_type() != field.cpp_type() || same->is_repeated() != field.is_repeated()) continue;
    if (field.is_repeated() || !reads.HasField(from, same)) continue;
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        CopyByName(reads.GetMessage(from, same), *writes.MutableMessage(&to, &field));
        break;
      case FieldDescriptor::CPPTYPE_STRING:
        writes.SetString(&to, &field, reads.GetString(from, same));
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        writes.SetBool(&to, &field, reads.GetBool(from, same));
        break;
      case FieldDescriptor::CPPTYPE_INT32:
        writes.SetInt32(&to, &field, reads.GetInt32(from, same));
        break;
      default:
        FAIL("a field of a type that no option has: " << field.full_name());
    }
  }
}

ec2::v1::Instance Shown(ApiWorld& world, const std::string& id) {
  DescribeInstancesRequest request;
  request.add_instance_ids(id);
  const auto answer = Value(world.Call<DescribeInstancesResponse>(request));
  return answer.reservations(0).instances(0);
}

// The launch that asks for what `shown` is, but for what is its own: addresses and the client token.
RunInstancesRequest LaunchLike(const ec2::v1::Instance& shown) {
  RunInstancesRequest request;
  CopyByName(shown, request);
  request.set_min_count(1);
  request.set_max_count(1);
  for (const char* own : {"client_token", "private_ip_address", "subnet_id", "iam_instance_profile"}) {
    request.GetReflection()->ClearField(&request, request.GetDescriptor()->FindFieldByName(own));
  }
  request.mutable_monitoring()->set_enabled(shown.monitoring().state() == "enabled");
  for (const ec2::v1::InstanceNetworkInterface& eni : shown.network_interfaces()) {
    ec2::v1::InstanceNetworkInterfaceSpecification& wanted = *request.add_network_interfaces();
    CopyByName(eni, wanted);
    CopyByName(eni.attachment(), wanted);
    wanted.clear_private_ip_address();
    wanted.clear_private_ip_addresses();
    wanted.clear_network_interface_id();
    for (const ec2::v1::GroupIdentifier& group : eni.groups()) wanted.add_groups(group.group_id());
  }
  return request;
}

std::string RunText(const std::string& more) {
  return absl::StrCat("min_count: 1 max_count: 1 instance_type: 't3.micro' ", more);
}

std::string Launch(ApiWorld& world, const std::string& more) {
  const auto answer =
      Value(world.CallText("RunInstances", RunText(absl::StrCat("image_id: '", world.image.text(), "' ", more))));
  return static_cast<const RunInstancesResponse&>(*answer).instances(0).instance_id();
}

// Every option with a value that is not its default.
constexpr char kNoDefaults[] =
    "ebs_optimized: true credit_specification { cpu_credits: 'standard' } monitoring { enabled: true } "
    "metadata_options { http_tokens: 'optional' http_put_response_hop_limit: 7 instance_metadata_tags: 'enabled' "
    "http_protocol_ipv6: 'enabled' } capacity_reservation_specification { capacity_reservation_preference: 'none' } "
    "private_dns_name_options { hostname_type: 'resource-name' enable_resource_name_dns_a_record: true "
    "enable_resource_name_dns_aaaa_record: true } maintenance_options { auto_recovery: 'disabled' }";

// Each is refused with its code.
struct Refused {
  const char* code;
  const char* option;
  const char* type = "t3.micro";
};
constexpr Refused kRefused[] = {
    {"UnsupportedHibernationConfiguration", "hibernation_options { configured: true }"},
    {"UnsupportedOperation", "enclave_options { enabled: true }"},
    {"UnsupportedOperation",
     "capacity_reservation_specification { capacity_reservation_preference: 'capacity-reservations-only' }"},
    {"UnsupportedOperation",
     "capacity_reservation_specification { capacity_reservation_target { capacity_reservation_resource_group_arn: 'x' "
     "} }"},
    {"InvalidCapacityReservationId.NotFound",
     "capacity_reservation_specification { capacity_reservation_target { capacity_reservation_id: 'cr-1' } }"},
    {"InvalidParameterValue", "capacity_reservation_specification { capacity_reservation_preference: 'mine' }"},
    {"InvalidParameterCombination", "cpu_options { core_count: 4 }"},
    {"InvalidParameterCombination", "cpu_options { core_count: 1 threads_per_core: 2 }"},
    {"InvalidParameterCombination", "credit_specification { cpu_credits: 'standard' }", "m5.large"},
    {"UnsupportedOperation", "network_interfaces { interface_type: 'efa' }"},
    {"InvalidParameterCombination",
     "block_device_mappings { device_name: '/dev/vda' ebs { volume_type: 'gp2' iops: 3000 } }"},
    {"InvalidParameterCombination",
     "block_device_mappings { device_name: '/dev/vda' ebs { volume_type: 'io1' iops: 100 throughput: 125 } }"},
    {"MissingParameter", "block_device_mappings { device_name: '/dev/vda' ebs { volume_type: 'io2' } }"},
    {"InvalidParameterValue", "block_device_mappings { device_name: '/dev/vda' ebs { iops: 2999 } }"},
    {"InvalidParameterValue", "block_device_mappings { device_name: '/dev/vda' ebs { throughput: 124 } }"},
    {"InvalidSnapshot.NotFound",
     "block_device_mappings { device_name: '/dev/vda' ebs { snapshot_id: 'snap-00000000000000000' } }"},
};

}  // namespace

TEST_CASE("what DescribeInstances shows of an instance can be sent back at launch", "[api]") {
  ApiWorld world;
  for (const char* options : {"", kNoDefaults}) {
    INFO(options);
    const ec2::v1::Instance shown = Shown(world, Launch(world, options));
    const RunInstancesRequest request = LaunchLike(shown);
    // Nothing that the launch has a parameter for is left out of what is shown.
    for (const char* name :
         {"cpu_options", "capacity_reservation_specification", "hibernation_options", "enclave_options",
          "private_dns_name_options", "maintenance_options", "metadata_options", "ebs_optimized", "placement"}) {
      INFO(name);
      CHECK(request.GetReflection()->HasField(request, request.GetDescriptor()->FindFieldByName(name)));
    }
    const auto answer = Value(world.Call<RunInstancesResponse>(request));
    const ec2::v1::Instance again = Shown(world, answer.instances(0).instance_id());
    RunInstancesRequest same = LaunchLike(again);
    INFO(request.DebugString() << same.DebugString());
    CHECK(MessageDifferencer::Equals(request, same));
  }
}

TEST_CASE("an instance shows the options it was launched with, and EC2's defaults without", "[api]") {
  ApiWorld world;
  const ec2::v1::Instance plain = Shown(world, Launch(world, ""));
  CHECK_FALSE(plain.ebs_optimized());
  CHECK(plain.capacity_reservation_specification().capacity_reservation_preference() == "open");
  CHECK(plain.maintenance_options().auto_recovery() == "default");
  CHECK(plain.private_dns_name_options().hostname_type() == "ip-name");
  CHECK_FALSE(plain.private_dns_name_options().enable_resource_name_dns_a_record());
  CHECK(plain.private_dns_name_options().has_enable_resource_name_dns_aaaa_record());
  CHECK(plain.boot_mode() == "legacy-bios");
  CHECK(plain.current_instance_boot_mode() == "legacy-bios");
  CHECK(plain.placement().availability_zone_id() == "use1-az1");
  CHECK_FALSE(plain.hibernation_options().configured());
  CHECK_FALSE(plain.enclave_options().enabled());

  const ec2::v1::Instance other = Shown(world, Launch(world, kNoDefaults));
  CHECK(other.ebs_optimized());
  CHECK(other.capacity_reservation_specification().capacity_reservation_preference() == "none");
  CHECK(other.maintenance_options().auto_recovery() == "disabled");
  CHECK(other.private_dns_name_options().hostname_type() == "resource-name");
  CHECK(other.private_dns_name_options().enable_resource_name_dns_a_record());
  CHECK(other.private_dns_name() == other.instance_id() + ".ec2.internal");
  CHECK(other.network_interfaces(0).private_dns_name() == other.private_dns_name());
}

TEST_CASE("a launch template keeps every option, and an instance launched from it has them", "[api]") {
  ApiWorld world;
  const auto created = world.CallText(
      "CreateLaunchTemplate", absl::StrCat("launch_template_name: 'options' launch_template_data { image_id: '",
                                           world.image.text(), "' instance_type: 't3.micro' ", kNoDefaults, " }"));
  REQUIRE(created.ok());
  const auto versions = Value(world.CallText("DescribeLaunchTemplateVersions", "launch_template_name: 'options'"));
  const auto& data = static_cast<const ec2::v1::DescribeLaunchTemplateVersionsResponse&>(*versions)
                         .launch_template_versions(0)
                         .launch_template_data();
  CHECK(data.private_dns_name_options().hostname_type() == "resource-name");
  CHECK(data.maintenance_options().auto_recovery() == "disabled");
  CHECK(data.metadata_options().http_protocol_ipv6() == "enabled");
  CHECK_FALSE(data.has_hibernation_options());

  const auto run = Value(
      world.CallText("RunInstances", "min_count: 1 max_count: 1 launch_template { launch_template_name: 'options' }"));
  const std::string id = static_cast<const RunInstancesResponse&>(*run).instances(0).instance_id();
  RunInstancesRequest from_template = LaunchLike(Shown(world, id));
  RunInstancesRequest by_hand = LaunchLike(Shown(world, Launch(world, kNoDefaults)));
  INFO(from_template.DebugString() << by_hand.DebugString());
  CHECK(MessageDifferencer::Equals(from_template, by_hand));
}

TEST_CASE("what this host cannot do is refused at launch, and from a launch template too", "[api]") {
  ApiWorld world;
  int number = 0;
  for (const Refused& refused : kRefused) {
    INFO(refused.option);
    const std::string launch =
        absl::StrCat("image_id: '", world.image.text(), "' instance_type: '", refused.type, "' ", refused.option);
    const std::string run = "min_count: 1 max_count: 1 " + launch;
    CHECK(ec2::ErrorCode(world.CallText("RunInstances", run).status()) == refused.code);
    CHECK(ec2::ErrorCode(world.CallText("RunInstances", run + " dry_run: true").status()) == refused.code);
    const std::string name = absl::StrCat("refused-", ++number);
    const auto created =
        world.CallText("CreateLaunchTemplate",
                       absl::StrCat("launch_template_name: '", name, "' launch_template_data { ", launch, " }"));
    REQUIRE(created.ok());
    const auto launched = world.CallText(
        "RunInstances",
        absl::StrCat("min_count: 1 max_count: 1 launch_template { launch_template_name: '", name, "' }"));
    CHECK(ec2::ErrorCode(launched.status()) == refused.code);
  }
  CHECK(world.service->Describe({})->instances.empty());
}

TEST_CASE("what DescribeImages shows of an image's root volume can be sent back at launch", "[api]") {
  ApiWorld world;
  const auto images = Value(world.Call<ec2::v1::DescribeImagesResponse>(ec2::v1::DescribeImagesRequest()));
  const ec2::v1::BlockDeviceMapping& root = images.images(0).block_device_mappings(0);
  CHECK(root.ebs().snapshot_id().size() == images.images(0).image_id().size() + 1);

  RunInstancesRequest request;
  request.set_image_id(world.image.text());
  request.set_instance_type("b1.tiny");
  request.set_min_count(1);
  request.set_max_count(1);
  *request.add_block_device_mappings() = root;
  request.mutable_block_device_mappings(0)->mutable_ebs()->set_iops(3000);
  request.mutable_block_device_mappings(0)->mutable_ebs()->set_throughput(125);
  CHECK(world.Call<RunInstancesResponse>(request).ok());
  request.mutable_block_device_mappings(0)->mutable_ebs()->set_volume_type("io1");
  request.mutable_block_device_mappings(0)->mutable_ebs()->clear_throughput();
  request.mutable_block_device_mappings(0)->mutable_ebs()->set_volume_size(100);
  CHECK(world.Call<RunInstancesResponse>(request).ok());

  const auto answer = Value(world.Call<ec2::v1::DescribeVolumesResponse>(ec2::v1::DescribeVolumesRequest()));
  REQUIRE(answer.volumes_size() == 2);
  for (const ec2::v1::Volume& volume : answer.volumes()) {
    CHECK(volume.iops() == 3000);
    CHECK(volume.snapshot_id() == root.ebs().snapshot_id());
    CHECK(volume.availability_zone_id() == "use1-az1");
    CHECK(volume.has_throughput() == (volume.volume_type() == "gp3"));
  }

  ec2::v1::DescribeSnapshotsRequest snapshots;
  snapshots.add_snapshot_ids(root.ebs().snapshot_id());
  const auto described = Value(world.Call<ec2::v1::DescribeSnapshotsResponse>(snapshots));
  REQUIRE(described.snapshots_size() == 1);
  CHECK(described.snapshots(0).state() == "completed");
  CHECK(described.snapshots(0).volume_size() == root.ebs().volume_size());
  snapshots.add_owner_ids("amazon");
  CHECK(Value(world.Call<ec2::v1::DescribeSnapshotsResponse>(snapshots)).snapshots().empty());
}

TEST_CASE("the options of an instance change by their calls", "[api]") {
  ApiWorld world;
  const std::string id = Launch(world, "");
  const InstanceId instance = InstanceId::FromTrusted(id);
  REQUIRE(world.Reaches(instance, InstanceState::kRunning));
  const std::string on = absl::StrCat("instance_id: '", id, "' ");
  const auto code = [&](const std::string& action, const std::string& rest) {
    return ec2::ErrorCode(world.CallText(action, on + rest).status());
  };

  CHECK(world.CallText("ModifyInstanceMaintenanceOptions", on + "auto_recovery: 'disabled'").ok());
  CHECK(Shown(world, id).maintenance_options().auto_recovery() == "disabled");
  CHECK(world.CallText("ModifyPrivateDnsNameOptions", on + "enable_resource_name_dns_a_record: true").ok());
  CHECK(Shown(world, id).private_dns_name_options().enable_resource_name_dns_a_record());
  CHECK(code("ModifyPrivateDnsNameOptions", "private_dns_hostname_type: 'resource-name'") == "IncorrectInstanceState");
  CHECK(code("ModifyInstanceAttribute", "ebs_optimized { value: true }") == "IncorrectInstanceState");
  CHECK(world.CallText("ModifyInstanceMetadataOptions", on + "http_protocol_ipv6: 'enabled'").ok());
  CHECK(Shown(world, id).metadata_options().http_protocol_ipv6() == "enabled");
  CHECK(world.CallText("ModifyInstanceMetadataOptions", on + "http_protocol_ipv6: 'disabled'").ok());

  REQUIRE(world.service->Stop({&instance, 1}, false).ok());
  REQUIRE(world.Reaches(instance, InstanceState::kStopped));
  CHECK(world.CallText("ModifyPrivateDnsNameOptions", on + "private_dns_hostname_type: 'resource-name'").ok());
  CHECK(world.CallText("ModifyInstanceAttribute", on + "attribute: 'ebsOptimized' value: 'TRUE'").ok());
  const ec2::v1::Instance shown = Shown(world, id);
  CHECK(shown.private_dns_name() == id + ".ec2.internal");
  CHECK(shown.private_dns_name_options().enable_resource_name_dns_a_record());
  CHECK(shown.ebs_optimized());
}

TEST_CASE("a dry run of a launch finds what the launch would find, and launches nothing", "[api]") {
  ApiWorld world;
  const std::string run = absl::StrCat("dry_run: true min_count: 1 max_count: 1 image_id: '", world.image.text(), "' ");
  const auto code = [&](const std::string& rest) {
    return ec2::ErrorCode(world.CallText("RunInstances", run + rest).status());
  };
  CHECK(code("instance_type: 't2.micro' network_interfaces { associate_public_ip_address: true device_index: 0 } "
             "credit_specification { cpu_credits: 'standard' } "
             "private_dns_name_options { hostname_type: 'ip-name' enable_resource_name_dns_a_record: true "
             "enable_resource_name_dns_aaaa_record: false }") == "DryRunOperation");
  CHECK(code("key_name: 'nobody'") == "InvalidKeyPair.NotFound");
  CHECK(code("instance_type: 'z9.huge'") == "InvalidParameterValue");
  CHECK(code("security_group_ids: 'sg-00000000000000000'") == "InvalidGroup.NotFound");
  CHECK(code("instance_type: 'r5.24xlarge'") == "InsufficientInstanceCapacity");
  CHECK(code("iam_instance_profile { name: 'nobody' }") == "InvalidParameterValue");
  CHECK(world.service->Describe({})->instances.empty());
}

}  // namespace brume
