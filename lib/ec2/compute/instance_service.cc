#include "lib/ec2/compute/instance_service.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/instance_table.h"
#include "lib/ec2/network/interface_service.h"
#include "lib/ec2/storage/volume_service.h"
#include "lib/resource/ec2_error.h"

namespace brume::compute {
namespace {

std::string UserInitiated(absl::Time now) {
  return absl::StrCat("User initiated (", absl::FormatTime("%Y-%m-%d %H:%M:%S", now, absl::UTCTimeZone()), " GMT)");
}

absl::Status WrongState(const Instance& instance, absl::string_view verb) {
  return ec2::Error("IncorrectInstanceState",
                    absl::StrCat("The instance '", instance.id.text(), "' is ", StateName(instance.state),
                                 " and cannot be ", verb, " in that state"));
}

absl::Status Protected(const Instance& instance, absl::string_view verb, absl::string_view attribute) {
  return ec2::Error("OperationNotPermitted",
                    absl::StrCat("The instance '", instance.id.text(), "' may not be ", verb, " while its attribute '",
                                 attribute, "' is true; change that first"));
}

absl::Status CheckModifiable(const Instance& instance) {
  const bool ends = instance.state == InstanceState::kTerminated || instance.state == InstanceState::kShuttingDown;
  return ends ? WrongState(instance, "modified") : absl::OkStatus();
}

// The rows of `ids` in their order. InvalidInstanceID.NotFound naming all that are unknown.
absl::StatusOr<std::vector<Instance>> GetAll(store::Connection& connection, absl::Span<const InstanceId> ids) {
  ASSIGN_OR_RETURN(std::vector<Instance> instances, InstanceTable(connection).GetMany(ids));
  absl::flat_hash_set<absl::string_view> known;
  for (const Instance& instance : instances) known.insert(instance.id.text());
  std::vector<std::string> unknown;
  for (const InstanceId& id : ids) {
    if (!known.contains(id.text())) unknown.push_back(id.text());
  }
  if (unknown.empty()) return instances;
  return ec2::Error("InvalidInstanceID.NotFound",
                    absl::StrCat(unknown.size() == 1 ? "The instance ID '" : "The instance IDs '",
                                 absl::StrJoin(unknown, ", "), unknown.size() == 1 ? "' does" : "' do", " not exist"));
}

}  // namespace

InstanceService::InstanceService(store::Database& database, const Settings& settings, const InstanceTypeTable& types,
                                 const Clock& clock, Random& random, InstanceServiceHooks hooks)
    : database_(database),
      settings_(settings),
      types_(types),
      clock_(clock),
      random_(random),
      hooks_(std::move(hooks)) {}

absl::StatusOr<InstancePage> InstanceService::Describe(absl::Span<const InstanceId> ids,
                                                       const std::function<bool(const InstanceView&)>& keep,
                                                       int64_t after, int limit) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<InstancePage> {
    InstanceTable instances(c);
    InstancePage page;
    if (!ids.empty() || keep == nullptr) {
      // One row more than the page tells whether there is more behind it.
      ASSIGN_OR_RETURN(std::vector<Instance> rows,
                       !ids.empty() ? GetAll(c, ids) : instances.ListBehind(after, limit == 0 ? 0 : limit + 1));
      if (ids.empty() && limit > 0 && rows.size() > static_cast<size_t>(limit)) {
        rows.pop_back();
        ASSIGN_OR_RETURN(page.next, instances.PositionOf(rows.back().id));
      }
      ASSIGN_OR_RETURN(page.instances, CompleteViews(c, types_, std::move(rows)));
      if (keep != nullptr) std::erase_if(page.instances, [&](const InstanceView& view) { return !keep(view); });
      return page;
    }
    // Chunks, so that a filter never holds all rows; the first is small, as most of a small page may be in it.
    constexpr int kChunk = 1000;
    int chunk = limit > 0 ? std::min(limit + 1, kChunk) : kChunk;
    while (true) {
      ASSIGN_OR_RETURN(std::vector<Instance> rows, instances.ListBehind(after, chunk));
      const bool at_end = rows.size() < static_cast<size_t>(chunk);
      chunk = kChunk;
      if (!rows.empty()) {
        ASSIGN_OR_RETURN(after, instances.PositionOf(rows.back().id));
      }
      ASSIGN_OR_RETURN(std::vector<InstanceView> views, CompleteViews(c, types_, std::move(rows)));
      for (InstanceView& view : views) {
        if (!keep(view)) continue;
        if (limit > 0 && page.instances.size() == static_cast<size_t>(limit)) {
          ASSIGN_OR_RETURN(page.next, instances.PositionOf(page.instances.back().instance.id));
          return page;
        }
        page.instances.push_back(std::move(view));
      }
      if (at_end) return page;
    }
  });
}

absl::StatusOr<InstanceView> InstanceService::Get(const InstanceId& id) {
  return database_.ReadFor([&](store::Connection& c) { return GetInstanceView(c, types_, id); });
}

absl::StatusOr<std::vector<StateChange>> InstanceService::ChangeStates(
    absl::Span<const InstanceId> ids, const std::function<absl::Status(store::Connection&, Instance&)>& change) {
  std::vector<StateChange> changes;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(std::vector<Instance> instances, GetAll(c, ids));
    for (Instance& instance : instances) {
      const InstanceState previous = instance.state;
      RETURN_IF_ERROR(change(c, instance));
      changes.push_back({instance.id, previous, instance.state});
    }
    return absl::OkStatus();
  }));
  for (const StateChange& change_made : changes) hooks_.wake_instance(change_made.id);
  return changes;
}

absl::StatusOr<std::vector<StateChange>> InstanceService::Start(absl::Span<const InstanceId> ids) {
  return ChangeStates(ids, [&](store::Connection& c, Instance& instance) -> absl::Status {
    if (instance.state == InstanceState::kPending || instance.state == InstanceState::kRunning) return absl::OkStatus();
    if (instance.state != InstanceState::kStopped) return WrongState(instance, "started");
    RETURN_IF_ERROR(CheckCapacity(c, instance.instance_type));
    instance.state = InstanceState::kPending;
    instance.state_since = instance.launch_time = clock_.Now();
    instance.state_reason = {};
    instance.transition_reason.clear();
    instance.force_stop = false;
    RETURN_IF_ERROR(GivePublicAddresses(c, instance.id));
    return InstanceTable(c).Update(instance);
  });
}

absl::StatusOr<std::vector<StateChange>> InstanceService::Stop(absl::Span<const InstanceId> ids, bool force) {
  return ChangeStates(ids, [&](store::Connection& c, Instance& instance) -> absl::Status {
    if (instance.state == InstanceState::kStopped) return absl::OkStatus();
    const bool hurry = instance.state == InstanceState::kStopping && force && !instance.force_stop;
    if (instance.state == InstanceState::kStopping && !hurry) return absl::OkStatus();
    if (instance.state != InstanceState::kRunning && !hurry) return WrongState(instance, "stopped");
    if (instance.disable_api_stop) return Protected(instance, "stopped", "disableApiStop");
    const absl::Time now = clock_.Now();
    if (!hurry) {
      instance.state = InstanceState::kStopping;
      instance.state_since = now;
      instance.state_reason = {"Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown"};
      instance.transition_reason = UserInitiated(now);
    }
    instance.force_stop = force;
    return InstanceTable(c).Update(instance);
  });
}

absl::StatusOr<std::vector<StateChange>> InstanceService::Terminate(absl::Span<const InstanceId> ids,
                                                                    bool even_protected) {
  return ChangeStates(ids, [&](store::Connection& c, Instance& instance) -> absl::Status {
    if (instance.state == InstanceState::kTerminated || instance.state == InstanceState::kShuttingDown) {
      return absl::OkStatus();
    }
    if (instance.disable_api_termination && !even_protected)
      return Protected(instance, "terminated", "disableApiTermination");
    const absl::Time now = clock_.Now();
    instance.state = InstanceState::kShuttingDown;
    instance.state_since = now;
    instance.state_reason = {"Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown"};
    instance.transition_reason = UserInitiated(now);
    return InstanceTable(c).Update(instance);
  });
}

absl::Status InstanceService::Reboot(absl::Span<const InstanceId> ids) {
  return ChangeStates(ids,
                      [&](store::Connection& c, Instance& instance) -> absl::Status {
                        if (instance.state != InstanceState::kRunning) return WrongState(instance, "rebooted");
                        if (instance.reboot_requested) return absl::OkStatus();
                        instance.reboot_requested = clock_.Now();
                        return InstanceTable(c).Update(instance);
                      })
      .status();
}

absl::Status InstanceService::Modify(const InstanceId& id, const InstanceChange& change) {
  Instance instance;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(instance, InstanceTable(c).Get(id));
    RETURN_IF_ERROR(CheckModifiable(instance));
    if ((change.instance_type || change.user_data) && instance.state != InstanceState::kStopped) {
      return ec2::Error(
          "IncorrectInstanceState",
          absl::StrCat("The instance '", instance.id.text(), "' is ", StateName(instance.state), "; its ",
                       change.instance_type ? "type" : "user data", " can be changed only while it is stopped"));
    }
    if (change.instance_type) {
      const InstanceType* type = types_.Find(*change.instance_type);
      if (type == nullptr) {
        return ec2::Error("InvalidParameterValue",
                          absl::StrCat("Invalid value '", *change.instance_type, "' for InstanceType"));
      }
      instance.instance_type = *change.instance_type;
      RETURN_IF_ERROR(InstanceTable(c).SetCapacity(id, type->memory_mib, type->vcpus));
    }
    if (change.user_data) RETURN_IF_ERROR(InstanceTable(c).SetUserData(id, *change.user_data));
    if (change.user_data) instance.user_data = *change.user_data;
    if (change.shutdown_behavior) instance.shutdown_behavior = *change.shutdown_behavior;
    if (change.disable_api_termination) instance.disable_api_termination = *change.disable_api_termination;
    if (change.disable_api_stop) instance.disable_api_stop = *change.disable_api_stop;
    if (change.source_dest_check) instance.source_dest_check = *change.source_dest_check;
    RETURN_IF_ERROR(ChangeInterfaces(c, instance, change));
    RETURN_IF_ERROR(ChangeVolumes(c, instance, change));
    return InstanceTable(c).Update(instance);
  }));
  if (change.group_ids || change.source_dest_check) hooks_.wake_vpc(instance.vpc_id);
  hooks_.wake_instance(id);
  return absl::OkStatus();
}

absl::StatusOr<MetadataOptions> InstanceService::ModifyMetadataOptions(const InstanceId& id,
                                                                       const MetadataOptionsChange& change) {
  return database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<MetadataOptions> {
    ASSIGN_OR_RETURN(Instance instance, InstanceTable(c).Get(id));
    RETURN_IF_ERROR(CheckModifiable(instance));
    instance.metadata_options = change.AppliedTo(instance.metadata_options);
    RETURN_IF_ERROR(InstanceTable(c).Update(instance));
    return instance.metadata_options;
  });
}

absl::Status InstanceService::SetMonitoring(absl::Span<const InstanceId> ids, bool detailed) {
  return database_.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(std::vector<Instance> instances, GetAll(c, ids));
    for (Instance& instance : instances) {
      RETURN_IF_ERROR(CheckModifiable(instance));
      instance.monitoring = detailed;
      RETURN_IF_ERROR(InstanceTable(c).Update(instance));
    }
    return absl::OkStatus();
  });
}

absl::Status InstanceService::ChangeInterfaces(store::Connection& c, const Instance& instance,
                                               const InstanceChange& change) {
  if (!change.group_ids && !change.source_dest_check) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<NetworkInterface> interfaces, network::ListInterfacesOf(c, {&instance.id, 1}));
  for (const NetworkInterface& eni : interfaces) {
    if (change.group_ids) RETURN_IF_ERROR(network::ChangeGroups(c, eni, *change.group_ids));
    if (change.source_dest_check) {
      RETURN_IF_ERROR(network::SetSourceDestCheck(c, eni.id, *change.source_dest_check));
    }
  }
  return absl::OkStatus();
}

absl::Status InstanceService::ChangeVolumes(store::Connection& c, const Instance& instance,
                                            const InstanceChange& change) {
  if (change.delete_on_termination.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::vector<Volume> volumes, storage::ListVolumesOf(c, {&instance.id, 1}));
  for (const auto& [device, delete_on_termination] : change.delete_on_termination) {
    const auto volume = std::find_if(volumes.begin(), volumes.end(),
                                     [&device = device](const Volume& v) { return v.device_name == device; });
    if (volume == volumes.end()) {
      return ec2::Error("InvalidInstanceAttributeValue",
                        absl::StrCat("The instance '", instance.id.text(), "' has no device '", device, "'"));
    }
    volume->delete_on_termination = delete_on_termination;
    RETURN_IF_ERROR(storage::UpdateVolume(c, *volume));
  }
  return absl::OkStatus();
}

absl::StatusOr<Instance> GetInstance(store::Connection& connection, const InstanceId& id) {
  return InstanceTable(connection).Get(id);
}

absl::StatusOr<InstanceView> GetInstanceView(store::Connection& connection, const InstanceTypeTable& types,
                                             const InstanceId& id) {
  std::vector<Instance> one;
  ASSIGN_OR_RETURN(one.emplace_back(), InstanceTable(connection).Get(id));
  ASSIGN_OR_RETURN(std::vector<InstanceView> views, CompleteViews(connection, types, std::move(one)));
  return std::move(views.front());
}

absl::StatusOr<std::vector<InstanceId>> ListInstances(store::Connection& connection) {
  return InstanceTable(connection).ListIdsInState(kAllInstanceStates);
}

}  // namespace brume::compute
