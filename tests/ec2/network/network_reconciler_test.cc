// The reconciler's audit of the host, over a fabric that says what is damaged.
#include "lib/ec2/network/network_reconciler.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "lib/base/seeded_random.h"
#include "lib/ec2/network/network_service.h"
#include "lib/ec2/network/simulated_fabric.h"
#include "lib/ec2/network/vpc_endpoint_service.h"
#include "lib/ec2/network/vpc_service.h"
#include "tests/fakes/compute_world.h"

namespace brume {
namespace {

class DamagedFabric final : public network::SimulatedFabric {
 public:
  std::vector<network::FabricPart> Parts() override { return {std::nullopt}; }
  absl::StatusOr<std::vector<network::Damage>> InspectPart(const network::FabricPart&) override {
    MutexLock lock(mutex_);
    ++inspections_;
    return damages_;
  }
  void ListenForChanges(network::ChangeListener listener) override {
    MutexLock lock(mutex_);
    listener_ = std::move(listener);
  }
  // As the kernel does of the host's side.
  void NotifyChange() {
    MutexLock lock(mutex_);
    if (listener_ != nullptr) listener_(std::nullopt);
  }
  absl::Status SyncVpc(const network::VpcSpec& spec) override {
    {
      MutexLock lock(mutex_);
      ++vpc_syncs_;
      if (heals_) std::erase_if(damages_, [](const network::Damage& each) { return each.vpc && each.repairable; });
    }
    return SimulatedFabric::SyncVpc(spec);
  }
  absl::Status SyncHost() override {
    MutexLock lock(mutex_);
    ++host_syncs_;
    std::erase_if(damages_, [](const network::Damage& each) { return !each.vpc; });
    return absl::OkStatus();
  }
  void Damage(std::vector<network::Damage> damages, bool heals = true) {
    MutexLock lock(mutex_);
    damages_ = std::move(damages);
    heals_ = heals;
  }
  int inspections() {
    MutexLock lock(mutex_);
    return inspections_;
  }
  int vpc_syncs() {
    MutexLock lock(mutex_);
    return vpc_syncs_;
  }
  int host_syncs() {
    MutexLock lock(mutex_);
    return host_syncs_;
  }

 private:
  Mutex mutex_;
  network::ChangeListener listener_ ABSL_GUARDED_BY(mutex_);
  std::vector<network::Damage> damages_ ABSL_GUARDED_BY(mutex_);
  bool heals_ ABSL_GUARDED_BY(mutex_) = true;
  int inspections_ ABSL_GUARDED_BY(mutex_) = 0, vpc_syncs_ ABSL_GUARDED_BY(mutex_) = 0,
                   host_syncs_ ABSL_GUARDED_BY(mutex_) = 0;
};

class AuditFixture {
 protected:
  AuditFixture() {
    auto opened = store::Database::Open(directory.path() + "/brume.db");
    REQUIRE(opened.ok());
    database = *std::move(opened);
    REQUIRE(network::NetworkService(*database, settings, random).EnsureDefaults().ok());
    const auto vpcs = database->ReadFor([](store::Connection& c) { return network::ListVpcs(c); });
    REQUIRE(vpcs.ok());
    vpc = vpcs->front().id;
    Begin();
    REQUIRE(ComputeWorld::Eventually(
        [&] { return fabric.vpc_syncs() == 1 && fabric.inspections() > 0 && times_ready > 0; }));
  }
  // As a daemon that starts.
  void Begin(absl::Duration sweep_period = network::kSweepPeriod) {
    reconciler = std::make_unique<network::NetworkReconciler>(
        *database, clock, fabric, settings,
        network::NetworkReconcilerHooks{
            .instances = compute::AnswersForNetwork(),
            .on_vpc_ready =
                [this](const Vpc&) {
                  listens = true;
                  ++times_ready;
                  return absl::OkStatus();
                },
            .serve_endpoints = [this](const VpcId&,
                                      const std::vector<network::EndpointSpec>& endpoints) { return Serve(endpoints); },
            .on_vpc_gone = [this](const VpcId&) { ++times_gone; },
            .is_vpc_ready = [this](const VpcId&) { return listens.load(); },
            .are_endpoints_served = [this](const VpcId&) { return serves.load(); }},
        sweep_period);
    reconciler->Start();
  }
  absl::Status Serve(const std::vector<network::EndpointSpec>& endpoints) {
    if (!may_serve) return absl::UnavailableError("the port is taken");
    serves = true;
    served = static_cast<int>(endpoints.size());
    return absl::OkStatus();
  }
  bool IsOnHost(const VpcId& id) {
    const auto vpcs = fabric.List()->vpcs;
    return std::find(vpcs.begin(), vpcs.end(), id) != vpcs.end();
  }
  ~AuditFixture() { reconciler->Stop(); }

  TempDir directory;
  Settings settings;
  SeededRandom random{1};
  RealClock clock;
  std::unique_ptr<store::Database> database;
  DamagedFabric fabric;
  std::atomic<bool> listens = true, serves = true, may_serve = true;
  std::atomic<int> times_ready = 0, times_gone = 0, served = 0;
  std::unique_ptr<network::NetworkReconciler> reconciler;
  VpcId vpc;
};

}  // namespace

TEST_CASE_METHOD(AuditFixture, "what is damaged is synced again within seconds, and what was is kept", "[network]") {
  CHECK(reconciler->Repairs().empty());
  fabric.Damage({{.vpc = vpc, .what = "its packet rules were changed"}, {.vpc = {}, .what = "the table is gone"}});
  REQUIRE(ComputeWorld::Eventually([&] { return fabric.vpc_syncs() > 1 && fabric.host_syncs() == 1; }));
  REQUIRE(ComputeWorld::Eventually([&] { return reconciler->Repairs().size() == 2; }));
  const std::vector<network::Repair> repairs = reconciler->Repairs();
  CHECK(repairs[0].what == vpc.text() + ": its packet rules were changed");
  CHECK(repairs[1].what == "host: the table is gone");
}

TEST_CASE_METHOD(AuditFixture, "what the kernel tells of is looked at long before the next sweep", "[network]") {
  reconciler.reset();
  const int inspections = fabric.inspections(), syncs = fabric.vpc_syncs();
  Begin(absl::Hours(1));
  REQUIRE(ComputeWorld::Eventually(
      [&] { return fabric.inspections() == inspections + 1 && fabric.vpc_syncs() == syncs + 1; }));
  fabric.Damage({{.vpc = vpc, .what = "its packet rules were changed"}, {.vpc = {}, .what = "the table is gone"}});
  fabric.NotifyChange();
  REQUIRE(ComputeWorld::Eventually([&] { return fabric.vpc_syncs() == syncs + 2 && fabric.host_syncs() == 1; }));
  // Seen whole in between, so it is new again.
  fabric.NotifyChange();
  REQUIRE(ComputeWorld::Eventually([&] { return fabric.inspections() >= inspections + 3; }));
  fabric.Damage({{.vpc = vpc, .what = "its packet rules were changed"}});
  fabric.NotifyChange();
  REQUIRE(ComputeWorld::Eventually([&] { return fabric.vpc_syncs() == syncs + 3; }));
  reconciler->Stop();
  fabric.NotifyChange();
}

TEST_CASE_METHOD(AuditFixture, "a repair that changes something and mends nothing is not begun again by that change",
                 "[network]") {
  reconciler.reset();
  const int syncs = fabric.vpc_syncs();
  Begin(absl::Hours(1));
  REQUIRE(ComputeWorld::Eventually([&] { return fabric.vpc_syncs() == syncs + 1; }));
  fabric.Damage({{.vpc = vpc, .what = "stays"}}, /*heals=*/false);
  fabric.NotifyChange();
  REQUIRE(ComputeWorld::Eventually([&] { return fabric.vpc_syncs() == syncs + 2; }));
  for (int i = 0; i < 3; ++i) {
    const int inspections = fabric.inspections();
    fabric.NotifyChange();
    REQUIRE(ComputeWorld::Eventually([&] { return fabric.inspections() > inspections; }));
  }
  CHECK(fabric.vpc_syncs() == syncs + 2);
}

TEST_CASE_METHOD(AuditFixture, "a VPC that is deleted leaves the host, also when brumed was away meanwhile",
                 "[network]") {
  bool away = false;
  network::VpcService vpcs(*database, settings, random, clock, [&](const VpcId& id) {
    if (!away) reconciler->WakeVpc(id);
  });
  const VpcId first = Value(vpcs.CreateVpc(Cidr::Parse("10.1.0.0/16").value(), {})).id;
  const VpcId second = Value(vpcs.CreateVpc(Cidr::Parse("10.1.0.0/16").value(), {})).id;
  REQUIRE(ComputeWorld::Eventually([&] { return IsOnHost(first) && IsOnHost(second); }));
  REQUIRE(vpcs.DeleteVpc(first).ok());
  REQUIRE(ComputeWorld::Eventually([&] { return !IsOnHost(first) && times_gone == 1; }));
  CHECK(IsOnHost(second));
  away = true;
  reconciler->Stop();
  REQUIRE(vpcs.DeleteVpc(second).ok());
  CHECK(IsOnHost(second));
  Begin();
  REQUIRE(ComputeWorld::Eventually([&] { return !IsOnHost(second) && times_gone == 2; }));
  CHECK(IsOnHost(vpc));
}

TEST_CASE_METHOD(AuditFixture, "a metadata listener that was closed is made again", "[network]") {
  listens = false;
  REQUIRE(ComputeWorld::Eventually([&] { return listens.load() && !reconciler->Repairs().empty(); }));
  CHECK(absl::StrContains(reconciler->Repairs().front().what, "metadata"));
}

TEST_CASE_METHOD(AuditFixture, "a VPC endpoint is available once it is served, and frees its address once it is not",
                 "[network]") {
  network::VpcEndpointService endpoints({.database = *database,
                                         .settings = settings,
                                         .random = random,
                                         .clock = clock,
                                         .check_policy = nullptr,
                                         .wake = [&](const VpcId& id) { reconciler->WakeVpc(id); }});
  const SubnetId subnet =
      Value(database->ReadFor([&](store::Connection& c) { return network::ListSubnets(c, vpc); })).front().id;
  network::NewVpcEndpoint wanted;
  wanted.vpc_id = vpc;
  wanted.subnets = {subnet};
  may_serve = false;
  const VpcEndpointId id = Value(endpoints.Create(wanted)).endpoint.id;
  const auto state = [&] { return Value(endpoints.List({&id, 1})).front().endpoint.state; };
  const int syncs = fabric.vpc_syncs();
  REQUIRE(ComputeWorld::Eventually([&] { return fabric.vpc_syncs() > syncs; }));
  CHECK(state() == VpcEndpointState::kPending);
  may_serve = true;
  REQUIRE(ComputeWorld::Eventually([&] { return state() == VpcEndpointState::kAvailable; }));
  CHECK(served == 1);
  // A listener that was closed is made again.
  serves = false;
  REQUIRE(ComputeWorld::Eventually([&] { return serves.load(); }));
  // While somebody still listens there, the address is nobody else's.
  may_serve = false;
  REQUIRE(endpoints.Delete(id).ok());
  const int later = fabric.vpc_syncs();
  REQUIRE(ComputeWorld::Eventually([&] { return fabric.vpc_syncs() > later; }));
  CHECK(state() == VpcEndpointState::kDeleting);
  may_serve = true;
  REQUIRE(ComputeWorld::Eventually([&] { return absl::IsNotFound(endpoints.List({&id, 1}).status()); }));
  CHECK(served == 0);
}

TEST_CASE_METHOD(AuditFixture, "a damage that stays is told once and tried again, one beyond repair is only told",
                 "[network]") {
  fabric.Damage({{.vpc = vpc, .what = "lost for good", .repairable = false}});
  const int inspections = fabric.inspections(), syncs = fabric.vpc_syncs();
  REQUIRE(ComputeWorld::Eventually([&] { return fabric.inspections() >= inspections + 2; }));
  CHECK(fabric.vpc_syncs() == syncs);
  CHECK(reconciler->Repairs().empty());
  fabric.Damage({{.vpc = vpc, .what = "stays"}}, /*heals=*/false);
  REQUIRE(ComputeWorld::Eventually([&] { return fabric.vpc_syncs() >= syncs + 2; }));
  CHECK(reconciler->Repairs().size() == 1);
}

}  // namespace brume
