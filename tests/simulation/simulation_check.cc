// What must be true after each step of the simulation, and what once everything has come to rest.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "lib/ec2/compute/model/instance.h"
#include "lib/store/connection.h"
#include "tests/simulation/simulation.h"

namespace brume {
namespace {

constexpr int64_t kPending = 0, kRunning = 16, kShuttingDown = 32, kTerminated = 48, kStopping = 64, kStopped = 80;

// EC2's edges, and of several taken within one step where they begin and end.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
bool IsLegal(int64_t from, int64_t to) {
  if (from == to) return true;
  switch (from) {
    case kPending:
      return to != kStopping;  // a launch that fails ends as terminated, or as stopped when the instance ran before
    case kRunning:
      return to != kPending;
    case kStopping:
      return to == kStopped || to == kShuttingDown || to == kTerminated;
    case kStopped:
      return to == kPending || to == kShuttingDown || to == kTerminated;
    case kShuttingDown:
      return to == kTerminated;
    default:
      return false;
  }
}

// Queries that find what must not be.
struct Rule {
  const char* what;
  const char* sql;  // one text a row
};
constexpr Rule kRules[] = {
    {"a private address is used twice",
     "SELECT vpc_id || ' ' || private_ip FROM (SELECT vpc_id, private_ip FROM network_interfaces WHERE private_ip IS "
     "NOT NULL UNION ALL SELECT n.vpc_id, a.private_ip FROM interface_addresses a JOIN network_interfaces n ON n.id = "
     "a.eni_id) GROUP BY vpc_id, private_ip HAVING count(*) > 1"},
    {"a MAC is used twice", "SELECT mac FROM network_interfaces GROUP BY vpc_id, mac HAVING count(*) > 1"},
    {"a public address is used twice",
     "SELECT public_ip FROM network_interfaces WHERE public_ip IS NOT NULL GROUP BY public_ip HAVING count(*) > 1"},
    {"an instance has somebody's elastic address as its own",
     "SELECT n.id FROM network_interfaces n JOIN addresses a ON a.public_ip = n.public_ip WHERE n.auto_public_ip = 1 "
     "AND "
     "NOT EXISTS (SELECT 1 FROM address_associations s WHERE s.allocation_id = a.id)"},
    {"a terminated instance keeps an interface",
     "SELECT n.id FROM network_interfaces n JOIN instances i ON i.id = n.instance_id WHERE i.state = 48"},
    {"a terminated instance keeps a volume",
     "SELECT v.id FROM volumes v JOIN instances i ON i.id = v.instance_id WHERE i.state = 48"},
    {"two volumes of an instance have one device",
     "SELECT instance_id || device_name FROM volumes WHERE instance_id IS NOT NULL GROUP BY instance_id, device_name "
     "HAVING count(*) > 1"},
    {"two interfaces of an instance have one index",
     "SELECT instance_id FROM network_interfaces WHERE instance_id IS NOT NULL GROUP BY instance_id, device_index "
     "HAVING count(*) > 1"},
    {"an instance is a member of two groups",
     "SELECT instance_id FROM scaling_members WHERE instance_id <> '' GROUP BY instance_id HAVING count(*) > 1"},
    {"the host's capacity is counted wrongly",
     "SELECT 'count' FROM capacity_in_use WHERE count <> (SELECT count(*) FROM instances WHERE state NOT IN (48, 80)) "
     "OR "
     "memory_mib <> (SELECT coalesce(sum(memory_mib), 0) FROM instances WHERE state NOT IN (48, 80))"},
    {"a group's desired capacity is beyond its bounds",
     "SELECT name FROM scaling_groups WHERE deleting = 0 AND (desired < min_size OR desired > max_size)"},
};

// The same, once all is at rest.
constexpr Rule kRestRules[] = {
    {"an instance is on its way", "SELECT id || ' in ' || state FROM instances WHERE state IN (0, 32, 64)"},
    {"a volume is on its way",
     "SELECT id FROM volumes WHERE state IN (0, 3) OR (instance_id IS NOT NULL AND attachment_state <> 1)"},
    {"an interface is on its way", "SELECT id FROM network_interfaces WHERE attachment_state NOT IN (0, 2)"},
    {"a snapshot is on its way", "SELECT id FROM snapshots WHERE state = 0"},
    {"an image is on its way", "SELECT id FROM images WHERE state = 0"},
    {"a group that is deleted is still there", "SELECT name FROM scaling_groups WHERE deleting = 1"},
};

}  // namespace

bool Simulation::Check() {
  if (problem_.empty()) problem_ = FindViolation();
  return problem_.empty();
}

std::string Simulation::FindViolation() {
  std::string violation;
  const absl::Status read = world_->database->Read([&](store::Connection& c) -> absl::Status {
    for (const Rule& rule : kRules) {
      RETURN_IF_ERROR(c.Query(rule.sql, [&](store::Row& row) {
        std::string which;
        row.Read(which);
        violation = absl::StrCat(rule.what, ": ", which);
      }));
    }
    if (violation.empty()) violation = FindLost(c);
    if (violation.empty()) violation = FindIllegalEdge(c);
    return absl::OkStatus();
  });
  if (!read.ok()) return absl::StrCat("the rows cannot be read: ", std::string(read.message()));
  return violation.empty() ? FindGuestViolation(states_) : violation;
}

std::string Simulation::FindLost(store::Connection& c) {
  std::string lost;
  for (auto& [table, ids] : acknowledged_) {
    std::set<std::string> there;
    const absl::Status read = c.Query(absl::StrCat("SELECT id FROM ", table), [&](store::Row& row) {
      std::string id;
      row.Read(id);
      there.insert(id);
    });
    if (!read.ok()) return std::string(read.message());
    std::erase_if(ids, [&, &name = table](const std::string& id) {
      if (there.contains(id)) return false;
      // The row of a terminated instance goes after a while, and a volume may go with its instance.
      const auto state = states_.find(id);
      if (state != states_.end() && (state->second == kTerminated || state->second == kShuttingDown)) return true;
      lost = absl::StrCat("an acknowledged id is lost: ", id, " of ", name);
      return false;
    });
  }
  return lost;
}

std::string Simulation::FindIllegalEdge(store::Connection& c) {
  std::map<std::string, int64_t> states;
  int64_t memory_mib = 0, count = 0;
  const absl::Status read = c.Query("SELECT id, state, memory_mib FROM instances", [&](store::Row& row) {
    std::string id;
    int64_t state = 0, memory = 0;
    row.Read(id, state, memory);
    states[id] = state;
    // Of those that shut down some were stopped before, and have no guest.
    if (state == kTerminated || state == kStopped || state == kShuttingDown) return;
    memory_mib += memory;
    ++count;
  });
  if (!read.ok()) return std::string(read.message());
  std::string illegal;
  for (const auto& [id, state] : states) {
    const auto before = states_.find(id);
    if (before == states_.end() || IsLegal(before->second, state)) continue;
    if (before->second == kRunning && state == kPending && imaged_.contains(id)) continue;
    illegal = absl::StrCat(id, " went from ", before->second, " to ", state);
  }
  states_ = std::move(states);
  std::string summary = "states";
  for (const auto& [id, state] : states_) absl::StrAppend(&summary, " ", id, "=", state);
  for (const char each : summary) trace_hash_ = (trace_hash_ ^ static_cast<unsigned char>(each)) * 0x100000001b3;
  const auto total = static_cast<int64_t>(
      static_cast<double>(settings_.host_memory_mib - settings_.reserved_memory_mib) * settings_.memory_overcommit);
  if (memory_mib + count * settings_.guest_overhead_mib > total) return "the host's memory is exceeded";
  return illegal;
}

std::string Simulation::FindGuestViolation(const std::map<std::string, int64_t>& states) {
  std::string violation;
  std::map<std::string, std::string> disks, macs;
  for (const auto& [id, spec] : host_->hypervisor.Specs()) {
    const auto state = states.find(id.text());
    if (state == states.end()) return absl::StrCat("the guest of ", id.text(), " belongs to no instance");
    if (state->second == kTerminated) return absl::StrCat("the guest of a terminated instance is on: ", id.text());
    for (const compute::GuestDisk& disk : spec.disks) {
      if (!disks.emplace(disk.path, id.text()).second) violation = absl::StrCat("two guests have the disk ", disk.path);
    }
    for (const compute::GuestNic& nic : spec.nics) {
      if (!macs.emplace(nic.tap, id.text()).second) violation = absl::StrCat("two guests have the port ", nic.tap);
    }
  }
  return violation;
}

std::string Simulation::FindUnrest() {
  for (const Rule& rule : kRestRules) {
    const std::vector<std::string> found = Column(rule.sql);
    if (!found.empty()) return absl::StrCat(rule.what, ": ", found.front());
  }
  const std::map<InstanceId, compute::GuestSpec> guests = host_->hypervisor.Specs();
  for (const auto& [id, state] : states_) {
    const bool on = guests.contains(InstanceId::FromTrusted(id));
    if (state == kRunning && !on) return absl::StrCat(id, " runs and has no guest");
    if (state == kStopped && on) return absl::StrCat(id, " is stopped and has a guest");
  }
  const bool has_room = settings_.host_memory_mib == ComputeWorld::DefaultSettings().host_memory_mib;
  const std::vector<std::string> short_of = Column(
      "SELECT g.name || ' wants ' || g.desired FROM scaling_groups g WHERE g.desired <> (SELECT count(*) FROM "
      "scaling_members m WHERE m.group_seq = g.seq AND m.lifecycle = 3)");
  // Groups launch into the zone's default subnet, which a client may have deleted.
  const bool has_subnet =
      !Column("SELECT id FROM subnets WHERE default_for_az AND availability_zone = 'us-east-1a'").empty();
  if (has_room && has_subnet && !short_of.empty())
    return absl::StrCat("a group is not as large as it was asked to be: ", short_of.front());
  // What is on the host, and nothing else.
  const absl::StatusOr<storage::DiskInventory> inventory = host_->disks.List();
  const std::vector<std::string> volumes = Column("SELECT id FROM volumes");
  for (const VolumeId& volume : inventory->volumes) {
    if (std::find(volumes.begin(), volumes.end(), volume.text()) == volumes.end()) {
      return absl::StrCat("a disk belongs to no volume: ", volume.text());
    }
  }
  const absl::StatusOr<network::FabricInventory> fabric = host_->fabric.List();
  const std::vector<std::string> interfaces = Column("SELECT id FROM network_interfaces WHERE instance_id IS NOT NULL");
  for (const std::string& tap : fabric->taps) {
    const bool known = std::any_of(interfaces.begin(), interfaces.end(),
                                   [&](const std::string& eni) { return TapName(EniId::FromTrusted(eni)) == tap; });
    if (!known) return absl::StrCat("a port belongs to no interface: ", tap);
  }
  return "";
}

}  // namespace brume
