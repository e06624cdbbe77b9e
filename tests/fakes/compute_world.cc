#include "tests/fakes/compute_world.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>

#include "lib/ec2/compute/attached_instances.h"
#include "lib/ec2/compute/instance_lookup_service.h"
#include "lib/ec2/network/network_service.h"

namespace brume {

ComputeWorld::ComputeWorld(Settings changed, std::shared_ptr<FakeHost> on)
    : fake_host(std::move(on)), settings(std::move(changed)) {
  auto opened = store::Database::Open(directory.path() + "/brume.db");
  REQUIRE(opened.ok());
  database = *std::move(opened);
  hypervisor.OnCreate([this](const compute::GuestSpec& spec) { return fabric.OpenTaps(spec); });
  REQUIRE(network::NetworkService(*database, settings, random).EnsureDefaults().ok());
  network = std::make_unique<network::NetworkReconciler>(
      *database, clock, fabric, settings,
      network::NetworkReconcilerHooks{.instances = compute::AnswersForNetwork(),
                                      .on_vpc_ready = [](const Vpc&) { return absl::OkStatus(); }});
  images = std::make_unique<storage::ImageReconciler>(*database, disks, clock, compute::HasInstancesOf);
  image_service = std::make_unique<storage::ImageService>(
      *database, clock, random, [this](const ImageId& id) { images->Wake(id); },
      [this](const SnapshotId& id) { snapshots->Wake(id); }, RetentionOf(settings));
  snapshots = std::make_unique<storage::SnapshotReconciler>(storage::SnapshotReconcilerParts{
      .database = *database,
      .disks = disks,
      .clock = clock,
      .wake_instance = [this](const InstanceId& id) { reconciler->Wake(id); },
      .on_layer_work = [this](const SnapshotId& id) { merger->Wake(id); },
      .on_layer_removed = [this] { images->WakeAll(); },
      .settle_upload = [this](const VolumeSnapshot& snapshot) { return blocks->Settle(snapshot); },
      .abandon_upload = [this](const SnapshotId& id) { return block_files.Abandon(id); }});
  merger = std::make_unique<storage::LayerWorker>(
      storage::LayerWorkerParts{.database = *database,
                                .disks = disks,
                                .max_chain = settings.max_chain,
                                .clock = clock,
                                .on_freed = [this](const SnapshotId& id) { snapshots->Wake(id); }});
  blocks = std::make_unique<storage::SnapshotBlockService>(
      storage::SnapshotBlockService::Parts{.database = *database,
                                           .clock = clock,
                                           .random = random,
                                           .files = block_files,
                                           .wake = [this](const SnapshotId& id) { snapshots->Wake(id); }});
  snapshot_service = std::make_unique<storage::SnapshotService>(
      *database, clock, random, [this](const SnapshotId& id) { snapshots->Wake(id); }, RetentionOf(settings));
  volumes_made = std::make_unique<storage::VolumeReconciler>(*database, disks, clock, [this] { images->WakeAll(); });
  Boot("first-boot");
  network->Start();
  images->Start();
  snapshots->Start();
  merger->Start();
  volumes_made->Start();
  if (fake_host->image.empty()) fake_host->image = RegisterImage("world");
  image = fake_host->image;
}

ComputeWorld::~ComputeWorld() {
  merger->Stop();
  snapshots->Stop();
  if (reconciler) reconciler->Stop();
  volumes_made->Stop();
  network->Stop();
  images->Stop();
}

Settings ComputeWorld::DefaultSettings() {
  Settings settings;
  settings.host_memory_mib = 64 * 1024;
  settings.host_cpus = 16;
  return settings;
}

void ComputeWorld::Boot(const std::string& boot_id) {
  if (reconciler) reconciler->Stop();
  reconciler = std::make_unique<compute::InstanceReconciler>(
      compute::InstanceReconcilerParts{.database = *database,
                                       .settings = settings,
                                       .types = types,
                                       .clock = clock,
                                       .hypervisor = hypervisor,
                                       .network = *network,
                                       .disks = disks,
                                       .host_boot_id = boot_id,
                                       .on_disks_freed =
                                           [this] {
                                             images->WakeAll();
                                             snapshots->WakeAll();
                                           },
                                       .wake_volume = [this](const VolumeId& id) { volumes_made->Wake(id); },
                                       .guest_user_ids = guest_user_ids,
                                       .on_reconciled =
                                           [this](const InstanceId& id) {
                                             if (on_reconciled) on_reconciled(id);
                                           },
                                       .threads = 4});
  service = std::make_unique<compute::InstanceService>(
      *database, settings, types, clock, random,
      compute::InstanceServiceHooks{.wake_instance = [this](const InstanceId& id) { reconciler->Wake(id); },
                                    .wake_vpc = [this](const VpcId& id) { network->WakeVpc(id); }});
  reconciler->Start();
}

ImageId ComputeWorld::RegisterImage(const std::string& name) {
  storage::RegisterRequest request;
  request.name = name;
  request.location = directory.path();
  const auto id = image_service->Register(request);
  REQUIRE(id.ok());
  REQUIRE(Eventually([&] { return image_service->Get(*id)->image.state == ImageState::kAvailable; }));
  return *id;
}

compute::RunRequest ComputeWorld::Request(int count) const {
  compute::RunRequest request;
  request.image_id = image;
  request.instance_type = "b1.tiny";
  request.min_count = request.max_count = count;
  return request;
}

InstanceId ComputeWorld::Launch(const compute::RunRequest& request) {
  const auto reservation = service->Run(request);
  REQUIRE(reservation.ok());
  const InstanceId id = reservation->instances.front().instance.id;
  REQUIRE(Reaches(id, InstanceState::kRunning));
  return id;
}

Instance ComputeWorld::Row(const InstanceId& id) {
  const auto view = service->Get(id);
  REQUIRE(view.ok());
  return view->instance;
}

NetworkInterface ComputeWorld::InterfaceOf(const InstanceId& id) {
  const auto view = service->Get(id);
  REQUIRE(view.ok());
  REQUIRE(view->interfaces.size() == 1);
  return view->interfaces.front();
}

bool ComputeWorld::Reaches(const InstanceId& id, InstanceState state) {
  return Eventually([&] { return Row(id).state == state; });
}

}  // namespace brume
