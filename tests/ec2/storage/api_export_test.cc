// Exports, stores and restores of images: tasks, their ends, and what is refused.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "brume/ec2/v1/export.pb.h"
#include "brume/ec2/v1/image.pb.h"
#include "lib/ec2/storage/tables/export_task_table.h"
#include "tests/fakes/policy_world.h"

namespace brume {
namespace {

using namespace ec2::v1;

struct ExportWorld : ApiWorld {
  std::string Filled(const std::string& text) { return absl::StrReplaceAll(text, {{"$AMI", image.text()}}); }
  template <typename Response>
  Response Answer(const std::string& action, const std::string& request) {
    const auto answer = CallText(action, Filled(request));
    INFO(action << " " << request << ": " << answer.status());
    REQUIRE(answer.ok());
    return static_cast<const Response&>(**answer);
  }
  std::string CodeOf(const std::string& action, const std::string& request) {
    return std::string(ec2::ErrorCode(CallText(action, Filled(request)).status()));
  }
  std::string Begin(const std::string& more = "", const std::string& format = "VMDK") {
    return Answer<ExportImageResponse>("ExportImage",
                                       "image_id: '$AMI' disk_image_format: '" + format +
                                           "' s3_export_location { s3_bucket: 'bucket' s3_prefix: 'out/' } " + more)
        .export_image_task_id();
  }
  ExportImageTask Task(const std::string& id) {
    return Answer<DescribeExportImageTasksResponse>("DescribeExportImageTasks", "export_image_task_ids: '" + id + "'")
        .export_image_tasks(0);
  }
  ExportImageTask Reaches(const std::string& id, const std::string& status) {
    REQUIRE(Eventually([&] { return Task(id).status() == status; }));
    return Task(id);
  }
  std::vector<StoreImageTaskResult> Stores(const std::string& request = "") {
    const auto answer = Answer<DescribeStoreImageTasksResponse>("DescribeStoreImageTasks", request);
    return {answer.store_image_task_results().begin(), answer.store_image_task_results().end()};
  }
  brume::Image Restored(const std::string& request) {
    const ImageId id =
        ImageId::FromTrusted(Answer<CreateRestoreImageTaskResponse>("CreateRestoreImageTask", request).image_id());
    REQUIRE(Eventually([&] { return Value(image_service->Get(id)).image.state != ImageState::kPending; }));
    return Value(image_service->Get(id)).image;
  }
};

}  // namespace

TEST_CASE("an export is a task that is active, then completed with its file", "[export]") {
  ExportWorld world;
  const auto begun = world.Answer<ExportImageResponse>(
      "ExportImage",
      "image_id: '$AMI' disk_image_format: 'VHD' description: 'off it goes' role_name: 'vmimport' "
      "s3_export_location { s3_bucket: 'bucket' s3_prefix: 'out/' } "
      "tag_specifications { resource_type: 'export-image-task' tags { key: 'k' value: 'v' } }");
  const std::string id = begun.export_image_task_id();
  CHECK(absl::StartsWith(id, "export-ami-"));
  CHECK(begun.status() == "active");
  CHECK(begun.disk_image_format() == "VHD");
  CHECK(begun.image_id() == world.image.text());
  CHECK(begun.description() == "off it goes");
  CHECK(begun.tags_size() == 1);
  CHECK(world.Task(id).status() == "active");
  world.export_reconciler.Start();
  const ExportImageTask done = world.Reaches(id, "completed");
  CHECK(done.s3_export_location().s3_bucket() == "bucket");
  CHECK(done.s3_export_location().s3_prefix() == "out/");
  CHECK_FALSE(done.has_status_message());
  CHECK(world.export_files.KindOf({"bucket", "out/" + id + ".vhd"}) == "VHD");
  CHECK(world.CodeOf("CancelExportTask", "export_task_id: '" + id + "'") == "IncorrectState");
  const auto tagged = world.Answer<DescribeExportImageTasksResponse>(
      "DescribeExportImageTasks",
      "filters { name: 'tag:k' values: 'v' } filters { name: 'task-state' values: 'completed' }");
  CHECK(tagged.export_image_tasks_size() == 1);
  // It is shown for a week.
  world.clock.Advance(absl::Hours(24 * 7));
  world.export_reconciler.Wake(id);
  CHECK(world.Eventually([&] {
    return world.CodeOf("DescribeExportImageTasks", "export_image_task_ids: '" + id + "'") ==
           "InvalidExportTaskID.NotFound";
  }));
  world.export_reconciler.Stop();
}

TEST_CASE("an export that was begun goes on with another daemon, and one that is cancelled ends", "[export]") {
  ExportWorld world;
  const std::string first = world.Begin(), second = world.Begin("", "RAW");
  REQUIRE(world.CodeOf("CancelExportTask", "export_task_id: '" + second + "'").empty());
  REQUIRE(world.CodeOf("CancelExportTask", "export_task_id: '" + second + "'").empty());
  CHECK(world.Task(second).status() == "deleting");
  world.export_reconciler.Start();
  world.Reaches(first, "completed");
  const ExportImageTask ended = world.Reaches(second, "deleted");
  CHECK_FALSE(ended.status_message().empty());
  CHECK(world.export_files.KindOf({"bucket", "out/" + second + ".raw"}).empty());
  world.export_reconciler.Stop();
}

TEST_CASE("an export that cannot be is deleted and says why, and a full disk is waited for", "[export]") {
  ExportWorld world;
  world.export_files.FailWith(absl::InvalidArgumentError("the bucket has a file 'x' already"));
  world.export_reconciler.Start();
  const ExportImageTask failed = world.Reaches(world.Begin(), "deleted");
  CHECK(failed.status_message() == "ClientError: the bucket has a file 'x' already");
  world.export_files.FailWith(absl::ResourceExhaustedError("no space"));
  world.Reaches(world.Begin(), "completed");
  world.export_reconciler.Stop();
}

TEST_CASE("the same call with the same token is the same export, and another is refused", "[export]") {
  ExportWorld world;
  const std::string id = world.Begin("client_token: 'a'");
  CHECK(world.Begin("client_token: 'a'") == id);
  CHECK(world.CodeOf("ExportImage",
                     "image_id: '$AMI' disk_image_format: 'RAW' client_token: 'a' "
                     "s3_export_location { s3_bucket: 'bucket' }") == "IdempotentParameterMismatch");
  CHECK(world.Begin() != id);
}

TEST_CASE("an image is stored with all it has, and restored as it was", "[export]") {
  ExportWorld world;
  const auto registered = world.Answer<RegisterImageResponse>(
      "RegisterImage",
      absl::StrCat(
          "name: 'whole' description: 'all of it' boot_mode: 'uefi-preferred' imds_support: 'v2.0' "
          "root_device_name: '/dev/vda' tag_specifications { resource_type: 'image' tags { key: 'k' value: 'v' } } "
          "block_device_mappings { device_name: '/dev/vda' ebs { snapshot_id: '",
          SnapshotOf(world.image).text(),
          "' volume_size: 9 delete_on_termination: false } } "
          "block_device_mappings { device_name: '/dev/sdb' ebs { snapshot_id: '",
          SnapshotOf(world.image).text(),
          "' volume_type: 'io1' iops: 100 } } "
          "block_device_mappings { device_name: '/dev/sdc' ebs { volume_size: 2 encrypted: true } }"));
  const std::string id = registered.image_id();
  const auto stored =
      world.Answer<CreateStoreImageTaskResponse>("CreateStoreImageTask", "bucket: 'bucket' image_id: '" + id + "'");
  CHECK(stored.object_key() == id + ".bin");
  REQUIRE(world.Stores().size() == 1);
  CHECK(world.Stores().front().store_task_state() == "InProgress");
  // Two tasks do not write one file.
  CHECK(world.CodeOf("CreateStoreImageTask", "bucket: 'bucket' image_id: '" + id + "'") == "IncorrectState");
  world.export_reconciler.Start();
  REQUIRE(world.Eventually([&] { return world.Stores().front().store_task_state() == "Completed"; }));
  CHECK(world.Stores().front().progress_percentage() == 100);
  CHECK(world.Stores("image_ids: '" + id + "'").size() == 1);
  CHECK(world.Stores("image_ids: '$AMI'").empty());
  CHECK(world.Stores("filters { name: 'task-state' values: 'Failed' }").empty());

  const std::string of = "bucket: 'bucket' object_key: '" + stored.object_key() + "' ";
  CHECK(world.CodeOf("CreateRestoreImageTask", of) == "InvalidAMIName.Duplicate");
  const brume::Image image = world.Restored(of + "name: 'again'");
  CHECK(image.state == ImageState::kAvailable);
  CHECK(image.name == "again");
  CHECK(image.description == "all of it");
  CHECK(image.boot_mode == BootMode::kUefiPreferred);
  CHECK(image.imds_v2);
  CHECK_FALSE(image.root_delete_on_termination);
  CHECK(RootSizeGib(image) == 9);
  REQUIRE(image.data_disks.disks.size() == 2);
  CHECK(image.data_disks.disks[0].iops == 100);
  CHECK(image.data_disks.disks[0].snapshot_id != SnapshotOf(world.image).text());
  CHECK(image.data_disks.disks[1].encrypted == true);
  CHECK(Value(world.image_service->Get(image.id)).tags == TagMap{{"k", "v"}});
  // Its instances have all the volumes.
  compute::RunRequest run = world.Request();
  run.image_id = image.id;
  CHECK(world.service->Get(world.Launch(run))->volumes.size() == 3);
  // The original may go first, as nothing of it is needed.
  REQUIRE(world.CodeOf("DeregisterImage", "image_id: '" + id + "'").empty());
  const brume::Image tagged =
      world.Restored(of + "tag_specifications { resource_type: 'image' tags { key: 'x' value: 'y' } }");
  CHECK(tagged.name == "whole");
  CHECK(Value(world.image_service->Get(tagged.id)).tags == TagMap{{"x", "y"}});
  world.export_reconciler.Stop();
}

TEST_CASE("a restore that fails leaves an image that says why, and no layer", "[export]") {
  ExportWorld world;
  world.export_reconciler.Start();
  world.Answer<CreateStoreImageTaskResponse>("CreateStoreImageTask", "bucket: 'bucket' image_id: '$AMI'");
  REQUIRE(world.Eventually([&] { return world.Stores().front().store_task_state() == "Completed"; }));
  world.export_files.FailWith(absl::InvalidArgumentError("the archive is cut off"));
  const brume::Image image =
      world.Restored("bucket: 'bucket' object_key: '" + world.image.text() + ".bin' name: 'torn'");
  CHECK(image.state == ImageState::kFailed);
  CHECK(image.state_reason.message == "the archive is cut off");
  CHECK(Value(world.disks.List()).images == std::vector<ImageId>{world.image});
  REQUIRE(world.CodeOf("DeregisterImage", "image_id: '" + image.id.text() + "'").empty());
  world.export_reconciler.Stop();
}

TEST_CASE("a bad export, store or restore is refused with EC2's code, and nothing begins", "[export]") {
  ExportWorld world;
  const auto copied = world.Answer<CopyImageResponse>(
      "CopyImage",
      "source_image_id: '$AMI' name: 'encrypted' encrypted: true source_region: '" + world.settings.region + "'");
  const ImageId encrypted = ImageId::FromTrusted(copied.image_id());
  REQUIRE(world.Eventually(
      [&] { return Value(world.image_service->Get(encrypted)).image.state == ImageState::kAvailable; }));
  const std::string to = "disk_image_format: 'RAW' s3_export_location { s3_bucket: 'bucket' } ";
  const auto place = [](const std::string& bucket, const std::string& prefix) {
    return "image_id: '$AMI' disk_image_format: 'RAW' s3_export_location { s3_bucket: '" + bucket + "' s3_prefix: '" +
           prefix + "' }";
  };
  struct Row {
    const char* code;
    const char* action;
    std::string request;
  };
  for (const Row& row : std::vector<Row>{
           {"MissingParameter", "ExportImage", "image_id: '$AMI' disk_image_format: 'RAW'"},
           {"MissingParameter", "ExportImage", "image_id: '$AMI' s3_export_location { s3_bucket: 'bucket' }"},
           {"MissingParameter", "ExportImage", "image_id: '$AMI' disk_image_format: 'RAW' s3_export_location { }"},
           {"InvalidParameterValue", "ExportImage",
            "image_id: '$AMI' disk_image_format: 'ISO' s3_export_location { s3_bucket: 'bucket' }"},
           {"InvalidAMIID.Malformed", "ExportImage", to + "image_id: 'ami-'"},
           {"InvalidAMIID.NotFound", "ExportImage", to + "image_id: 'ami-00000000000000000'"},
           {"NotExportable", "ExportImage", to + "image_id: '" + encrypted.text() + "'"},
           {"NotExportable", "CreateStoreImageTask", "bucket: 'bucket' image_id: '" + encrypted.text() + "'"},
           {"InvalidParameterValue", "ExportImage", place("no-such-bucket", "")},
           {"InvalidParameterValue", "ExportImage", place("..", "")},
           {"InvalidParameterValue", "ExportImage", place("bucket/deep", "")},
           {"InvalidParameterValue", "ExportImage", place("bucket", "../../")},
           {"InvalidParameterValue", "ExportImage", place("bucket", "/absolute/")},
           {"InvalidParameterValue", "ExportImage", place("bucket", "a//")},
           {"InvalidParameterValue", "ExportImage", place("bucket", "line\\n")},
           {"InvalidParameterValue", "ExportImage",
            to + "image_id: '$AMI' tag_specifications { resource_type: 'image' tags { key: 'k' } }"},
           {"DryRunOperation", "ExportImage", to + "image_id: '$AMI' dry_run: true"},
           {"InvalidExportTaskID.Malformed", "DescribeExportImageTasks", "export_image_task_ids: 'export-ami-'"},
           {"InvalidExportTaskID.NotFound", "DescribeExportImageTasks",
            "export_image_task_ids: 'export-ami-0123456789abcdef0'"},
           {"InvalidParameterValue", "DescribeExportImageTasks", "filters { name: 'colour' values: 'red' }"},
           {"InvalidNextToken", "DescribeExportImageTasks", "next_token: 'x'"},
           {"MissingParameter", "CancelExportTask", ""},
           {"InvalidExportTaskID.Malformed", "CancelExportTask", "export_task_id: 'import-ami-0123456789abcdef0'"},
           {"InvalidExportTaskID.NotFound", "CancelExportTask", "export_task_id: 'export-ami-0123456789abcdef0'"},
           {"MissingParameter", "CreateStoreImageTask", "image_id: '$AMI'"},
           {"InvalidParameterValue", "CreateStoreImageTask", "image_id: '$AMI' bucket: 'no-such-bucket'"},
           {"InvalidParameterCombination", "DescribeStoreImageTasks", "image_ids: '$AMI' max_results: 5"},
           {"MissingParameter", "CreateRestoreImageTask", "bucket: 'bucket'"},
           {"InvalidParameterValue", "CreateRestoreImageTask", "bucket: 'bucket' object_key: 'none.bin'"},
           {"InvalidParameterValue", "CreateRestoreImageTask", "bucket: 'bucket' object_key: '../x'"}}) {
    INFO(row.action << " " << row.request);
    CHECK(world.CodeOf(row.action, row.request) == row.code);
  }
  CHECK(
      Value(world.database->ReadFor([](store::Connection& c) { return storage::ExportTaskTable(c).List(); })).empty());
  REQUIRE(world.CodeOf("DisableImage", "image_id: '$AMI'").empty());
  CHECK(world.CodeOf("ExportImage", to + "image_id: '$AMI'") == "InvalidAMIID.Unavailable");
}

TEST_CASE("who may not export an image does not, and why a file cannot be written is for administrators", "[export]") {
  PolicyWorld world;
  const std::string request =
      "image_id: '" + world.image.text() + "' disk_image_format: 'RAW' s3_export_location { s3_bucket: 'bucket' } ";
  world.Protect("arn:aws:ec2:us-east-1::image/" + world.image.text());
  CHECK(world.Try("ExportImage", request + "dry_run: true") == "UnauthorizedOperation");
  CHECK(world.Try("CreateStoreImageTask", "bucket: 'bucket' dry_run: true image_id: '" + world.image.text() + "'") ==
        "UnauthorizedOperation");
  world.SetPolicy(R"({"Effect":"Allow","Action":"*","Resource":"*"})");
  world.export_files.FailWith(absl::InvalidArgumentError("/srv/secret has a file already"));
  REQUIRE(world.Try("ExportImage", request).empty());
  world.export_reconciler.Start();
  const auto shown = [&] {
    return world.AsUser<DescribeExportImageTasksResponse>(DescribeExportImageTasksRequest()).export_image_tasks(0);
  };
  REQUIRE(world.Eventually([&] { return shown().status() == "deleted"; }));
  CHECK_FALSE(absl::StrContains(shown().status_message(), "/srv"));
  world.export_reconciler.Stop();
}

}  // namespace brume
