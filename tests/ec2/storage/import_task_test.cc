// Imports as tasks: from the call to the image, and the ways they end before it.
#include <catch2/catch.hpp>
#include <deque>
#include <thread>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "brume/ec2/v1/image.pb.h"
#include "brume/ec2/v1/import.pb.h"
#include "brume/ec2/v1/instance.pb.h"
#include "brume/host/v1/catalogue.pb.h"
#include "lib/base/mutex.h"
#include "lib/ec2/storage/tables/import_task_table.h"
#include "tests/fakes/api_world.h"

namespace brume::storage {
namespace {

using ec2::v1::ImportImageTask;

// Prepares as it is told to, one answer a call, and remembers what it was asked.
class ScriptedFiles final : public ImportFiles {
 public:
  using Answer = std::function<absl::StatusOr<PreparedDisk>(const ImportOrder& order, const ImportWatch& watch)>;

  absl::StatusOr<PreparedDisk> Prepare(const ImportOrder& order, const ImportWatch& watch) override {
    Answer answer;
    {
      MutexLock lock(mutex_);
      orders_.push_back(order);
      if (!answers_.empty()) {
        answer = answers_.front();
        if (answers_.size() > 1) answers_.pop_front();
      }
    }
    if (answer) return answer(order, watch);
    return PreparedDisk{.path = "/prepared", .format = "vmdk", .size_bytes = 12345};
  }
  absl::Status Remove(const std::string& id) override {
    MutexLock lock(mutex_);
    removed_.insert(id);
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<std::string>> List() override { return std::vector<std::string>(); }

  // The last answer is given ever after.
  void Answers(std::deque<Answer> answers) {
    MutexLock lock(mutex_);
    answers_ = std::move(answers);
  }
  void Fails(const absl::Status& status) {
    Answers({[status](const ImportOrder&, const ImportWatch&) { return status; }});
  }
  std::vector<ImportOrder> orders() {
    MutexLock lock(mutex_);
    return orders_;
  }
  bool Removed(const std::string& id) {
    MutexLock lock(mutex_);
    return removed_.contains(id);
  }

 private:
  Mutex mutex_;
  std::deque<Answer> answers_ ABSL_GUARDED_BY(mutex_);
  std::vector<ImportOrder> orders_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> removed_ ABSL_GUARDED_BY(mutex_);
};

struct ImportWorld : ApiWorld {
  ScriptedFiles files;
  std::unique_ptr<ImportReconciler> reconciler = NewReconciler();

  std::unique_ptr<ImportReconciler> NewReconciler() {
    return std::make_unique<ImportReconciler>(ImportReconcilerParts{
        .database = *database, .disks = disks, .files = files, .clock = clock, .catalogue = catalogue});
  }
  std::string Begin(const std::string& url, const std::string& more = "") {
    auto response = CallText("ImportImage", "disk_containers { url: '" + url + "' } " + more);
    REQUIRE_OK(response.status());
    const std::string id = static_cast<const ec2::v1::ImportImageResponse&>(**response).import_task_id();
    reconciler->Wake(id);
    return id;
  }
  std::string BeginSnapshot(const std::string& url, const std::string& more = "") {
    const auto response = Value(CallText("ImportSnapshot", "disk_container { url: '" + url + "' } " + more));
    const std::string id = static_cast<const ec2::v1::ImportSnapshotResponse&>(*response).import_task_id();
    reconciler->Wake(id);
    return id;
  }
  ec2::v1::ImportSnapshotTask SnapshotTask(const std::string& id) {
    ec2::v1::DescribeImportSnapshotTasksRequest request;
    request.add_import_task_ids(id);
    const auto response = Value(Call<ec2::v1::DescribeImportSnapshotTasksResponse>(request));
    REQUIRE(response.import_snapshot_tasks_size() == 1);
    return response.import_snapshot_tasks(0);
  }
  ec2::v1::ImportSnapshotTask SnapshotReaches(const std::string& id, const std::string& status) {
    REQUIRE(Eventually([&] { return SnapshotTask(id).snapshot_task_detail().status() == status; }));
    return SnapshotTask(id);
  }
  ImportImageTask Task(const std::string& id) {
    ec2::v1::DescribeImportImageTasksRequest request;
    request.add_import_task_ids(id);
    const auto response = Value(Call<ec2::v1::DescribeImportImageTasksResponse>(request));
    REQUIRE(response.import_image_tasks_size() == 1);
    return response.import_image_tasks(0);
  }
  // Waits until the task is in this state.
  ImportImageTask Reaches(const std::string& id, const std::string& status) {
    const absl::Time deadline = absl::Now() + absl::Seconds(30);
    ImportImageTask task = Task(id);
    while (task.status() != status && absl::Now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      task = Task(id);
    }
    INFO(task.DebugString());
    REQUIRE(task.status() == status);
    return task;
  }
  bool HasImages(int count) {
    return image_service->List().value().size() == static_cast<size_t>(count) + 1;  // and the world's own
  }
};

std::string CodeOf(const absl::Status& status) { return std::string(ec2::ErrorCode(status)); }

}  // namespace

TEST_CASE("an import is a task that is active, then completed with an image that can be launched", "[import]") {
  ImportWorld world;
  const std::string id =
      world.Begin("/srv/a.vmdk",
                  "description: 'old' boot_mode: 'uefi' license_type: 'BYOL' platform: 'Linux' "
                  "tag_specifications { resource_type: 'import-image-task' tags { key: 'k' value: 'v' } }");
  CHECK(absl::StartsWith(id, "import-ami-"));
  ImportImageTask task = world.Task(id);
  CHECK(task.status() == "active");
  CHECK(task.status_message() == "pending");
  CHECK(task.progress() == "0");
  CHECK_FALSE(task.has_image_id());
  CHECK(task.boot_mode() == "uefi");
  REQUIRE(task.tags_size() == 1);
  CHECK(world.HasImages(0));

  world.reconciler->Start();
  task = world.Reaches(id, "completed");
  CHECK_FALSE(task.has_progress());
  CHECK_FALSE(task.has_status_message());
  CHECK(task.description() == "old");
  CHECK(task.license_type() == "BYOL");
  REQUIRE(task.snapshot_details_size() == 1);
  CHECK(task.snapshot_details(0).format() == "VMDK");
  CHECK(task.snapshot_details(0).disk_image_size() == 12345);
  CHECK(task.snapshot_details(0).status() == "completed");
  CHECK(task.snapshot_details(0).url() == "/srv/a.vmdk");

  const ImageView image = Value(world.image_service->Get(Value(ImageId::Parse(task.image_id()))));
  CHECK(image.image.state == ImageState::kAvailable);
  CHECK(image.image.name == id);
  CHECK(image.image.description == "old");
  CHECK(image.image.boot_mode == BootMode::kUefi);
  CHECK(image.image.root_device_name == "/dev/vda");
  REQUIRE_OK(world.CallText("RunInstances", "min_count: 1 max_count: 1 image_id: '" + task.image_id() + "'").status());
  const auto deadline = absl::Now() + absl::Seconds(30);
  while (!world.files.Removed(id) && absl::Now() < deadline) std::this_thread::yield();
  CHECK(world.files.Removed(id));
}

TEST_CASE("an import that cannot be is deleted, says why, and leaves no image and no file", "[import]") {
  ImportWorld world;
  world.files.Fails(absl::InvalidArgumentError("the file is of format zip"));
  const std::string id = world.Begin("/srv/a.zip");
  world.reconciler->Start();
  const ImportImageTask task = world.Reaches(id, "deleted");
  CHECK(task.status_message() == "ClientError: the file is of format zip");
  CHECK_FALSE(task.has_image_id());
  CHECK(world.HasImages(0));
  CHECK(world.files.Removed(id));
}

TEST_CASE("why a file of the host cannot be imported is told to administrators alone", "[import]") {
  ImportWorld world;
  world.files.Fails(absl::InvalidArgumentError("'/etc/shadow' lies outside"));
  const std::string host = world.Begin("/etc/shadow"), web = world.Begin("https://example.org/etc/shadow");
  world.reconciler->Start();
  world.Reaches(host, "deleted");
  world.Reaches(web, "deleted");
  Caller caller = world.administrator;
  caller.administrator = false;
  ec2::v1::DescribeImportImageTasksRequest request;
  request.add_import_task_ids(host);
  request.add_import_task_ids(web);
  gateway::Dispatcher dispatcher({.authorize = [](const Caller&, const AccessQuestion&) { return absl::OkStatus(); },
                                  .record = [](const gateway::CallRecord&) {}});
  world.AddActions(dispatcher);
  const auto response = dispatcher.Call(*world.FindRpc("DescribeImportImageTasks"), request, caller);
  REQUIRE_OK(response.status());
  const auto& tasks = static_cast<const ec2::v1::DescribeImportImageTasksResponse&>(**response);
  REQUIRE(tasks.import_image_tasks_size() == 2);
  for (const ImportImageTask& task : tasks.import_image_tasks()) {
    CHECK(absl::StrContains(task.status_message(), "outside") == (task.import_task_id() == web));
  }
}

TEST_CASE("an import waits for what may come back, and is given up when it gets no further", "[import]") {
  ImportWorld world;
  const auto unavailable = [](const ImportOrder&, const ImportWatch&) -> absl::StatusOr<PreparedDisk> {
    return absl::UnavailableError("the server does not answer");
  };
  const auto good = [](const ImportOrder&, const ImportWatch&) -> absl::StatusOr<PreparedDisk> {
    return PreparedDisk{.path = "/prepared", .format = "raw", .size_bytes = 1};
  };
  SECTION("it comes back") {
    world.files.Answers({unavailable, unavailable, good});
    const std::string id = world.Begin("https://example.org/a");
    world.reconciler->Start();
    world.Reaches(id, "completed");
    CHECK(world.files.orders().size() >= 3);
  }
  SECTION("it does not") {
    world.files.Answers({unavailable});
    const std::string id = world.Begin("https://example.org/a");
    world.clock.Advance(absl::Hours(1));
    world.reconciler->Start();
    CHECK(world.Reaches(id, "deleted").status_message() == "ServerError: the server does not answer");
  }
}

TEST_CASE("an import that is cancelled is broken off, and goes with what it fetched", "[import]") {
  ImportWorld world;
  std::atomic<bool> working = false;
  world.files.Answers({[&](const ImportOrder&, const ImportWatch& watch) -> absl::StatusOr<PreparedDisk> {
    const absl::Time deadline = absl::Now() + absl::Seconds(30);
    while (absl::Now() < deadline) {
      if (!watch({.message = "downloading", .percent = 7})) return absl::CancelledError("ended");
      working = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return absl::InternalError("nobody ended it");
  }});
  const std::string id = world.Begin("https://example.org/a");
  world.reconciler->Start();
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (!working && absl::Now() < deadline) std::this_thread::yield();
  SECTION("by its caller") {
    const auto response =
        Value(world.CallText("CancelImportTask", "import_task_id: '" + id + "' cancel_reason: 'dull'"));
    const auto& cancelled = static_cast<const ec2::v1::CancelImportTaskResponse&>(*response);
    CHECK(cancelled.previous_state() == "active");
    CHECK(cancelled.state() == "deleting");
    CHECK(world.Reaches(id, "deleted").status_message() == "dull");
    CHECK(world.HasImages(0));
    CHECK(CodeOf(world.CallText("CancelImportTask", "import_task_id: '" + id + "'").status()) == "IncorrectState");
  }
  SECTION("a daemon that stops breaks it off too, and the next one goes on with it") {
    world.reconciler->Stop();
    CHECK(world.Task(id).status() == "active");
    CHECK(world.Task(id).progress() == "7");
    CHECK(world.Task(id).status_message() == "downloading");
    world.files.Answers({});
    world.reconciler = world.NewReconciler();
    world.reconciler->Start();
    world.Reaches(id, "completed");
  }
}

TEST_CASE("the same request with the same token is the same task", "[import]") {
  ImportWorld world;
  const std::string id = world.Begin("/a", "client_token: 't'");
  CHECK(world.Begin("/a", "client_token: 't'") == id);
  CHECK(world.Begin("/a") != id);
  CHECK(CodeOf(world.CallText("ImportImage", "client_token: 't' disk_containers { url: '/b' }").status()) ==
        "IdempotentParameterMismatch");
}

TEST_CASE("an image of the catalogue is imported by its name, from where its entry says", "[import]") {
  ImportWorld world;
  const std::string id = world.Begin("catalogue:debian-12");
  world.reconciler->Start();
  const ImportImageTask task = world.Reaches(id, "completed");
  REQUIRE(world.files.orders().size() == 1);
  CHECK(world.files.orders()[0].source.location == "https://images.example.org/debian-12.qcow2");
  const Image image = Value(world.image_service->Get(Value(ImageId::Parse(task.image_id())))).image;
  CHECK(image.catalogue_name == "debian-12");
  CHECK(absl::StartsWith(image.name, "debian-12-"));
  CHECK(image.boot_mode == BootMode::kUefi);
  CHECK(image.location == "https://images.example.org/debian-12.qcow2");
  const auto unknown = world.CallText("ImportImage", "disk_containers { url: 'catalogue:plan-9' }").status();
  CHECK(CodeOf(unknown) == "InvalidParameterValue");
}

TEST_CASE("owners of images are accounts, AWS's aliases and those of the catalogue", "[import]") {
  ImportWorld world;
  const auto found = [&](const std::string& owner) {
    const auto answer = Value(world.CallText("DescribeImages", "owners: '" + owner + "'"));
    return static_cast<const ec2::v1::DescribeImagesResponse&>(*answer).images_size();
  };
  CHECK(found("self") == 1);
  CHECK(found(world.settings.account_id) == 1);
  for (const char* owner : {"amazon", "aws-marketplace", "aws-backup-vault", "099720109477", "debian"}) {
    INFO(owner);
    CHECK(found(owner) == 0);
  }
}

TEST_CASE("the catalogue is listed with what its images need and which are imported", "[import]") {
  ImportWorld world;
  const auto listed = [&] {
    const auto answer = Value(world.CallText("ListCatalogueImages", ""));
    const auto& images = static_cast<const host::v1::ListCatalogueImagesResponse&>(*answer).images();
    REQUIRE(images.size() == 1);
    return images[0];
  };
  const host::v1::CatalogueImage debian = listed();
  CHECK(debian.name() == "debian-12");
  CHECK(debian.description() == "Debian 12");
  CHECK(debian.image_owner_alias() == "debian");
  CHECK(debian.boot_mode() == "uefi");
  CHECK(debian.min_volume_size() == 1);
  CHECK(debian.url() == "https://images.example.org/debian-12.qcow2");
  REQUIRE(debian.ssm_parameters_size() == 1);
  CHECK_FALSE(debian.has_default_user());
  CHECK_FALSE(debian.has_image_id());
  world.reconciler->Start();
  const std::string image = world.Reaches(world.Begin("catalogue:debian-12"), "completed").image_id();
  CHECK(listed().image_id() == image);
}

TEST_CASE("an instance is launched from an image of the catalogue by its name and by AWS's parameter", "[import]") {
  ImportWorld world;
  const auto launch = [&](const std::string& image) {
    return world.CallText("RunInstances", "min_count: 1 max_count: 1 image_id: '" + image + "'");
  };
  const std::string parameter = "resolve:ssm:/aws/service/debian/release/12/latest/amd64";
  for (const std::string& name : {std::string("debian-12"), parameter}) {
    const absl::Status missing = launch(name).status();
    CHECK(CodeOf(missing) == "InvalidAMIID.NotFound");
    CHECK(absl::StrContains(missing.message(), "brume import-image debian-12"));
  }
  CHECK(CodeOf(launch("resolve:ssm:/aws/service/x").status()) == "InvalidAMIID.NotFound");
  CHECK(CodeOf(launch("plan-9").status()) == "InvalidAMIID.Malformed");
  world.reconciler->Start();
  std::string newest;
  for (int i = 0; i < 2; ++i) {
    newest = world.Reaches(world.Begin("catalogue:debian-12"), "completed").image_id();
    world.clock.Advance(absl::Minutes(1));
  }
  for (const std::string& name : {std::string("debian-12"), parameter}) {
    const auto response = Value(launch(name));
    CHECK(static_cast<const ec2::v1::RunInstancesResponse&>(*response).instances(0).image_id() == newest);
  }
  const auto images =
      Value(world.CallText("DescribeImages", "owners: 'debian' filters { name: 'owner-alias' values: 'debian' }"));
  const auto& described = static_cast<const ec2::v1::DescribeImagesResponse&>(*images);
  REQUIRE(described.images_size() == 2);
  CHECK(described.images(0).image_owner_alias() == "debian");
  CHECK(
      static_cast<const ec2::v1::DescribeImagesResponse&>(*Value(world.CallText("DescribeImages", "owners: 'amazon'")))
          .images_size() == 0);
}

TEST_CASE("a launch template names an image by AWS's parameter, which is looked up at each launch", "[import]") {
  ImportWorld world;
  world.reconciler->Start();
  const std::string parameter = "resolve:ssm:/aws/service/debian/release/12/latest/amd64";
  const auto create = [&](const std::string& name, const std::string& image) {
    return world.CallText("CreateLaunchTemplate", "launch_template_name: '" + name +
                                                      "' launch_template_data { image_id: '" + image +
                                                      "' instance_type: 'b1.tiny' }");
  };
  REQUIRE(create("by-parameter", parameter).ok());
  CHECK(CodeOf(create("by-nothing", "debian").status()) == "InvalidAMIID.Malformed");
  const auto launch = [&] {
    return world.CallText("RunInstances",
                          "min_count: 1 max_count: 1 launch_template { launch_template_name: 'by-parameter' }");
  };
  // As Auto Scaling launches, by the template's spec.
  compute::LaunchSpec spec;
  spec.image_id = parameter;
  spec.instance_type = "b1.tiny";
  CHECK(CodeOf(launch().status()) == "InvalidAMIID.NotFound");
  CHECK(CodeOf(world.launches.Launch(spec, {}).status()) == "InvalidAMIID.NotFound");
  for (int i = 0; i < 2; ++i) {
    const std::string newest = world.Reaches(world.Begin("catalogue:debian-12"), "completed").image_id();
    world.clock.Advance(absl::Minutes(1));
    const auto response = Value(launch());
    CHECK(static_cast<const ec2::v1::RunInstancesResponse&>(*response).instances(0).image_id() == newest);
    CHECK(Value(world.launches.Launch(spec, {})).instances.front().instance.image_id.text() == newest);
  }
}

TEST_CASE("a policy is asked about the image that is launched, by whatever name", "[import]") {
  ImportWorld world;
  world.reconciler->Start();
  const std::string image = world.Reaches(world.Begin("catalogue:debian-12"), "completed").image_id();
  ec2::v1::RunInstancesRequest request;
  request.set_image_id("debian-12");
  request.set_min_count(1);
  request.set_max_count(1);
  AccessQuestion asked;
  gateway::Dispatcher dispatcher({.authorize =
                                      [&](const Caller&, const AccessQuestion& question) {
                                        asked = question;
                                        return absl::OkStatus();
                                      },
                                  .record = [](const gateway::CallRecord&) {}});
  world.AddActions(dispatcher);
  Caller caller = world.administrator;
  caller.administrator = false;
  REQUIRE_OK(dispatcher.Call(*world.FindRpc("RunInstances"), request, caller).status());
  CHECK(std::any_of(asked.resources.begin(), asked.resources.end(),
                    [&](const std::string& arn) { return absl::EndsWith(arn, "image/" + image); }));
}

TEST_CASE("a task is shown for a week after its end", "[import]") {
  ImportWorld world;
  const std::string id = world.Begin("/a");
  world.reconciler->Start();
  world.Reaches(id, "completed");
  world.reconciler->Stop();
  world.clock.Advance(absl::Hours(24 * 7 + 1));
  world.reconciler = world.NewReconciler();
  world.reconciler->Start();
  const std::vector<std::string> task = {id};
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (world.imports.List(ImportKind::kImage, task).ok() && absl::Now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  CHECK(absl::IsNotFound(world.imports.List(ImportKind::kImage, task).status()));
  CHECK(world.HasImages(1));
}

TEST_CASE("a bad import is refused with EC2's code and leaves no task", "[import]") {
  ImportWorld world;
  struct Row {
    const char* code;
    const char* action;
    const char* request;
  };
  for (const Row& row : std::vector<Row>{
           {"MissingParameter", "ImportImage", ""},
           {"InvalidParameterValue", "ImportImage", "disk_containers { url: 'catalogue:plan-9' }"},
           {"MissingParameter", "ImportImage", "disk_containers { format: 'RAW' }"},
           {"UnsupportedOperation", "ImportImage", "disk_containers { url: '/a' } disk_containers { url: '/b' }"},
           {"UnsupportedOperation", "ImportImage", "disk_containers { user_bucket { s3_bucket: 'b' s3_key: 'k' } }"},
           {"UnsupportedOperation", "ImportImage", "disk_containers { snapshot_id: 'snap-0123456789abcdef0' }"},
           {"UnsupportedOperation", "ImportImage",
            "disk_containers { url: '/a' } encrypted: true kms_key_id: 'alias/mine'"},
           {"InvalidParameterDependency", "ImportImage", "disk_containers { url: '/a' } kms_key_id: 'alias/aws/ebs'"},
           {"InvalidParameterValue", "ImportImage", "disk_containers { url: 'a' }"},
           {"InvalidParameterValue", "ImportImage", "disk_containers { url: 'ftp://h/a' }"},
           {"InvalidParameterValue", "ImportImage", "disk_containers { url: '/a' format: 'ISO' }"},
           {"InvalidParameterValue", "ImportImage", "disk_containers { url: '/a' device_name: 'sda' }"},
           {"InvalidParameterValue", "ImportImage", "disk_containers { url: '/a' } architecture: 'arm64'"},
           {"InvalidParameterValue", "ImportImage", "disk_containers { url: '/a' } boot_mode: 'u-boot'"},
           {"InvalidParameterValue", "ImportImage",
            "disk_containers { url: '/a' } tag_specifications { resource_type: 'image' tags { key: 'a' } }"},
           {"DryRunOperation", "ImportImage", "disk_containers { url: '/a' } dry_run: true"},
           {"InvalidConversionTaskId.Malformed", "DescribeImportImageTasks", "import_task_ids: 'import-ami-x'"},
           {"InvalidConversionTaskId", "DescribeImportImageTasks", "import_task_ids: 'import-ami-0123456789abcdef0'"},
           {"InvalidParameterValue", "DescribeImportImageTasks", "filters { name: 'colour' values: 'red' }"},
           {"MissingParameter", "CancelImportTask", ""},
           {"InvalidConversionTaskId.Malformed", "CancelImportTask", "import_task_id: 'ami-0123456789abcdef0'"},
           {"InvalidConversionTaskId", "CancelImportTask", "import_task_id: 'import-ami-0123456789abcdef0'"},
           {"MissingParameter", "ImportSnapshot", ""},
           {"MissingParameter", "ImportSnapshot", "disk_container { format: 'RAW' }"},
           {"UnsupportedOperation", "ImportSnapshot", "disk_container { user_bucket { s3_bucket: 'b' s3_key: 'k' } }"},
           {"UnsupportedOperation", "ImportSnapshot",
            "disk_container { url: '/a' } encrypted: true kms_key_id: 'alias/mine'"},
           {"InvalidParameterDependency", "ImportSnapshot", "disk_container { url: '/a' } kms_key_id: 'alias/aws/ebs'"},
           {"InvalidParameterValue", "ImportSnapshot", "disk_container { url: 'ftp://h/a' }"},
           {"InvalidParameterValue", "ImportSnapshot", "disk_container { url: '/a' format: 'ISO' }"},
           {"InvalidParameterValue", "ImportSnapshot",
            "disk_container { url: '/a' } tag_specifications { resource_type: 'snapshot' tags { key: 'a' } }"},
           {"DryRunOperation", "ImportSnapshot", "disk_container { url: '/a' } dry_run: true"},
           {"InvalidConversionTaskId.Malformed", "DescribeImportSnapshotTasks", "import_task_ids: 'import-snap-x'"},
           {"InvalidConversionTaskId", "DescribeImportSnapshotTasks",
            "import_task_ids: 'import-snap-0123456789abcdef0'"},
           {"InvalidParameterValue", "DescribeImportSnapshotTasks", "filters { name: 'colour' values: 'red' }"},
           {"InvalidConversionTaskId.Malformed", "CancelImportTask", "import_task_id: 'import-snap-'"},
           {"InvalidConversionTaskId", "CancelImportTask", "import_task_id: 'import-snap-0123456789abcdef0'"}}) {
    INFO(row.action << " " << row.request);
    const absl::Status refused = world.CallText(row.action, row.request).status();
    INFO(refused.ToString());
    CHECK(CodeOf(refused) == row.code);
  }
  for (const ImportKind kind : {ImportKind::kImage, ImportKind::kSnapshot}) {
    CHECK(world.imports.List(kind).value().empty());
  }
}

TEST_CASE("an import of a snapshot is a task that ends with a snapshot that volumes are made of", "[import]") {
  ImportWorld world;
  const std::string id = world.BeginSnapshot(
      "/srv/a.vmdk",
      "description: 'old' tag_specifications { resource_type: 'import-snapshot-task' tags { key: 'k' value: 'v' } }");
  CHECK(absl::StartsWith(id, "import-snap-"));
  ec2::v1::ImportSnapshotTask task = world.SnapshotTask(id);
  CHECK(task.snapshot_task_detail().status() == "active");
  CHECK(task.snapshot_task_detail().progress() == "0");
  CHECK_FALSE(task.snapshot_task_detail().has_snapshot_id());
  REQUIRE(task.tags_size() == 1);
  world.reconciler->Start();
  task = world.SnapshotReaches(id, "completed");
  CHECK(task.description() == "old");
  CHECK(task.snapshot_task_detail().format() == "VMDK");
  CHECK(task.snapshot_task_detail().disk_image_size() == 12345);
  CHECK(task.snapshot_task_detail().url() == "/srv/a.vmdk");
  const SnapshotId snapshot = Value(SnapshotId::Parse(task.snapshot_task_detail().snapshot_id()));
  const VolumeSnapshot row = Value(world.snapshot_service->List({&snapshot, 1})).front().snapshot;
  CHECK(row.state == SnapshotState::kCompleted);
  CHECK(row.description == "old");
  CHECK(row.volume_id.empty());
  CHECK(row.size_gib == 8);
  CHECK(row.below.empty());
  REQUIRE_OK(world.CallText("CreateVolume", "availability_zone: 'us-east-1a' snapshot_id: '" + snapshot.text() + "'")
                 .status());
  CHECK(world.HasImages(0));
}

TEST_CASE("imports of images and of snapshots are told apart by what describes them, and cancelled by one call",
          "[import]") {
  ImportWorld world;
  const std::string image = world.Begin("/srv/a", "client_token: 't'");
  const std::string snapshot = world.BeginSnapshot("/srv/a", "client_token: 't'");
  CHECK(image != snapshot);
  CHECK(world.BeginSnapshot("/srv/a", "client_token: 't'") == snapshot);
  CHECK(CodeOf(world.CallText("DescribeImportImageTasks", "import_task_ids: '" + snapshot + "'").status()) ==
        "InvalidConversionTaskId.Malformed");
  CHECK(CodeOf(world.CallText("DescribeImportSnapshotTasks", "import_task_ids: '" + image + "'").status()) ==
        "InvalidConversionTaskId.Malformed");
  const auto shown =
      Value(world.Call<ec2::v1::DescribeImportSnapshotTasksResponse>(ec2::v1::DescribeImportSnapshotTasksRequest()));
  REQUIRE(shown.import_snapshot_tasks_size() == 1);
  CHECK(shown.import_snapshot_tasks(0).import_task_id() == snapshot);
  REQUIRE_OK(world.CallText("CancelImportTask", "import_task_id: '" + snapshot + "'").status());
  world.reconciler->Start();
  world.SnapshotReaches(snapshot, "deleted");
  world.Reaches(image, "completed");
  CHECK(world.files.Removed(snapshot));
  CHECK(Value(world.disks.List()).snapshots.empty());
}

TEST_CASE("an import of a snapshot that cannot be says why, and leaves nothing", "[import]") {
  ImportWorld world;
  world.files.Fails(absl::InvalidArgumentError("the file is of format zip"));
  const std::string id = world.BeginSnapshot("/srv/a.zip");
  world.reconciler->Start();
  const auto task = world.SnapshotReaches(id, "deleted");
  CHECK(task.snapshot_task_detail().status_message() == "ClientError: the file is of format zip");
  CHECK_FALSE(task.snapshot_task_detail().has_snapshot_id());
  CHECK(world.files.Removed(id));
  CHECK(Value(world.snapshot_service->List({})).empty());
}

}  // namespace brume::storage
