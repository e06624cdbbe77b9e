// Images that are disabled, deprecated or protected, and what is shown and kept of them.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/image.pb.h"
#include "brume/ec2/v1/instance.pb.h"
#include "google/protobuf/text_format.h"
#include "lib/gateway/time_text.h"
#include "tests/fakes/policy_world.h"

namespace brume {
namespace {

using namespace ec2::v1;

Settings WithBin() {
  Settings settings = ComputeWorld::DefaultSettings();
  settings.recycle_bin_images = absl::Hours(24);
  return settings;
}

struct ImageStateWorld : ApiWorld {
  explicit ImageStateWorld(Settings changed = DefaultSettings()) : ApiWorld(std::move(changed)) {}

  std::string Ami(const std::string& rest = "") { return absl::StrCat("image_id: '", image.text(), "' ", rest); }
  // The code of the error; empty = it went well.
  std::string CodeOf(const std::string& action, const std::string& request) {
    return std::string(ec2::ErrorCode(CallText(action, request).status()));
  }
  std::vector<ec2::v1::Image> Shown(const std::string& request = "include_disabled: true") {
    const auto answer = Value(CallText("DescribeImages", request));
    const auto& images = static_cast<const DescribeImagesResponse&>(*answer).images();
    return {images.begin(), images.end()};
  }
  std::string Launched(const std::string& rest = "") {
    const auto answer = CallText("RunInstances", Ami("min_count: 1 max_count: 1 " + rest));
    return std::string(ec2::ErrorCode(answer.status()));
  }
  std::unique_ptr<google::protobuf::Message> Attribute(const std::string& attribute) {
    return Value(CallText("DescribeImageAttribute", Ami("attribute: '" + attribute + "'")));
  }
  std::string CopyOf(const ImageId& id, const std::string& name) {
    const auto answer = Value(CallText("CopyImage", absl::StrCat("source_image_id: '", id.text(), "' name: '", name,
                                                                 "' source_region: '", settings.region, "'")));
    return static_cast<const CopyImageResponse&>(*answer).image_id();
  }
};

}  // namespace

TEST_CASE("a disabled image is not launched, copied, shared or shown, and can be enabled again", "[image]") {
  ImageStateWorld world;
  REQUIRE(world.CodeOf("ModifyImageAttribute", world.Ami("launch_permission { add { group: 'all' } }")).empty());
  REQUIRE(world.Shown().front().public_());
  REQUIRE(world.CodeOf("DisableImage", world.Ami()).empty());
  REQUIRE(world.CodeOf("DisableImage", world.Ami()).empty());

  CHECK(world.Shown("").empty());
  CHECK(world.Shown(absl::StrCat("image_ids: '", world.image.text(), "'")).empty());
  REQUIRE(world.Shown().size() == 1);
  CHECK(world.Shown().front().state() == "disabled");
  CHECK_FALSE(world.Shown().front().public_());
  CHECK(world.Shown("include_disabled: true filters { name: 'state' values: 'disabled' }").size() == 1);

  CHECK(world.Launched() == "InvalidAMIID.Unavailable");
  CHECK(world.CodeOf("CopyImage", absl::StrCat("source_image_id: '", world.image.text(), "' name: 'copy' ",
                                               "source_region: '", world.settings.region, "'")) ==
        "InvalidAMIID.Unavailable");
  CHECK(world.CodeOf("ModifyImageAttribute", world.Ami("launch_permission { add { group: 'all' } }")) ==
        "InvalidAMIID.Unavailable");
  CHECK(world.CodeOf("ModifyImageAttribute", world.Ami("description { value: 'resting' }")).empty());
  // Its snapshot is as good as before.
  CHECK(world
            .CodeOf("CreateVolume", absl::StrCat("snapshot_id: '", SnapshotOf(world.image).text(),
                                                 "' availability_zone: '", world.settings.zones.front(), "'"))
            .empty());

  REQUIRE(world.CodeOf("EnableImage", world.Ami()).empty());
  REQUIRE(world.CodeOf("EnableImage", world.Ami()).empty());
  REQUIRE(world.Shown("").size() == 1);
  CHECK(world.Shown("").front().state() == "available");
  CHECK_FALSE(world.Shown("").front().public_());
  CHECK(world.Launched().empty());
}

TEST_CASE("instances of an image that is disabled start again", "[image]") {
  ImageStateWorld world;
  const InstanceId id = world.Launch();
  REQUIRE(world.CodeOf("DisableImage", world.Ami()).empty());
  REQUIRE_OK(world.service->Stop({id}, false).status());
  REQUIRE(world.Reaches(id, brume::InstanceState::kStopped));
  REQUIRE_OK(world.service->Start({id}).status());
  CHECK(world.Reaches(id, brume::InstanceState::kRunning));
}

TEST_CASE("only an image that is whole is disabled or enabled", "[image]") {
  ImageStateWorld world;
  world.images->Stop();
  storage::RegisterRequest request;
  request.name = "missing";
  request.location = "/not/there";
  const std::string pending = absl::StrCat("image_id: '", Value(world.image_service->Register(request)).text(), "'");
  for (const char* action : {"DisableImage", "EnableImage"}) {
    CHECK(world.CodeOf(action, pending) == "InvalidAMIID.Unavailable");
    CHECK(world.CodeOf(action, "image_id: 'ami-00000000000000000'") == "InvalidAMIID.NotFound");
    CHECK(world.CodeOf(action, "image_id: 'ami-x'") == "InvalidAMIID.Malformed");
    CHECK(world.CodeOf(action, "") == "MissingParameter");
    CHECK(world.CodeOf(action, world.Ami("dry_run: true")) == "DryRunOperation");
  }
}

TEST_CASE("a disabled image comes back from the recycle bin disabled, an available one available", "[image]") {
  ImageStateWorld world{WithBin()};
  const std::string disabled = world.CopyOf(world.image, "disabled");
  const std::string enabled = world.CopyOf(world.image, "enabled");
  const auto named = [](const std::string& id) { return "image_id: '" + id + "'"; };
  REQUIRE(world.CodeOf("DisableImage", named(disabled)).empty());
  for (const std::string& id : {disabled, enabled}) {
    REQUIRE(world.CodeOf("DeregisterImage", named(id)).empty());
    CHECK(world.CodeOf("EnableImage", named(id)) == "InvalidAMIID.Unavailable");
    REQUIRE(world.CodeOf("RestoreImageFromRecycleBin", named(id)).empty());
  }
  CHECK(world.Shown("image_ids: '" + enabled + "'").size() == 1);
  CHECK(world.Shown("image_ids: '" + disabled + "'").empty());
  CHECK(world.Shown("include_disabled: true image_ids: '" + disabled + "'").front().state() == "disabled");
}

TEST_CASE("a protected image is not deregistered until its protection and its cooldown are over", "[image]") {
  ImageStateWorld world;
  const auto answer_of = [&](const std::string& action, const std::string& rest) {
    const auto answer = Value(world.CallText(action, world.Ami(rest)));
    const auto* field = answer->GetDescriptor()->FindFieldByName("return");
    return answer->GetReflection()->GetString(*answer, field);
  };
  const auto protection = [&] { return world.Shown().front().deregistration_protection(); };
  CHECK(protection() == "disabled");
  CHECK(answer_of("EnableImageDeregistrationProtection", "") == "enabled-without-cooldown");
  CHECK(protection() == "enabled-without-cooldown");
  CHECK(world.CodeOf("DeregisterImage", world.Ami()) == "OperationNotPermitted");
  CHECK(answer_of("DisableImageDeregistrationProtection", "") == "disabled");

  CHECK(answer_of("EnableImageDeregistrationProtection", "with_cooldown: true") == "enabled-with-cooldown");
  CHECK(protection() == "enabled-with-cooldown");
  CHECK(world.CodeOf("DeregisterImage", world.Ami()) == "OperationNotPermitted");
  CHECK(answer_of("DisableImageDeregistrationProtection", "") == "disabled");
  CHECK(protection() == "disabled");
  world.clock.Advance(absl::Hours(23));
  // Disabling it once more neither ends nor lengthens the cooldown.
  CHECK(answer_of("DisableImageDeregistrationProtection", "") == "disabled");
  const absl::Status refused = world.CallText("DeregisterImage", world.Ami()).status();
  CHECK(ec2::ErrorCode(refused) == "OperationNotPermitted");
  CHECK(absl::StrContains(refused.message(), world.image.text()));
  world.clock.Advance(absl::Hours(1));
  CHECK(world.CodeOf("DeregisterImage", world.Ami()).empty());
}

TEST_CASE("a copy of an image is neither protected nor disabled with it, and keeps what it says of metadata",
          "[image]") {
  ImageStateWorld world;
  REQUIRE(world.CodeOf("ModifyImageAttribute", world.Ami("imds_support { value: 'v2.0' }")).empty());
  REQUIRE(world.CodeOf("EnableImageDeregistrationProtection", world.Ami()).empty());
  REQUIRE(world.Launched().empty());
  const std::string copy = world.CopyOf(world.image, "copy");
  const ec2::v1::Image shown = world.Shown("image_ids: '" + copy + "'").front();
  CHECK(shown.deregistration_protection() == "disabled");
  CHECK_FALSE(shown.has_last_launched_time());
  CHECK(shown.imds_support() == "v2.0");
  CHECK(shown.source_image_id() == world.image.text());
  CHECK(shown.source_image_region() == world.settings.region);
}

TEST_CASE("a deprecation is to the minute, in the future and within ten years", "[image]") {
  ImageStateWorld world;
  const auto deprecate = [&](absl::Time at) {
    return world.CodeOf("EnableImageDeprecation", world.Ami("deprecate_at: '" + gateway::RenderTime(at) + "'"));
  };
  const absl::Time minute = absl::FromUnixSeconds(absl::ToUnixSeconds(world.clock.Now()) / 60 * 60 + 3600);
  CHECK(deprecate(minute + absl::Seconds(29)).empty());
  CHECK(world.Shown().front().deprecation_time() == gateway::RenderTime(minute));
  CHECK(deprecate(minute + absl::Seconds(31)).empty());
  CHECK(world.Shown().front().deprecation_time() == gateway::RenderTime(minute + absl::Minutes(1)));
  CHECK(deprecate(world.clock.Now() - absl::Seconds(1)) == "InvalidParameterValue");
  CHECK(deprecate(world.clock.Now() + absl::Hours(24 * 366 * 11)) == "InvalidParameterValue");
  CHECK(world.CodeOf("DisableImageDeprecation", world.Ami()).empty());
  CHECK_FALSE(world.Shown().front().has_deprecation_time());
}

TEST_CASE("each attribute of an image that EC2 has is described, and none but it", "[image]") {
  ImageStateWorld world;
  REQUIRE(world.CodeOf("ModifyImageAttribute", world.Ami("attribute: 'imdsSupport' value: 'v2.0'")).empty());
  REQUIRE(world.CodeOf("ModifyImageAttribute", world.Ami("attribute: 'description' value: 'small'")).empty());
  REQUIRE(world.CodeOf("ModifyImageAttribute", world.Ami("launch_permission { add { group: 'all' } }")).empty());
  REQUIRE(world.Launched().empty());
  const std::string now = gateway::RenderTime(world.clock.Now());
  struct Row {
    const char* attribute;
    std::string shown;  // as text, behind the image's id
  };
  const std::vector<Row> rows = {
      {"description", "description { value: \"small\" }"},
      {"kernel", "kernel_id { }"},
      {"ramdisk", "ramdisk_id { }"},
      {"launchPermission", "launch_permissions { group: \"all\" }"},
      {"productCodes", ""},
      {"sriovNetSupport", "sriov_net_support { }"},
      {"bootMode", "boot_mode { value: \"legacy-bios\" }"},
      {"tpmSupport", "tpm_support { }"},
      {"uefiData", "uefi_data { }"},
      {"lastLaunchedTime", absl::StrCat("last_launched_time { value: \"", now, "\" }")},
      {"imdsSupport", "imds_support { value: \"v2.0\" }"},
      {"deregistrationProtection", "deregistration_protection { value: \"disabled\" }"},
  };
  for (const Row& row : rows) {
    INFO(row.attribute);
    auto answer = world.Attribute(row.attribute);
    auto& described = static_cast<DescribeImageAttributeResponse&>(*answer);
    CHECK(described.image_id() == world.image.text());
    described.clear_image_id();
    DescribeImageAttributeResponse expected;
    REQUIRE(google::protobuf::TextFormat::ParseFromString(row.shown, &expected));
    CHECK(described.DebugString() == expected.DebugString());
  }
  const auto disks = world.Attribute("blockDeviceMapping");
  CHECK(static_cast<const DescribeImageAttributeResponse&>(*disks).block_device_mappings_size() == 1);
  REQUIRE(world.CodeOf("ResetImageAttribute", world.Ami("attribute: 'launchPermission'")).empty());
  CHECK_FALSE(world.Shown().front().public_());
  CHECK(world.CodeOf("ResetImageAttribute", world.Ami("attribute: 'description'")) == "InvalidParameterValue");
  CHECK(world.CodeOf("ModifyImageAttribute", world.Ami("attribute: 'imdsSupport' value: 'v1.0'")) ==
        "InvalidParameterValue");
  CHECK(world.CodeOf("ModifyImageAttribute", world.Ami("imds_support { value: 'v1.0' }")) == "InvalidParameterValue");
  CHECK(world.CodeOf("ModifyImageAttribute", world.Ami()) == "InvalidParameterCombination");
}

TEST_CASE("an image that wants metadata of version 2 is heard where a launch says nothing else", "[image]") {
  ImageStateWorld world;
  REQUIRE(world.CodeOf("ModifyImageAttribute", world.Ami("imds_support { value: 'v2.0' }")).empty());
  const auto options = [&](const std::string& rest) {
    const auto answer = Value(world.CallText("RunInstances", world.Ami("min_count: 1 max_count: 1 " + rest)));
    return static_cast<const RunInstancesResponse&>(*answer).instances(0).metadata_options();
  };
  CHECK(options("").http_tokens() == "required");
  CHECK(options("").http_put_response_hop_limit() == 2);
  const auto said = options("metadata_options { http_tokens: 'optional' http_put_response_hop_limit: 5 }");
  CHECK(said.http_tokens() == "optional");
  CHECK(said.http_put_response_hop_limit() == 5);
}

TEST_CASE("an image that prefers UEFI boots by what the host has, and its instances say which", "[image]") {
  for (const bool has_uefi : {true, false}) {
    Settings settings = ComputeWorld::DefaultSettings();
    settings.has_uefi = has_uefi;
    ImageStateWorld world{settings};
    const auto registered =
        Value(world.CallText("RegisterImage",
                             "name: 'either' boot_mode: 'uefi-preferred' root_device_name: '/dev/vda' "
                             "image_location: '/srv/images/mini'"));
    const ImageId id = ImageId::FromTrusted(static_cast<const RegisterImageResponse&>(*registered).image_id());
    REQUIRE(world.Eventually([&] { return Value(world.image_service->Get(id)).image.state != ImageState::kPending; }));
    compute::RunRequest run = world.Request();
    run.image_id = id;
    const InstanceId instance = world.Launch(run);
    const BootMode expected = has_uefi ? BootMode::kUefi : BootMode::kBios;
    REQUIRE(world.hypervisor.SpecOf(instance).has_value());
    CHECK(world.hypervisor.SpecOf(instance)->boot_mode == expected);
    const auto answer = Value(world.CallText(
        "DescribeInstances", absl::StrCat("filters { name: 'current-instance-boot-mode' values: '",
                                          BootModeName(expected), "' } instance_ids: '", instance.text(), "'")));
    const auto& shown = static_cast<const DescribeInstancesResponse&>(*answer);
    REQUIRE(shown.reservations_size() == 1);
    CHECK(shown.reservations(0).instances(0).boot_mode() == "uefi-preferred");
    CHECK(shown.reservations(0).instances(0).current_instance_boot_mode() == BootModeName(expected));
  }
}

TEST_CASE("a deregistered image tells what became of each of its snapshots", "[image]") {
  ImageStateWorld world;
  const ImageId first = ImageId::FromTrusted(world.CopyOf(world.image, "first"));
  const SnapshotId snapshot = Value(world.image_service->Get(first)).image.root_snapshot_id;
  storage::RegisterRequest second;
  second.name = "second";
  second.root_snapshot_id = snapshot;
  const ImageId other = Value(world.image_service->Register(second));
  const auto results = [&](const ImageId& id, bool with_snapshots) {
    const auto answer = Value(world.CallText(
        "DeregisterImage",
        absl::StrCat("image_id: '", id.text(), "' delete_associated_snapshots: ", with_snapshots ? "true" : "false")));
    const auto& response = static_cast<const DeregisterImageResponse&>(*answer);
    CHECK(response.return_());
    std::vector<std::string> found;
    for (const auto& each : response.delete_snapshot_results()) {
      found.push_back(each.snapshot_id() + " " + each.return_code());
    }
    return found;
  };
  CHECK(results(first, true) == std::vector<std::string>{snapshot.text() + " skipped"});
  CHECK(results(other, true) == std::vector<std::string>{snapshot.text() + " success"});
  CHECK(results(ImageId::FromTrusted(world.CopyOf(world.image, "third")), false).empty());
  CHECK(results(world.image, true) == std::vector<std::string>{SnapshotOf(world.image).text() + " success"});
}

TEST_CASE("who may not delete an image's snapshots does not delete them with the image", "[image]") {
  PolicyWorld world;
  const auto copied =
      Value(world.CallText("CopyImage", absl::StrCat("source_image_id: '", world.image.text(),
                                                     "' name: 'copy' source_region: '", world.settings.region, "'")));
  const std::string id = static_cast<const CopyImageResponse&>(*copied).image_id();
  world.SetPolicy(R"({"Effect":"Allow","Action":["ec2:DeregisterImage","ec2:DescribeImages"],"Resource":"*"})");
  const std::string named = "dry_run: true image_id: '" + id + "'";
  CHECK(world.Try("DeregisterImage", named + " delete_associated_snapshots: true") == "UnauthorizedOperation");
  CHECK(world.Try("DeregisterImage", named) == "DryRunOperation");
  world.SetPolicy(R"({"Effect":"Allow","Action":["ec2:DeregisterImage","ec2:DeleteSnapshot"],"Resource":"*"})");
  CHECK(world.Try("DeregisterImage", named + " delete_associated_snapshots: true") == "DryRunOperation");
}

TEST_CASE("images are described in pages, by permission and with their tags", "[image]") {
  ImageStateWorld world;
  for (int i = 0; i < 6; ++i) world.CopyOf(world.image, "copy " + std::to_string(i));
  const auto first = Value(world.CallText("DescribeImages", "max_results: 5"));
  const auto& page = static_cast<const DescribeImagesResponse&>(*first);
  REQUIRE(page.images_size() == 5);
  REQUIRE_FALSE(page.next_token().empty());
  CHECK(world.Shown("max_results: 5 next_token: '" + page.next_token() + "'").size() == 2);
  CHECK(world.CodeOf("DescribeImages", "next_token: 'x'") == "InvalidNextToken");

  REQUIRE(world
              .CodeOf("ModifyImageAttribute", world.Ami("launch_permission { add { group: 'all' } add { user_id: "
                                                        "'123456789012' } }"))
              .empty());
  CHECK(world.Shown("executable_users: 'all'").size() == 1);
  CHECK(world.Shown("executable_users: '123456789012'").size() == 1);
  CHECK(world.Shown("executable_users: 'self'").empty());

  const auto tagged = Value(
      world.CallText("RegisterImage",
                     absl::StrCat("name: 'tagged' block_device_mappings { device_name: '/dev/vda' ebs { snapshot_id: '",
                                  SnapshotOf(world.image).text(), "' } } tag_specifications { resource_type: 'image' ",
                                  "tags { key: 'k' value: 'v' } } imds_support: 'v2.0'")));
  const std::string id = static_cast<const RegisterImageResponse&>(*tagged).image_id();
  CHECK(world.Shown("filters { name: 'tag:k' values: 'v' }").front().image_id() == id);
  CHECK(world.Shown("image_ids: '" + id + "'").front().imds_support() == "v2.0");
  CHECK(world.CodeOf("RegisterImage", "name: 'tpm' image_location: '/x' tpm_support: 'v2.0'") ==
        "UnsupportedOperation");
  CHECK(world.CodeOf("RegisterImage", "name: 'tpm' image_location: '/x' uefi_data: 'AA'") == "UnsupportedOperation");
}

}  // namespace brume
