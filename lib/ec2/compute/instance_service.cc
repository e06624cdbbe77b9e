#include "lib/ec2/compute/instance_service.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/tables/instance_table.h"
#include "lib/ec2/compute/tables/profile_association_table.h"
#include "lib/ec2/compute/tables/root_replacement_table.h"
#include "lib/ec2/storage/encryption_service.h"
#include "lib/ec2/storage/image_service.h"
#include "lib/ec2/storage/volume_service.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"
#include "lib/resource/tags.h"

namespace brume::compute {
namespace {

constexpr char kRunAction[] = "RunInstances";

// EC2's SMBIOS UUID begins with "ec2"; cloud-init goes by that.
std::string Ec2Uuid(Random& random) {
  const std::string hex = random.Hex(29);
  return absl::StrCat("ec2", hex.substr(0, 5), "-", hex.substr(5, 4), "-4", hex.substr(10, 3), "-8", hex.substr(14, 3),
                      "-", hex.substr(17, 12));
}

std::string UserInitiated(absl::Time now) {
  return absl::StrCat("User initiated (", absl::FormatTime("%Y-%m-%d %H:%M:%S", now, absl::UTCTimeZone()), " GMT)");
}

absl::Status Protected(const Instance& instance, absl::string_view verb, absl::string_view attribute) {
  return ec2::Error(ec2::kProtected, instance.id.text(), verb, attribute);
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

// What is wrong with a launch whatever there is on this host.
absl::Status CheckRequest(const RunRequest& request) {
  if (request.min_count < 1 || request.max_count < request.min_count) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("MinCount (", request.min_count, ") must be at least 1 and MaxCount (",
                                   request.max_count, ") at least MinCount"));
  }
  bool for_one = request.private_ip || request.eni_id || !request.secondary_ips.empty();
  for (const LaunchInterface& each : request.further_interfaces) {
    for_one = for_one || each.private_ip || each.eni_id || !each.secondary_ips.empty();
  }
  if (for_one && request.max_count > 1) {
    return ec2::Error("InvalidParameterCombination",
                      "A private IP address or a network interface can be given to one instance only");
  }
  if (request.user_data.size() > kMaxUserDataBytes) {
    return ec2::Error("InvalidParameterValue", absl::StrCat("User data is limited to ", kMaxUserDataBytes,
                                                            " bytes; this has ", request.user_data.size()));
  }
  for (const TagMap* tags : {&request.instance_tags, &request.volume_tags, &request.interface_tags}) {
    RETURN_IF_ERROR(CheckTags(*tags));
  }
  return absl::OkStatus();
}

// A root volume that was detached must be there again before a start.
absl::Status CheckRoot(store::Connection& c, const Instance& instance) {
  ASSIGN_OR_RETURN(const Image image, storage::GetImage(c, instance.image_id));
  if (!HasDisk(image)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<Volume> volumes, storage::ListVolumesOf(c, {&instance.id, 1}));
  const bool there = std::any_of(volumes.begin(), volumes.end(), [&](const Volume& volume) {
    return volume.device_name == instance.root_device_name && !IsDetaching(volume);
  });
  if (there) return absl::OkStatus();
  return ec2::Error("InvalidParameterValue",
                    absl::StrCat("Invalid value '", instance.id.text(), "' for instanceId. Instance does not have a ",
                                 "volume attached at root (", instance.root_device_name, ")"));
}

// What of a change an instance must be stopped for, in words; empty when nothing is.
absl::string_view NeedsStop(const InstanceChange& change) {
  if (change.instance_type) return "type";
  if (change.user_data) return "user data";
  return change.ebs_optimized ? "EBS optimization" : "";
}

}  // namespace

InstanceService::InstanceService(store::Database& database, const Settings& settings, const InstanceTypeTable& types,
                                 const Clock& clock, Random& random, InstanceServiceHooks hooks)
    : database_(database),
      settings_(settings),
      types_(types),
      clock_(clock),
      random_(random),
      hooks_(std::move(hooks)),
      placer_(settings, types) {}

absl::StatusOr<Instance> InstanceService::Insert(store::Connection& c, const RunRequest& request,
                                                 const Placement& place, const ReservationId& reservation, int index) {
  const absl::Time now = clock_.Now();
  Instance instance;
  instance.id = InstanceId::New(random_);
  instance.reservation_id = reservation;
  instance.launch_index = index;
  instance.image_id = place.image.id;
  instance.instance_type = place.type->name;
  instance.state_since = instance.launch_time = now;
  instance.uuid = Ec2Uuid(random_);
  instance.key_name = request.key_name;
  instance.public_key = place.public_key;
  instance.client_token = request.client_token;
  instance.user_data = request.user_data;
  instance.shutdown_behavior = request.shutdown_behavior;
  instance.disable_api_termination = request.disable_api_termination;
  instance.disable_api_stop = request.disable_api_stop;
  instance.monitoring = request.monitoring;
  instance.ebs_optimized = request.ebs_optimized;
  instance.unlimited_credits = place.unlimited_credits;
  instance.auto_recovery = request.auto_recovery;
  instance.open_to_reservations = request.open_to_reservations;
  if (request.hibernation) instance.hibernation = Hibernation::kConfigured;
  instance.boot_mode = place.image.boot_mode;
  instance.metadata_options = MetadataOptionsOf(place.image, request);
  instance.availability_zone = place.subnet.availability_zone;
  instance.vpc_id = place.subnet.vpc_id;
  instance.subnet_id = place.subnet.id;
  instance.root_device_name = place.image.root_device_name;
  RETURN_IF_ERROR(InstanceTable(c).Insert(instance, place.type->memory_mib, place.type->vcpus));

  RETURN_IF_ERROR(InsertInterfaces(c, request, place, instance));

  for (Volume volume : place.volumes) {
    volume.id = VolumeId::New(random_);
    // Each disk that is not of an encrypted line begins one.
    if (volume.encrypted && volume.data_key_id.empty()) volume.data_key_id = storage::DataKeyOf({}, random_);
    volume.availability_zone = place.subnet.availability_zone;
    volume.created = volume.attach_time = now;
    volume.instance_id = instance.id;
    RETURN_IF_ERROR(storage::AddVolume(c, volume, request.volume_tags));
  }
  RETURN_IF_ERROR(storage::CheckSumOfSizes(c, settings_));
  if (!request.profile_id.empty()) {
    RETURN_IF_ERROR(ProfileAssociationTable(c).Insert({.id = NewAssociationId(random_),
                                                       .instance_id = instance.id,
                                                       .profile_id = request.profile_id,
                                                       .profile_arn = request.profile_arn,
                                                       .associated = now}));
  }
  for (const TagMap* tags : {&request.instance_tags, &request.system_tags}) {
    RETURN_IF_ERROR(tagging::SetTags(c, instance.id.text(), *tags));
  }
  return instance;
}

absl::Status InstanceService::CheckRun(const RunRequest& request) {
  RETURN_IF_ERROR(CheckRequest(request));
  return database_.Read([&](store::Connection& c) { return placer_.Place(c, request).status(); });
}

absl::StatusOr<std::optional<ReservationView>> InstanceService::FindRun(store::Connection& c, const std::string& token,
                                                                        const std::string& digest) {
  InstanceTable instances(c);
  if (token.empty()) return std::nullopt;
  ASSIGN_OR_RETURN(const std::optional<TokenUse> use, instances.FindToken(kRunAction, token));
  if (!use.has_value()) return std::nullopt;
  if (use->parameters_digest != digest) {
    return ec2::ErrorAnd(absl::StrCat("The client token is '", token, "'."), ec2::kTokenReused);
  }
  ReservationView view;
  view.id = use->reservation_id;
  ASSIGN_OR_RETURN(std::vector<Instance> rows, instances.ListByReservation(view.id));
  // Also where the rows are gone by now, an hour after.
  if (std::all_of(rows.begin(), rows.end(), [](const Instance& row) { return !CheckModifiable(row).ok(); })) {
    return ec2::Error("IdempotentInstanceTerminated",
                      absl::StrCat("The instances that the client token '", token,
                                   "' launched are terminated; launch with another token"));
  }
  ASSIGN_OR_RETURN(view.instances, CompleteViews(c, types_, std::move(rows)));
  return view;
}

absl::StatusOr<std::optional<ReservationView>> InstanceService::FindRun(const std::string& token,
                                                                        const std::string& digest) {
  return database_.ReadFor([&](store::Connection& c) { return FindRun(c, token, digest); });
}

absl::StatusOr<ReservationView> InstanceService::Run(const RunRequest& request) {
  RETURN_IF_ERROR(CheckRequest(request));
  ReservationView view;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    InstanceTable instances(c);
    std::vector<Instance> rows;
    ASSIGN_OR_RETURN(std::optional<ReservationView> before,
                     FindRun(c, request.client_token, request.parameters_digest));
    if (before.has_value()) {
      view = *std::move(before);
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const Placement place, placer_.Place(c, request));
    view.id = ReservationId::New(random_);
    for (int index = 0; index < place.count; ++index) {
      ASSIGN_OR_RETURN(Instance instance, Insert(c, request, place, view.id, index));
      rows.push_back(std::move(instance));
    }
    RETURN_IF_ERROR(storage::NoteLaunch(c, place.image.id, clock_.Now()));
    if (!request.client_token.empty()) {
      RETURN_IF_ERROR(
          instances.InsertToken(kRunAction, request.client_token, {request.parameters_digest, view.id}, clock_.Now()));
    }
    ASSIGN_OR_RETURN(view.instances, CompleteViews(c, types_, std::move(rows)));
    return absl::OkStatus();
  }));
  for (const InstanceView& instance : view.instances) hooks_.wake_instance(instance.instance.id);
  return view;
}

absl::StatusOr<InstancePage> InstanceService::Describe(const InstanceQuery& query) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<InstancePage> {
    InstanceTable instances(c);
    InstancePage page;
    const int limit = query.limit;
    std::optional<std::vector<InstanceId>> tagged;
    if (query.ids.empty() && query.tags.has_value()) {
      ASSIGN_OR_RETURN(tagged, tagging::TaggedIds<InstanceId>(c, *query.tags));
    }
    const auto list = [&](int64_t after, int count) {
      return tagged.has_value() ? instances.ListBehind(after, count, *tagged) : instances.ListBehind(after, count);
    };
    if (!query.ids.empty() || query.keep == nullptr) {
      // One row more than the page tells whether there is more behind it.
      ASSIGN_OR_RETURN(std::vector<Instance> rows,
                       !query.ids.empty() ? GetAll(c, query.ids) : list(query.after, limit == 0 ? 0 : limit + 1));
      if (query.ids.empty() && limit > 0 && rows.size() > static_cast<size_t>(limit)) {
        rows.pop_back();
        ASSIGN_OR_RETURN(page.next, instances.PositionOf(rows.back().id));
      }
      ASSIGN_OR_RETURN(page.instances, CompleteViews(c, types_, std::move(rows)));
      if (query.keep != nullptr) {
        std::erase_if(page.instances, [&](const InstanceView& view) { return !query.keep(view); });
      }
      return page;
    }
    // Chunks, so that a filter never holds all rows; the first is small, as most of a small page may be in it.
    constexpr int kChunk = 1000;
    int chunk = limit > 0 ? std::min(limit + 1, kChunk) : kChunk;
    int64_t after = query.after;
    while (true) {
      ASSIGN_OR_RETURN(std::vector<Instance> rows, list(after, chunk));
      const bool at_end = rows.size() < static_cast<size_t>(chunk);
      chunk = kChunk;
      if (!at_end) {
        ASSIGN_OR_RETURN(after, instances.PositionOf(rows.back().id));
      }
      ASSIGN_OR_RETURN(std::vector<InstanceView> views, CompleteViews(c, types_, std::move(rows)));
      for (InstanceView& view : views) {
        if (!query.keep(view)) continue;
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

absl::StatusOr<LaunchPlan> InstanceService::Plan(const RunRequest& request) {
  return database_.ReadFor([&](store::Connection& c) { return placer_.Plan(c, request); });
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
    RETURN_IF_ERROR(CheckRoot(c, instance));
    RETURN_IF_ERROR(placer_.CheckCapacity(c, instance.instance_type));
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

absl::StatusOr<std::vector<StateChange>> InstanceService::Hibernate(absl::Span<const InstanceId> ids) {
  return ChangeStates(ids, [&](store::Connection& c, Instance& instance) -> absl::Status {
    if (instance.hibernation == Hibernation::kUnsupported) {
      return ec2::Error("UnsupportedHibernationConfiguration",
                        absl::StrCat("The instance '", instance.id.text(), "' was not launched with ",
                                     "HibernationOptions.Configured; stop it without Hibernate"));
    }
    if (instance.state == InstanceState::kStopped || instance.state == InstanceState::kStopping) {
      return absl::OkStatus();
    }
    if (instance.state != InstanceState::kRunning) return WrongState(instance, "hibernated");
    if (instance.disable_api_stop) return Protected(instance, "stopped", "disableApiStop");
    ASSIGN_OR_RETURN(const std::optional<RootReplacement> task, RootReplacementTable(c).FindInWork(instance.id));
    if (task.has_value()) {
      return ec2::Error("IncorrectState",
                        absl::StrCat("The root volume of '", instance.id.text(), "' is being replaced ",
                                     "by the task '", task->id.text(), "'; wait until it has ended"));
    }
    instance.state = InstanceState::kStopping;
    instance.state_since = clock_.Now();
    instance.state_reason = {"Client.UserInitiatedHibernate",
                             "Client.UserInitiatedHibernate: User initiated hibernate"};
    instance.transition_reason = UserInitiated(instance.state_since);
    instance.force_stop = false;
    instance.hibernation = Hibernation::kSaving;
    return InstanceTable(c).Update(instance);
  });
}

absl::StatusOr<std::vector<StateChange>> InstanceService::Terminate(absl::Span<const InstanceId> ids,
                                                                    const Termination& how) {
  return ChangeStates(ids, [&](store::Connection& c, Instance& instance) -> absl::Status {
    if (instance.state == InstanceState::kTerminated) return absl::OkStatus();
    if (instance.state == InstanceState::kShuttingDown) {
      if (!how.at_once || instance.force_stop) return absl::OkStatus();
      instance.force_stop = true;
      return InstanceTable(c).Update(instance);
    }
    if (instance.disable_api_termination && !how.even_protected)
      return Protected(instance, "terminated", "disableApiTermination");
    instance.force_stop = how.at_once;
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
    if (const absl::string_view what = NeedsStop(change); !what.empty()) RETURN_IF_ERROR(CheckStopped(instance, what));
    if (change.instance_type) {
      RETURN_IF_ERROR(CheckNotHibernated(instance, "its type"));
      const InstanceType* type = types_.Find(*change.instance_type);
      if (type == nullptr) {
        return ec2::Error("InvalidParameterValue",
                          absl::StrCat("Invalid value '", *change.instance_type, "' for InstanceType"));
      }
      RETURN_IF_ERROR(CheckTypeForInterfaces(c, id, *change.instance_type));
      instance.instance_type = *change.instance_type;
      RETURN_IF_ERROR(InstanceTable(c).SetCapacity(id, type->memory_mib, type->vcpus));
    }
    if (change.user_data) RETURN_IF_ERROR(InstanceTable(c).SetUserData(id, *change.user_data));
    if (change.user_data) instance.user_data = *change.user_data;
    if (change.shutdown_behavior) instance.shutdown_behavior = *change.shutdown_behavior;
    if (change.disable_api_termination) instance.disable_api_termination = *change.disable_api_termination;
    if (change.disable_api_stop) instance.disable_api_stop = *change.disable_api_stop;
    if (change.source_dest_check) instance.source_dest_check = *change.source_dest_check;
    if (change.ebs_optimized) instance.ebs_optimized = *change.ebs_optimized;
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

absl::StatusOr<std::vector<Instance>> FindLaunch(store::Connection& connection, const std::string& client_token) {
  InstanceTable instances(connection);
  ASSIGN_OR_RETURN(const std::optional<TokenUse> use, instances.FindToken(kRunAction, client_token));
  if (!use.has_value()) return std::vector<Instance>();
  return instances.ListByReservation(use->reservation_id);
}

absl::StatusOr<storage::Machine> MachineOf(InstanceService& instances, const InstanceId& id) {
  ASSIGN_OR_RETURN(const InstanceView view, instances.Get(id));
  const Instance& instance = view.instance;
  if (instance.state != InstanceState::kRunning && instance.state != InstanceState::kStopped) {
    return ec2::Error("IncorrectInstanceState",
                      absl::StrCat("The instance '", id.text(), "' is ", StateName(instance.state),
                                   " and must be running or stopped"));
  }
  return storage::Machine{.id = id,
                          .image_id = instance.image_id,
                          .root_device = instance.root_device_name,
                          .runs = instance.state == InstanceState::kRunning};
}

}  // namespace brume::compute
