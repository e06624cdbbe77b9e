// The API as a client sees it, over the real services: what is asked for is what is shown.
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "brume/ec2/v1/image.pb.h"
#include "brume/ec2/v1/instance.pb.h"
#include "brume/ec2/v1/instance_type.pb.h"
#include "brume/ec2/v1/key_pair.pb.h"
#include "brume/ec2/v1/region.pb.h"
#include "brume/ec2/v1/security_group.pb.h"
#include "brume/ec2/v1/tag.pb.h"
#include "brume/ec2/v1/vpc.pb.h"
#include "brume/host/v1/host.pb.h"
#include "tests/fakes/api_world.h"
#include "tests/support/temp_dir.h"

namespace brume {
namespace {

ec2::v1::RunInstancesRequest RunRequest(const ApiWorld& world, int count = 1) {
  ec2::v1::RunInstancesRequest request;
  request.set_image_id(world.image.text());
  request.set_instance_type("b1.tiny");
  request.set_min_count(count);
  request.set_max_count(count);
  return request;
}

ec2::v1::Instance Describe(ApiWorld& world, const std::string& id) {
  ec2::v1::DescribeInstancesRequest request;
  request.add_instance_ids(id);
  return Value(world.Call<ec2::v1::DescribeInstancesResponse>(request)).reservations(0).instances(0);
}

ec2::v1::Filter& AddFilter(google::protobuf::RepeatedPtrField<ec2::v1::Filter>* filters, const std::string& name,
                           const std::string& value) {
  ec2::v1::Filter& filter = *filters->Add();
  filter.set_name(name);
  filter.add_values(value);
  return filter;
}

}  // namespace

TEST_CASE("an instance is shown as it was asked for", "[api]") {
  ApiWorld world;
  ec2::v1::RunInstancesRequest request = RunRequest(world);
  request.set_user_data(absl::Base64Escape("#!/bin/sh\necho hi\n"));
  request.set_client_token("token-1");
  request.set_instance_initiated_shutdown_behavior("terminate");
  request.mutable_monitoring()->set_enabled(true);
  request.mutable_placement()->set_availability_zone("us-east-1b");
  request.mutable_metadata_options()->set_http_tokens("optional");
  auto* mapping = request.add_block_device_mappings();
  mapping->set_device_name("/dev/vda");
  mapping->mutable_ebs()->set_volume_size(9);
  auto* tags = request.add_tag_specifications();
  tags->set_resource_type("instance");
  tags->add_tags()->set_key("Name");
  tags->mutable_tags(0)->set_value("web");

  const auto answer = Value(world.Call<ec2::v1::RunInstancesResponse>(request));
  REQUIRE(answer.instances_size() == 1);
  CHECK(answer.owner_id() == world.settings.account_id);
  CHECK(answer.instances(0).state().name() == "pending");
  CHECK(answer.instances(0).state().code() == 0);
  CHECK(answer.instances(0).state_reason().code() == "pending");

  const std::string id = answer.instances(0).instance_id();
  REQUIRE(world.Reaches(Value(InstanceId::Parse(id)), InstanceState::kRunning));
  const ec2::v1::Instance shown = Describe(world, id);
  CHECK(shown.state().name() == "running");
  CHECK(shown.state().code() == 16);
  CHECK(shown.image_id() == world.image.text());
  CHECK(shown.instance_type() == "b1.tiny");
  CHECK(shown.placement().availability_zone() == "us-east-1b");
  CHECK(shown.placement().tenancy() == "default");
  CHECK(shown.monitoring().state() == "enabled");
  CHECK(shown.metadata_options().http_tokens() == "optional");
  CHECK(shown.metadata_options().http_put_response_hop_limit() == 1);
  CHECK(shown.client_token() == "token-1");
  CHECK(shown.architecture() == "x86_64");
  CHECK(shown.hypervisor() == "xen");
  CHECK(shown.virtualization_type() == "hvm");
  CHECK(shown.root_device_type() == "ebs");
  REQUIRE(shown.tags_size() == 1);
  CHECK(shown.tags(0).value() == "web");
  REQUIRE(shown.network_interfaces_size() == 1);
  const auto& eni = shown.network_interfaces(0);
  CHECK(shown.private_ip_address() == eni.private_ip_address());
  CHECK(shown.private_dns_name() ==
        absl::StrCat("ip-", absl::StrReplaceAll(eni.private_ip_address(), {{".", "-"}}), ".ec2.internal"));
  CHECK(shown.public_ip_address() == eni.association().public_ip());
  CHECK(absl::StartsWith(shown.public_ip_address(), "198.18."));
  CHECK(eni.attachment().device_index() == 0);
  CHECK(eni.private_ip_addresses(0).primary());
  REQUIRE(shown.security_groups_size() == 1);
  CHECK(shown.security_groups(0).group_name() == "default");
  REQUIRE(shown.block_device_mappings_size() == 1);
  CHECK(shown.block_device_mappings(0).device_name() == "/dev/vda");
  CHECK(shown.block_device_mappings(0).ebs().status() == "attached");
  CHECK(shown.launch_time() == "2027-01-15T08:00:00.000Z");
  CHECK_FALSE(shown.has_key_name());

  ec2::v1::DescribeInstanceAttributeRequest attribute;
  attribute.set_instance_id(id);
  attribute.set_attribute("userData");
  CHECK(Value(world.Call<ec2::v1::DescribeInstanceAttributeResponse>(attribute)).user_data().value() ==
        request.user_data());
  attribute.set_attribute("instanceInitiatedShutdownBehavior");
  CHECK(Value(world.Call<ec2::v1::DescribeInstanceAttributeResponse>(attribute))
            .instance_initiated_shutdown_behavior()
            .value() == "terminate");
}

TEST_CASE("the same client token launches once, and other parameters under it are refused", "[api]") {
  ApiWorld world;
  ec2::v1::RunInstancesRequest request = RunRequest(world);
  request.set_client_token("once");
  const auto first = Value(world.Call<ec2::v1::RunInstancesResponse>(request));
  const auto second = Value(world.Call<ec2::v1::RunInstancesResponse>(request));
  CHECK(first.instances(0).instance_id() == second.instances(0).instance_id());
  request.set_max_count(2);
  CHECK(ec2::ErrorCode(world.Call<ec2::v1::RunInstancesResponse>(request).status()) == "IdempotentParameterMismatch");
}

TEST_CASE("instances of one launch are one reservation, in pages too", "[api]") {
  ApiWorld world;
  for (int i = 0; i < 3; ++i) Value(world.Call<ec2::v1::RunInstancesResponse>(RunRequest(world, 4)));
  ec2::v1::DescribeInstancesRequest request;
  CHECK(Value(world.Call<ec2::v1::DescribeInstancesResponse>(request)).reservations_size() == 3);
  request.set_max_results(5);
  std::set<std::string> seen;
  int pages = 0;
  do {
    const auto page = Value(world.Call<ec2::v1::DescribeInstancesResponse>(request));
    int on_page = 0;
    for (const auto& reservation : page.reservations()) {
      for (const auto& instance : reservation.instances()) {
        seen.insert(instance.instance_id());
        ++on_page;
      }
    }
    CHECK(on_page <= 5);
    ++pages;
    request.set_next_token(page.next_token());
  } while (!request.next_token().empty());
  CHECK(seen.size() == 12);
  CHECK(pages == 3);
}

TEST_CASE("instances are found by EC2's filters", "[api]") {
  ApiWorld world;
  ec2::v1::RunInstancesRequest run = RunRequest(world);
  auto* tags = run.add_tag_specifications();
  tags->set_resource_type("instance");
  tags->add_tags()->set_key("Name");
  tags->mutable_tags(0)->set_value("web-1");
  const std::string web = Value(world.Call<ec2::v1::RunInstancesResponse>(run)).instances(0).instance_id();
  Value(world.Call<ec2::v1::RunInstancesResponse>(RunRequest(world)));
  REQUIRE(world.Reaches(Value(InstanceId::Parse(web)), InstanceState::kRunning));
  const ec2::v1::Instance shown = Describe(world, web);
  const std::pair<std::string, std::string> only_web[] = {
      {"tag:Name", "web-*"},
      {"instance-id", web},
      {"private-ip-address", shown.private_ip_address()},
      {"network-interface.network-interface-id", shown.network_interfaces(0).network_interface_id()},
      {"ip-address", shown.public_ip_address()},
      {"block-device-mapping.volume-id", shown.block_device_mappings(0).ebs().volume_id()},
      {"private-dns-name", shown.private_dns_name()},
      {"dns-name", shown.public_dns_name()},
      {"tag-key", "Na?e"},
  };
  const std::pair<std::string, std::string> both[] = {{"image-id", world.image.text()},
                                                      {"instance-type", "b1.*"},
                                                      {"architecture", "x86_64"},
                                                      {"owner-id", "0*"},
                                                      {"instance.group-name", "default"},
                                                      {"vpc-id", shown.vpc_id()},
                                                      {"root-device-type", "ebs"},
                                                      {"availability-zone", "us-east-1?"},
                                                      {"launch-index", "0"}};
  const std::pair<std::string, std::string> none[] = {
      {"platform", "*"}, {"tag:Name", "WEB-1"}, {"instance-state-name", "stopped"}, {"key-name", "*"}};
  const auto count = [&](const std::string& name, const std::string& value) {
    ec2::v1::DescribeInstancesRequest request;
    AddFilter(request.mutable_filters(), name, value);
    INFO(name << " = " << value);
    const auto answer = Value(world.Call<ec2::v1::DescribeInstancesResponse>(request));
    int instances = 0;
    for (const auto& reservation : answer.reservations()) instances += reservation.instances_size();
    return instances;
  };
  for (const auto& [name, value] : only_web) CHECK((name + ":" + std::to_string(count(name, value))) == name + ":1");
  for (const auto& [name, value] : both) CHECK((name + ":" + std::to_string(count(name, value))) == name + ":2");
  for (const auto& [name, value] : none) CHECK((name + ":" + std::to_string(count(name, value))) == name + ":0");
}

TEST_CASE("an instance goes through its states by the API", "[api]") {
  ApiWorld world;
  const std::string id = Value(world.Call<ec2::v1::RunInstancesResponse>(RunRequest(world))).instances(0).instance_id();
  const InstanceId instance = Value(InstanceId::Parse(id));
  REQUIRE(world.Reaches(instance, InstanceState::kRunning));
  ec2::v1::StopInstancesRequest stop;
  stop.add_instance_ids(id);
  stop.set_force(true);
  const auto stopping = Value(world.Call<ec2::v1::StopInstancesResponse>(stop)).stopping_instances(0);
  CHECK(stopping.previous_state().name() == "running");
  CHECK(stopping.current_state().name() == "stopping");
  REQUIRE(world.Reaches(instance, InstanceState::kStopped));
  CHECK(absl::StartsWith(Describe(world, id).state_transition_reason(), "User initiated"));

  ec2::v1::ModifyInstanceAttributeRequest modify;
  modify.set_instance_id(id);
  modify.mutable_instance_type()->set_value("b1.small");
  Value(world.Call<ec2::v1::ModifyInstanceAttributeResponse>(modify));
  CHECK(Describe(world, id).instance_type() == "b1.small");
  modify.clear_instance_type();
  modify.set_attribute("disableApiTermination");
  modify.set_value("true");
  Value(world.Call<ec2::v1::ModifyInstanceAttributeResponse>(modify));

  ec2::v1::StartInstancesRequest start;
  start.add_instance_ids(id);
  Value(world.Call<ec2::v1::StartInstancesResponse>(start));
  REQUIRE(world.Reaches(instance, InstanceState::kRunning));
  ec2::v1::TerminateInstancesRequest terminate;
  terminate.add_instance_ids(id);
  CHECK(ec2::ErrorCode(world.Call<ec2::v1::TerminateInstancesResponse>(terminate).status()) == "OperationNotPermitted");
  modify.set_value("false");
  Value(world.Call<ec2::v1::ModifyInstanceAttributeResponse>(modify));
  Value(world.Call<ec2::v1::TerminateInstancesResponse>(terminate));
  REQUIRE(world.Reaches(instance, InstanceState::kTerminated));
  const ec2::v1::Instance gone = Describe(world, id);
  CHECK(gone.state_reason().code() == "Client.UserInitiatedShutdown");
  CHECK(gone.private_dns_name().empty());
  CHECK_FALSE(gone.has_private_ip_address());
  CHECK(gone.network_interfaces().empty());
}

TEST_CASE("metadata options that are not given stay as they are", "[api]") {
  ApiWorld world;
  const InstanceId id = world.Launch();
  ec2::v1::ModifyInstanceMetadataOptionsRequest request;
  request.set_instance_id(id.text());
  request.set_http_tokens("optional");
  Value(world.Call<ec2::v1::ModifyInstanceMetadataOptionsResponse>(request));
  request.clear_http_tokens();
  request.set_http_put_response_hop_limit(7);
  const auto options =
      Value(world.Call<ec2::v1::ModifyInstanceMetadataOptionsResponse>(request)).instance_metadata_options();
  CHECK(options.http_tokens() == "optional");
  CHECK(options.http_put_response_hop_limit() == 7);
  CHECK(world.Row(id).metadata_options.hop_limit == 7);
}

TEST_CASE("status shows running instances only, unless all are asked for", "[api]") {
  ApiWorld world;
  const InstanceId running = world.Launch();
  const InstanceId stopped = world.Launch();
  REQUIRE(world.service->Stop({&stopped, 1}, true).ok());
  REQUIRE(world.Reaches(stopped, InstanceState::kStopped));
  ec2::v1::DescribeInstanceStatusRequest request;
  auto answer = Value(world.Call<ec2::v1::DescribeInstanceStatusResponse>(request));
  REQUIRE(answer.instance_statuses_size() == 1);
  CHECK(answer.instance_statuses(0).instance_id() == running.text());
  CHECK(answer.instance_statuses(0).system_status().status() == "ok");
  CHECK(answer.instance_statuses(0).instance_status().details(0).status() == "passed");
  request.set_include_all_instances(true);
  CHECK(Value(world.Call<ec2::v1::DescribeInstanceStatusResponse>(request)).instance_statuses_size() == 2);
  world.status.instance = compute::CheckStatus::kFailed;
  world.status.impaired_since = world.clock.Now();
  AddFilter(request.mutable_filters(), "instance-status.status", "impaired");
  answer = Value(world.Call<ec2::v1::DescribeInstanceStatusResponse>(request));
  REQUIRE(answer.instance_statuses_size() == 1);
  CHECK(answer.instance_statuses(0).instance_status().details(0).impaired_since() == "2027-01-15T08:00:00.000Z");
}

TEST_CASE("console output is its newest 64 KiB in base64", "[api]") {
  ApiWorld world;
  const InstanceId id = world.Launch();
  ec2::v1::GetConsoleOutputRequest request;
  request.set_instance_id(id.text());
  CHECK(Value(world.Call<ec2::v1::GetConsoleOutputResponse>(request)).output() ==
        absl::Base64Escape("hello from the guest\n"));
  world.hypervisor.SetConsole(std::string(100'000, 'x') + "end");
  std::string raw;
  REQUIRE(absl::Base64Unescape(Value(world.Call<ec2::v1::GetConsoleOutputResponse>(request)).output(), &raw));
  CHECK(raw.size() == 65536);
  CHECK(absl::EndsWith(raw, "end"));
}

TEST_CASE("an internal error shows the request and nothing of the inside", "[api]") {
  ApiWorld world;
  const InstanceId id = world.Launch();
  ec2::v1::GetConsoleOutputRequest request;
  request.set_instance_id(id.text());
  world.hypervisor.SetConsole(absl::InternalError("/var/lib/secret: bad"));
  const absl::Status status = world.Call<ec2::v1::GetConsoleOutputResponse>(request).status();
  CHECK(ec2::ErrorCode(status) == "InternalError");
  CHECK(absl::StrContains(status.message(), "request-1"));
  CHECK_FALSE(absl::StrContains(status.message(), "secret"));
}

TEST_CASE("types, their offerings, the region and its zones come from table and settings", "[api]") {
  ApiWorld world;
  ec2::v1::DescribeInstanceTypesRequest types;
  types.add_instance_types("t3.micro");
  const auto micro = Value(world.Call<ec2::v1::DescribeInstanceTypesResponse>(types)).instance_types(0);
  CHECK(micro.v_cpu_info().default_v_cpus() == 2);
  CHECK(micro.memory_info().size_in_mi_b() == 1024);
  CHECK(micro.processor_info().supported_architectures(0) == "x86_64");
  CHECK(micro.burstable_performance_supported());
  CHECK(micro.network_info().network_performance() == "Up to 5 Gigabit");
  types.set_instance_types(0, "m5.12xlarge");
  const auto big = Value(world.Call<ec2::v1::DescribeInstanceTypesResponse>(types)).instance_types(0);
  CHECK_FALSE(big.burstable_performance_supported());
  CHECK(big.network_info().network_performance() == "12 Gigabit");
  types.Clear();
  types.set_max_results(100);
  std::set<std::string> names;
  do {
    const auto page = Value(world.Call<ec2::v1::DescribeInstanceTypesResponse>(types));
    for (const auto& type : page.instance_types()) names.insert(type.instance_type());
    types.set_next_token(page.next_token());
  } while (!types.next_token().empty());
  CHECK(names.size() == world.types.all().size());

  ec2::v1::DescribeInstanceTypeOfferingsRequest offerings;
  offerings.set_location_type("availability-zone");
  AddFilter(offerings.mutable_filters(), "instance-type", "t3.micro");
  CHECK(Value(world.Call<ec2::v1::DescribeInstanceTypeOfferingsResponse>(offerings)).instance_type_offerings_size() ==
        3);

  CHECK(
      Value(world.Call<ec2::v1::DescribeRegionsResponse>(ec2::v1::DescribeRegionsRequest())).regions(0).region_name() ==
      "us-east-1");
  ec2::v1::DescribeAvailabilityZonesRequest zones;
  zones.add_zone_ids("use1-az2");
  const auto zone = Value(world.Call<ec2::v1::DescribeAvailabilityZonesResponse>(zones));
  REQUIRE(zone.availability_zones_size() == 1);
  CHECK(zone.availability_zones(0).zone_name() == "us-east-1b");
}

TEST_CASE("instance types are found by what they must have, as groups choose among them", "[api]") {
  ApiWorld world;
  ec2::v1::GetInstanceTypesFromInstanceRequirementsRequest request;
  request.add_architecture_types("arm64");
  request.add_architecture_types("x86_64");
  request.add_virtualization_types("hvm");
  ec2::v1::InstanceRequirementsRequest& needs = *request.mutable_instance_requirements();
  needs.mutable_v_cpu_count()->set_min(1);
  needs.mutable_v_cpu_count()->set_max(1);
  needs.mutable_memory_mi_b()->set_min(0);
  needs.mutable_memory_mi_b()->set_max(512);
  const auto found = [&] {
    std::vector<std::string> names;
    request.clear_next_token();
    do {
      const auto page = Value(world.Call<ec2::v1::GetInstanceTypesFromInstanceRequirementsResponse>(request));
      for (const auto& type : page.instance_types()) names.push_back(type.instance_type());
      request.set_next_token(page.next_token());
    } while (!request.next_token().empty());
    return names;
  };
  using Names = std::vector<std::string>;
  CHECK(found() == Names{"b1.micro", "b1.small", "b1.tiny"});
  needs.set_burstable_performance("included");
  request.set_max_results(1);
  CHECK(found() == Names{"b1.micro", "b1.small", "b1.tiny", "t2.nano"});
  needs.add_allowed_instance_types("t*");
  CHECK(found() == Names{"t2.nano"});
  needs.add_excluded_instance_types("b*");
  CHECK(ec2::ErrorCode(world.Call<ec2::v1::GetInstanceTypesFromInstanceRequirementsResponse>(request).status()) ==
        "InvalidParameterCombination");
  needs.clear_excluded_instance_types();
  // No type here is of another architecture.
  request.mutable_architecture_types()->RemoveLast();
  CHECK(found().empty());
}

TEST_CASE("tags are set, shown, filtered and deleted by value or without", "[api]") {
  ApiWorld world;
  const InstanceId id = world.Launch();
  ec2::v1::CreateTagsRequest create;
  create.add_resources(id.text());
  create.add_resources(world.image.text());
  create.add_tags()->set_key("Env");
  create.mutable_tags(0)->set_value("test");
  Value(world.Call<ec2::v1::CreateTagsResponse>(create));
  ec2::v1::DescribeTagsRequest describe;
  AddFilter(describe.mutable_filters(), "resource-type", "instance");
  const auto tags = Value(world.Call<ec2::v1::DescribeTagsResponse>(describe));
  REQUIRE(tags.tags_size() == 1);
  CHECK(tags.tags(0).resource_id() == id.text());
  ec2::v1::DeleteTagsRequest remove;
  remove.add_resources(id.text());
  remove.add_tags()->set_key("Env");
  remove.mutable_tags(0)->set_value("other");
  Value(world.Call<ec2::v1::DeleteTagsResponse>(remove));
  CHECK(Describe(world, id.text()).tags_size() == 1);
  remove.mutable_tags(0)->clear_value();
  Value(world.Call<ec2::v1::DeleteTagsResponse>(remove));
  CHECK(Describe(world, id.text()).tags_size() == 0);
}

TEST_CASE("key pairs are made, imported, described and deleted", "[api]") {
  ApiWorld world;
  ec2::v1::CreateKeyPairRequest create;
  create.set_key_name("mine");
  create.set_key_type("ed25519");
  const auto made = Value(world.Call<ec2::v1::CreateKeyPairResponse>(create));
  CHECK(absl::StartsWith(made.key_material(), "-----BEGIN"));
  CHECK(ec2::ErrorCode(world.Call<ec2::v1::CreateKeyPairResponse>(create).status()) == "InvalidKeyPair.Duplicate");
  ec2::v1::DescribeKeyPairsRequest describe;
  describe.add_key_names("mine");
  auto shown = Value(world.Call<ec2::v1::DescribeKeyPairsResponse>(describe));
  CHECK(shown.key_pairs(0).key_type() == "ed25519");
  CHECK_FALSE(shown.key_pairs(0).has_public_key());
  describe.set_include_public_key(true);
  shown = Value(world.Call<ec2::v1::DescribeKeyPairsResponse>(describe));
  ec2::v1::ImportKeyPairRequest import;
  import.set_key_name("theirs");
  import.set_public_key_material(shown.key_pairs(0).public_key());
  CHECK(Value(world.Call<ec2::v1::ImportKeyPairResponse>(import)).key_fingerprint() == made.key_fingerprint());
  ec2::v1::DeleteKeyPairRequest remove;
  remove.set_key_name("mine");
  Value(world.Call<ec2::v1::DeleteKeyPairResponse>(remove));
  Value(world.Call<ec2::v1::DeleteKeyPairResponse>(remove));
  CHECK(ec2::ErrorCode(world.Call<ec2::v1::DescribeKeyPairsResponse>(describe).status()) == "InvalidKeyPair.NotFound");
}

TEST_CASE("an image is described with its root volume, filtered, and gone when deregistered", "[api]") {
  ApiWorld world;
  ec2::v1::DescribeImagesRequest request;
  request.add_owners("self");
  AddFilter(request.mutable_filters(), "name", "wor*");
  const auto images = Value(world.Call<ec2::v1::DescribeImagesResponse>(request));
  REQUIRE(images.images_size() == 1);
  CHECK(images.images(0).state() == "available");
  CHECK(images.images(0).block_device_mappings_size() == 1);
  CHECK_FALSE(images.images(0).public_());
  request.clear_owners();
  request.add_owners("amazon");
  CHECK(Value(world.Call<ec2::v1::DescribeImagesResponse>(request)).images().empty());
  ec2::v1::DescribeImageAttributeRequest attribute;
  attribute.set_image_id(world.image.text());
  attribute.set_attribute("launchPermission");
  CHECK(Value(world.Call<ec2::v1::DescribeImageAttributeResponse>(attribute)).launch_permissions().empty());
  ec2::v1::DeregisterImageRequest deregister;
  deregister.set_image_id(world.image.text());
  Value(world.Call<ec2::v1::DeregisterImageResponse>(deregister));
  request.Clear();
  CHECK(Value(world.Call<ec2::v1::DescribeImagesResponse>(request)).images().empty());
}

TEST_CASE("rules of a security group come back as they were given", "[api]") {
  ApiWorld world;
  ec2::v1::CreateSecurityGroupRequest create;
  create.set_group_name("web");
  create.set_description("web servers");
  const std::string id = Value(world.Call<ec2::v1::CreateSecurityGroupResponse>(create)).group_id();
  ec2::v1::AuthorizeSecurityGroupIngressRequest authorize;
  authorize.set_group_id(id);
  auto* permission = authorize.add_ip_permissions();
  permission->set_ip_protocol("tcp");
  permission->set_from_port(80);
  permission->set_to_port(80);
  permission->add_ip_ranges()->set_cidr_ip("203.0.113.77/24");
  permission->mutable_ip_ranges(0)->set_description("office");
  permission->add_user_id_group_pairs()->set_group_name("default");
  const auto rules = Value(world.Call<ec2::v1::AuthorizeSecurityGroupIngressResponse>(authorize));
  CHECK(rules.return_());
  REQUIRE(rules.security_group_rules_size() == 2);
  CHECK(rules.security_group_rules(0).cidr_ipv4() == "203.0.113.0/24");
  CHECK(ec2::ErrorCode(world.Call<ec2::v1::AuthorizeSecurityGroupIngressResponse>(authorize).status()) ==
        "InvalidPermission.Duplicate");

  ec2::v1::AuthorizeSecurityGroupIngressRequest flat;
  flat.set_group_name("web");
  flat.set_ip_protocol("icmp");
  flat.set_from_port(-1);
  flat.set_to_port(-1);
  flat.set_cidr_ip("0.0.0.0/0");
  Value(world.Call<ec2::v1::AuthorizeSecurityGroupIngressResponse>(flat));

  ec2::v1::DescribeSecurityGroupsRequest describe;
  AddFilter(describe.mutable_filters(), "ip-permission.cidr", "203.0.113.0/24");
  const auto groups = Value(world.Call<ec2::v1::DescribeSecurityGroupsResponse>(describe));
  REQUIRE(groups.security_groups_size() == 1);
  const auto& group = groups.security_groups(0);
  REQUIRE(group.ip_permissions_size() == 2);
  CHECK(group.ip_permissions(0).ip_protocol() == "icmp");
  CHECK(group.ip_permissions(1).from_port() == 80);
  CHECK(group.ip_permissions(1).ip_ranges(0).description() == "office");
  CHECK(group.ip_permissions(1).user_id_group_pairs_size() == 1);
  REQUIRE(group.ip_permissions_egress_size() == 1);
  CHECK(group.ip_permissions_egress(0).ip_protocol() == "-1");
  CHECK_FALSE(group.ip_permissions_egress(0).has_from_port());

  ec2::v1::RevokeSecurityGroupIngressRequest revoke;
  revoke.set_group_id(id);
  for (const auto& rule : rules.security_group_rules())
    revoke.add_security_group_rule_ids(rule.security_group_rule_id());
  CHECK(Value(world.Call<ec2::v1::RevokeSecurityGroupIngressResponse>(revoke)).return_());
  ec2::v1::DeleteSecurityGroupRequest remove;
  remove.set_group_id(id);
  Value(world.Call<ec2::v1::DeleteSecurityGroupResponse>(remove));
}

TEST_CASE("the default VPC and its subnets are described", "[api]") {
  ApiWorld world;
  ec2::v1::DescribeVpcsRequest vpcs;
  AddFilter(vpcs.mutable_filters(), "isDefault", "true");
  const auto vpc = Value(world.Call<ec2::v1::DescribeVpcsResponse>(vpcs));
  REQUIRE(vpc.vpcs_size() == 1);
  CHECK(vpc.vpcs(0).cidr_block() == "172.31.0.0/16");
  CHECK(vpc.vpcs(0).cidr_block_association_set(0).cidr_block_state().state() == "associated");
  ec2::v1::DescribeSubnetsRequest subnets;
  AddFilter(subnets.mutable_filters(), "availability-zone", "us-east-1a");
  const auto subnet = Value(world.Call<ec2::v1::DescribeSubnetsResponse>(subnets));
  REQUIRE(subnet.subnets_size() == 1);
  CHECK(subnet.subnets(0).available_ip_address_count() == 4091);
  CHECK(subnet.subnets(0).default_for_az());
  CHECK(subnet.subnets(0).map_public_ip_on_launch());
}

TEST_CASE("the host describes itself", "[api]") {
  ApiWorld world;
  world.host.version = "1.2.3";
  world.host.ec2_url = "http://127.0.0.1:1";
  const auto host = Value(world.Call<host::v1::DescribeHostResponse>(host::v1::DescribeHostRequest()));
  CHECK(host.version() == "1.2.3");
  CHECK(host.ec2_url() == "http://127.0.0.1:1");
}

}  // namespace brume
