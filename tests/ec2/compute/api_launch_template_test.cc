// Launch templates: their versions, and instances that are launched from them.
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "brume/ec2/v1/instance.pb.h"
#include "brume/ec2/v1/launch_template.pb.h"
#include "brume/ec2/v1/tag.pb.h"
#include "google/protobuf/text_format.h"
#include "lib/store/connection.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

template <typename Message>
Message Parsed(const std::string& text) {
  Message message;
  INFO(text);
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

ec2::v1::LaunchTemplate Create(ApiWorld& world, const std::string& name, const std::string& data,
                               const std::string& more = "") {
  return Value(world.Call<ec2::v1::CreateLaunchTemplateResponse>(Parsed<ec2::v1::CreateLaunchTemplateRequest>(
                   "launch_template_name: '" + name + "' launch_template_data { " + data + " } " + more)))
      .launch_template();
}

ec2::v1::LaunchTemplateVersion AddVersion(ApiWorld& world, const std::string& name, const std::string& data,
                                          const std::string& more = "") {
  return Value(world.Call<ec2::v1::CreateLaunchTemplateVersionResponse>(
                   Parsed<ec2::v1::CreateLaunchTemplateVersionRequest>(
                       "launch_template_name: '" + name + "' launch_template_data { " + data + " } " + more)))
      .launch_template_version();
}

ec2::v1::DescribeLaunchTemplateVersionsResponse Versions(ApiWorld& world, const std::string& text) {
  return Value(world.Call<ec2::v1::DescribeLaunchTemplateVersionsResponse>(
      Parsed<ec2::v1::DescribeLaunchTemplateVersionsRequest>(text)));
}

std::vector<int64_t> Numbers(ApiWorld& world, const std::string& text) {
  std::vector<int64_t> numbers;
  const auto shown = Versions(world, text);
  for (const auto& version : shown.launch_template_versions()) {
    numbers.push_back(version.version_number());
  }
  return numbers;
}

absl::StatusOr<ec2::v1::Instance> Run(ApiWorld& world, const std::string& text) {
  auto ran = world.Call<ec2::v1::RunInstancesResponse>(
      Parsed<ec2::v1::RunInstancesRequest>("min_count: 1 max_count: 1 " + text));
  if (!ran.ok()) return ran.status();
  return ran->instances(0);
}

std::set<std::string> Tags(const ec2::v1::Instance& instance) {
  std::set<std::string> tags;
  for (const ec2::v1::Tag& tag : instance.tags()) tags.insert(tag.key() + "=" + tag.value());
  return tags;
}

// The numbers and types of `part`'s fields are those of `whole`'s, in all they hold.
void CheckReadsAs(const Descriptor& part, const Descriptor& whole) {
  for (int i = 0; i < part.field_count(); ++i) {
    const FieldDescriptor& field = *part.field(i);
    INFO(field.full_name());
    // Nobody can ask for it, so that none is kept.
    if (field.full_name() == "brume.ec2.v1.InstanceIpv6Address.is_primary_ipv6") continue;
    // Of templates alone.
    if (field.name() == "instance_requirements" && whole.FindFieldByName(field.name()) == nullptr) continue;
    const FieldDescriptor* same = whole.FindFieldByNumber(field.number());
    REQUIRE(same != nullptr);
    CHECK(same->name() == field.name());
    CHECK(same->type() == field.type());
    CHECK(same->is_repeated() == field.is_repeated());
    if (field.message_type() != nullptr) CheckReadsAs(*field.message_type(), *same->message_type());
  }
}

}  // namespace

TEST_CASE("what a launch template keeps reads as the request that RunInstances takes", "[api]") {
  CheckReadsAs(*ec2::v1::RequestLaunchTemplateData::descriptor(), *ec2::v1::RunInstancesRequest::descriptor());
  CheckReadsAs(*ec2::v1::RequestLaunchTemplateData::descriptor(), *ec2::v1::ResponseLaunchTemplateData::descriptor());
  CheckReadsAs(*ec2::v1::ResponseLaunchTemplateData::descriptor(), *ec2::v1::RequestLaunchTemplateData::descriptor());
}

TEST_CASE("each parameter of RunInstances that EC2's launch templates have is one of Brume's", "[api]") {
  const std::set<std::string> of_the_call_alone = {
      "max_count",          "min_count",       "subnet_id",          "client_token",   "dry_run",
      "private_ip_address", "launch_template", "ipv6_address_count", "ipv6_addresses", "enable_primary_ipv6"};
  const Descriptor& run = *ec2::v1::RunInstancesRequest::descriptor();
  for (int i = 0; i < run.field_count(); ++i) {
    INFO(run.field(i)->name());
    const bool kept =
        ec2::v1::RequestLaunchTemplateData::descriptor()->FindFieldByName(run.field(i)->name()) != nullptr;
    CHECK(kept != of_the_call_alone.contains(run.field(i)->name()));
  }
}

TEST_CASE("a launch template is described as it was made, until it is deleted", "[api]") {
  ApiWorld world;
  const ec2::v1::LaunchTemplate made =
      Create(world, "web", "instance_type: 'b1.tiny'",
             "tag_specifications { resource_type: 'launch-template' tags { key: 'Team' value: 'mist' } }");
  CHECK(made.launch_template_id().substr(0, 3) == "lt-");
  CHECK(made.created_by() == "arn:aws:iam::000000000000:root");
  CHECK(made.default_version_number() == 1);
  CHECK(made.latest_version_number() == 1);
  Create(world, "data", "");
  for (const char* text : {"launch_template_names: 'web'", "filters { name: 'tag:Team' values: 'mist' }",
                           "filters { name: 'launch-template-name' values: 'w*' }"}) {
    const auto shown = Value(
        world.Call<ec2::v1::DescribeLaunchTemplatesResponse>(Parsed<ec2::v1::DescribeLaunchTemplatesRequest>(text)));
    REQUIRE(shown.launch_templates_size() == 1);
    CHECK(shown.launch_templates(0).DebugString() == made.DebugString());
  }
  const auto tags = Value(world.Call<ec2::v1::DescribeTagsResponse>(
      Parsed<ec2::v1::DescribeTagsRequest>("filters { name: 'resource-type' values: 'launch-template' }")));
  REQUIRE(tags.tags_size() == 1);
  CHECK(tags.tags(0).resource_id() == made.launch_template_id());
  REQUIRE(
      world.CallText("CreateTags", "resources: '" + made.launch_template_id() + "' tags { key: 'Stage' value: 'x' }")
          .ok());
  REQUIRE(world.CallText("DeleteTags", "resources: '" + made.launch_template_id() + "' tags { key: 'Stage' }").ok());

  REQUIRE(world.CallText("DeleteLaunchTemplate", "launch_template_name: 'web'").ok());
  CHECK(ec2::ErrorCode(Run(world, "launch_template { launch_template_name: 'web' }").status()) ==
        "InvalidLaunchTemplateName.NotFoundException");
  CHECK(Value(world.CallText("DescribeTags", ""))->ByteSizeLong() == 0);
  Create(world, "web", "");
}

TEST_CASE("a version has what its source has, but for the parameters that are given anew", "[api]") {
  ApiWorld world;
  Create(world, "web",
         "instance_type: 'b1.tiny' key_name: 'me' security_groups: 'a' security_groups: 'b' "
         "metadata_options { http_tokens: 'required' http_endpoint: 'enabled' }");
  const auto second = AddVersion(world, "web",
                                 "instance_type: 'b1.small' security_groups: 'c' "
                                 "metadata_options { http_tokens: 'optional' }",
                                 "source_version: '$Latest' version_description: 'larger'");
  CHECK(second.version_number() == 2);
  CHECK(second.version_description() == "larger");
  CHECK_FALSE(second.default_version());
  const ec2::v1::ResponseLaunchTemplateData& data = second.launch_template_data();
  CHECK(data.instance_type() == "b1.small");
  CHECK(data.key_name() == "me");
  REQUIRE(data.security_groups_size() == 1);
  CHECK(data.security_groups(0) == "c");
  CHECK(data.metadata_options().http_tokens() == "optional");
  CHECK_FALSE(data.metadata_options().has_http_endpoint());
  const auto third = AddVersion(world, "web", "instance_type: 'b1.small'");
  CHECK_FALSE(third.launch_template_data().has_key_name());
}

TEST_CASE("versions are shown newest first, by number, name, range, filter and page", "[api]") {
  ApiWorld world;
  Create(world, "data", "instance_type: 'b1.small'");
  Create(world, "web", "instance_type: 'b1.tiny'");
  for (const char* type : {"b1.small", "b1.tiny", "b1.small"}) {
    AddVersion(world, "web", std::string("instance_type: '") + type + "'");
  }
  REQUIRE(world.CallText("ModifyLaunchTemplate", "launch_template_name: 'web' default_version: '2'").ok());
  const std::string web = "launch_template_name: 'web' ";
  using V = std::vector<int64_t>;
  CHECK(Numbers(world, web) == V{4, 3, 2, 1});
  CHECK(Numbers(world, web + "versions: '1' versions: '$Default'") == V{2, 1});
  CHECK(Numbers(world, web + "versions: '$Latest' versions: '4'") == V{4});
  CHECK(Numbers(world, web + "min_version: '2' max_version: '3'") == V{3, 2});
  CHECK(Numbers(world, web + "min_version: '$Default'") == V{4, 3, 2});
  CHECK(Numbers(world, web + "filters { name: 'instance-type' values: 'b1.tiny' }") == V{3, 1});
  CHECK(Numbers(world, web + "filters { name: 'is-default-version' values: 'true' }") == V{2});
  CHECK(Numbers(world, web + "filters { name: 'image-id' values: '*' }").empty());
  CHECK(Numbers(world, "versions: '$Default'") == V{1, 2});
  CHECK(Numbers(world, "versions: '$Default' versions: '$Latest'") == V{1, 4, 2});
  V paged;
  std::string token;
  int pages = 0;
  do {
    const auto page = Versions(world, web + "max_results: 2 next_token: '" + token + "'");
    for (const auto& version : page.launch_template_versions()) paged.push_back(version.version_number());
    token = page.next_token();
    ++pages;
  } while (!token.empty());
  CHECK(paged == V{4, 3, 2, 1});
  CHECK(pages == 2);
}

TEST_CASE("a deleted version's number is not used again, and the default version stays", "[api]") {
  ApiWorld world;
  Create(world, "web", "");
  AddVersion(world, "web", "");
  const auto deleted = Value(
      world.Call<ec2::v1::DeleteLaunchTemplateVersionsResponse>(Parsed<ec2::v1::DeleteLaunchTemplateVersionsRequest>(
          "launch_template_name: 'web' versions: '1' versions: '2' versions: '7'")));
  REQUIRE(deleted.successfully_deleted_launch_template_versions_size() == 1);
  CHECK(deleted.successfully_deleted_launch_template_versions(0).version_number() == 2);
  REQUIRE(deleted.unsuccessfully_deleted_launch_template_versions_size() == 2);
  const auto& stays = deleted.unsuccessfully_deleted_launch_template_versions();
  CHECK(stays.Get(0).version_number() == 1);
  CHECK(stays.Get(0).response_error().code() == "unexpectedError");
  CHECK(stays.Get(1).response_error().code() == "launchTemplateVersionDoesNotExist");
  CHECK(AddVersion(world, "web", "").version_number() == 3);
  CHECK(Numbers(world, "launch_template_name: 'web'") == std::vector<int64_t>{3, 1});
}

TEST_CASE("a launch template or version asked for twice with one token is made once", "[api]") {
  ApiWorld world;
  const ec2::v1::LaunchTemplate made = Create(world, "web", "key_name: 'a'", "client_token: 't'");
  CHECK(Create(world, "web", "key_name: 'a'", "client_token: 't'").DebugString() == made.DebugString());
  CHECK(ec2::ErrorCode(world
                           .CallText("CreateLaunchTemplate",
                                     "launch_template_name: 'web' launch_template_data { key_name: 'b' } "
                                     "client_token: 't'")
                           .status()) == "IdempotentParameterMismatch");
  const auto version = AddVersion(world, "web", "key_name: 'a'", "client_token: 't'");
  CHECK(AddVersion(world, "web", "key_name: 'a'", "client_token: 't'").DebugString() == version.DebugString());
  CHECK(Numbers(world, "launch_template_name: 'web'") == std::vector<int64_t>{2, 1});
}

TEST_CASE("an instance launched from a template has what the template gives and the call does not", "[api]") {
  ApiWorld world;
  const ec2::v1::LaunchTemplate made =
      Create(world, "web",
             "image_id: '" + world.image.text() +
                 "' instance_type: 'b1.small' disable_api_stop: true "
                 "tag_specifications { resource_type: 'instance' tags { key: 'Name' value: 'web' } "
                 "tags { key: 'Stage' value: 'prod' } }");
  const auto plain = Value(Run(world, "launch_template { launch_template_name: 'web' }"));
  CHECK(plain.image_id() == world.image.text());
  CHECK(plain.instance_type() == "b1.small");
  const std::string id = "aws:ec2launchtemplate:id=" + made.launch_template_id();
  CHECK(Tags(plain) == std::set<std::string>{"Name=web", "Stage=prod", id, "aws:ec2launchtemplate:version=1"});

  AddVersion(world, "web", "instance_type: 'b1.medium'", "source_version: '1'");
  const auto changed = Value(Run(world,
                                 "instance_type: 'b1.tiny' tag_specifications { resource_type: 'instance' "
                                 "tags { key: 'Stage' value: 'test' } } launch_template { launch_template_id: '" +
                                     made.launch_template_id() + "' version: '$Latest' }"));
  CHECK(changed.instance_type() == "b1.tiny");
  CHECK(Tags(changed) == std::set<std::string>{"Name=web", "Stage=test", id, "aws:ec2launchtemplate:version=2"});
}

TEST_CASE("what a template has is refused at the launch as if the call had it", "[api]") {
  ApiWorld world;
  Create(world, "web", "image_id: 'ami-00000000000000000' key_name: 'nobody' security_groups: 'default'");
  const std::string from = "launch_template { launch_template_name: 'web' } ";
  CHECK(ec2::ErrorCode(Run(world, from).status()) == "InvalidAMIID.NotFound");
  CHECK(ec2::ErrorCode(Run(world, from + "image_id: '" + world.image.text() + "'").status()) ==
        "InvalidKeyPair.NotFound");
  CHECK(ec2::ErrorCode(Run(world, from + "network_interfaces { device_index: 0 }").status()) ==
        "InvalidParameterCombination");
  // Of its groups by name and the call's subnet.
  const absl::Status named = Run(world, from + "image_id: '" + world.image.text() + "' subnet_id: '" +
                                            world.networks.ListSubnets()->front().subnet.id.text() + "'")
                                 .status();
  CHECK(ec2::ErrorCode(named) == "InvalidParameterCombination");
  CHECK(named.message() == "The parameter groupName cannot be used with the parameter subnet");
  CHECK(ec2::ErrorCode(Run(world, from + "dry_run: true").status()) == "InvalidAMIID.NotFound");
}

TEST_CASE("a launch is allowed by what it launches and from what, however the template is named", "[api]") {
  ApiWorld world;
  const ec2::v1::LaunchTemplate made = Create(world, "web", "image_id: '" + world.image.text() + "'");
  std::vector<std::string> asked;
  const auto authorize = [&](const Caller&, const AccessQuestion& question) {
    asked = question.resources;
    return absl::PermissionDeniedError("no policy allows it");
  };
  gateway::Dispatcher dispatcher({.authorize = authorize});
  world.AddActions(dispatcher);
  const auto refused = [&](const char* action, const google::protobuf::Message& request) {
    asked.clear();
    const Caller ada{.principal = "ada", .request_id = "r"};
    const auto answer = dispatcher.Call(*world.FindRpc(action), request, ada);
    return ec2::ErrorCode(answer.status()) == "UnauthorizedOperation";
  };
  const std::string arn = "arn:aws:ec2:us-east-1:000000000000:launch-template/" + made.launch_template_id();
  const std::string image = "arn:aws:ec2:us-east-1::image/" + world.image.text();
  CHECK(
      refused("RunInstances", Parsed<ec2::v1::RunInstancesRequest>("launch_template { launch_template_name: 'web' }")));
  CHECK(std::set<std::string>(asked.begin(), asked.end()).contains(arn));
  CHECK(std::set<std::string>(asked.begin(), asked.end()).contains(image));
  CHECK(refused("DeleteLaunchTemplate", Parsed<ec2::v1::DeleteLaunchTemplateRequest>("launch_template_name: 'web'")));
  CHECK(asked == std::vector<std::string>{arn});
  // Who may not make the call is not told whether the template is there.
  CHECK(refused("DeleteLaunchTemplate", Parsed<ec2::v1::DeleteLaunchTemplateRequest>("launch_template_name: 'none'")));
  // What a template keeps is asked for when it is used.
  CHECK(refused("CreateLaunchTemplateVersion", Parsed<ec2::v1::CreateLaunchTemplateVersionRequest>(
                                                   "launch_template_name: 'web' launch_template_data { "
                                                   "image_id: '" +
                                                   world.image.text() + "' }")));
  CHECK(asked == std::vector<std::string>{arn});
}

TEST_CASE("of launch templates and their versions there are as many as EC2 allows", "[api]") {
  ApiWorld world;
  Create(world, "web", "");
  REQUIRE(
      world.database
          ->Write([&](store::Connection& c) {
            return c.RunScript(
                "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) "
                "INSERT INTO launch_template_versions SELECT (SELECT id FROM launch_templates), i, '', 0, '', '{}', "
                "'', '' FROM n; UPDATE launch_templates SET next_version = 10001; "
                "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
                "INSERT INTO launch_templates SELECT i, 'lt-' || i, 'other' || i, 0, '', 1, 2 FROM n;");
          })
          .ok());
  CHECK(
      ec2::ErrorCode(world.CallText("CreateLaunchTemplate", "launch_template_name: 'one-more' launch_template_data { }")
                         .status()) == "LaunchTemplateLimitExceeded");
  CHECK(ec2::ErrorCode(
            world.CallText("CreateLaunchTemplateVersion", "launch_template_name: 'web' launch_template_data { }")
                .status()) == "LaunchTemplateVersionLimitExceeded");
  CHECK(Versions(world, "launch_template_name: 'web'").launch_template_versions_size() == 200);
}

TEST_CASE("a launch template keeps what instance types must have, in the place of one", "[api]") {
  ApiWorld world;
  const auto ask = [&](const std::string& action, const std::string& text) { return world.CallText(action, text); };
  const std::string needs =
      "instance_requirements { v_cpu_count { min: 1 max: 2 } memory_mi_b { min: 512 } memory_gi_b_per_v_cpu { min: 0.5 "
      "} "
      "burstable_performance: 'included' cpu_manufacturers: 'intel' excluded_instance_types: 'm5*' } ";
  const std::string image = "image_id: '" + world.image.text() + "' ";
  REQUIRE_OK(ask("CreateLaunchTemplate", "launch_template_name: 'needs' launch_template_data { " + image + needs + " }")
                 .status());
  const auto shown = [&](const std::string& version) {
    return static_cast<const ec2::v1::DescribeLaunchTemplateVersionsResponse&>(
               *Value(
                   ask("DescribeLaunchTemplateVersions", "launch_template_name: 'needs' versions: '" + version + "'")))
        .launch_template_versions(0)
        .launch_template_data();
  };
  const ec2::v1::InstanceRequirements kept = shown("1").instance_requirements();
  CHECK(kept.v_cpu_count().max() == 2);
  CHECK(kept.memory_mi_b().min() == 512);
  CHECK_FALSE(kept.memory_mi_b().has_max());
  CHECK(kept.memory_gi_b_per_v_cpu().min() == 0.5);
  CHECK(kept.burstable_performance() == "included");
  CHECK(kept.cpu_manufacturers(0) == "intel");
  CHECK(kept.excluded_instance_types(0) == "m5*");
  CHECK_FALSE(shown("1").has_instance_type());

  // A launch needs a type.
  const std::string run = "min_count: 1 max_count: 1 launch_template { launch_template_name: 'needs' version: '1' } ";
  CHECK(ec2::ErrorCode(ask("RunInstances", run).status()) == "InvalidParameterCombination");
  CHECK(ask("RunInstances", run + "instance_type: 't3.micro'").ok());

  // A type takes their place in a later version, and they take a type's.
  const std::string version = "launch_template_name: 'needs' source_version: ";
  REQUIRE_OK(
      ask("CreateLaunchTemplateVersion", version + "'1' launch_template_data { instance_type: 't3.micro' }").status());
  CHECK(shown("2").instance_type() == "t3.micro");
  CHECK_FALSE(shown("2").has_instance_requirements());
  REQUIRE_OK(ask("CreateLaunchTemplateVersion", version + "'2' launch_template_data { " + needs + "}").status());
  CHECK(shown("3").has_instance_requirements());
  CHECK_FALSE(shown("3").has_instance_type());
  for (const std::string& both :
       {needs + "instance_type: 't3.micro'",
        std::string(
            "instance_requirements { v_cpu_count { min: 1 } memory_mi_b { min: 1 } allowed_instance_types: 't3*' "
            "excluded_instance_types: 'm5*' }")}) {
    CHECK(
        ec2::ErrorCode(ask("CreateLaunchTemplate", "launch_template_name: 'both' launch_template_data { " + both + " }")
                           .status()) == "InvalidParameterCombination");
  }
  CHECK(ec2::ErrorCode(ask("CreateLaunchTemplate",
                           "launch_template_name: 'part' launch_template_data { "
                           "instance_requirements { v_cpu_count { min: 1 } } }")
                           .status()) == "MissingParameter");
}

}  // namespace brume
