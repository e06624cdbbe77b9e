#include "lib/ec2/storage/api/volume_handlers.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/volume.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/tag_filters.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/ec2/storage/model/volume_performance.h"
#include "lib/gateway/listing.h"
#include "lib/gateway/parameters.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"
#include "lib/resource/zones.h"

namespace brume::ec2 {
namespace {

// As a Volume or as a CreateVolumeResponse, which has the same fields.
template <typename Message>
Message Render(const storage::VolumeView& view, const Settings& settings) {
  const Volume& volume = view.volume;
  Message rendered;
  if (!volume.instance_id.empty()) {
    v1::VolumeAttachment& attachment = *rendered.add_attachments();
    attachment.set_attach_time(gateway::RenderTime(volume.attach_time));
    attachment.set_device(volume.device_name);
    attachment.set_instance_id(volume.instance_id.text());
    attachment.set_state(std::string(StateName(volume.attachment_state)));
    attachment.set_volume_id(volume.id.text());
    attachment.set_delete_on_termination(volume.delete_on_termination);
    attachment.set_ebs_card_index(0);
  }
  rendered.set_availability_zone(volume.availability_zone);
  rendered.set_availability_zone_id(ZoneId(settings, volume.availability_zone));
  rendered.set_create_time(gateway::RenderTime(volume.created));
  rendered.set_encrypted(volume.encrypted);
  if (volume.encrypted) rendered.set_kms_key_id(storage::DefaultKmsKeyArn(settings.account()));
  rendered.set_size(static_cast<int>(volume.size_gib));
  rendered.set_snapshot_id(volume.snapshot_id.text());
  rendered.set_state(std::string(StateName(volume.state)));
  rendered.set_volume_id(volume.id.text());
  *rendered.mutable_tags() = RenderTags(view.tags);
  rendered.set_volume_type(std::string(kVolumeTypeNames.Of(volume.type)));
  rendered.set_multi_attach_enabled(false);
  rendered.mutable_operator_()->set_managed(false);
  if (volume.initialization_rate) rendered.set_volume_initialization_rate(*volume.initialization_rate);
  if (const std::optional<int> iops = ShownIops(volume)) rendered.set_iops(*iops);
  if (const std::optional<int> throughput = ShownThroughput(volume)) rendered.set_throughput(*throughput);
  return rendered;
}

// EC2's default of this call; volumes of a launch have another.
std::string TypeOf(const v1::CreateVolumeRequest& request) {
  return request.volume_type().empty() ? std::string(kVolumeTypeNames.Of(VolumeType::kGp2)) : request.volume_type();
}

template <typename Request>
absl::Status CheckNotShared(const Request& request) {
  if (!request.multi_attach_enabled()) return absl::OkStatus();
  return ec2::Error("UnsupportedOperation",
                    "A volume is attached to one instance at most: multiAttachEnabled must be false");
}

absl::StatusOr<v1::DescribeVolumesResponse> DescribeVolumes(const v1::DescribeVolumesRequest& request,
                                                            storage::VolumeService& volumes, const Settings& settings) {
  static const gateway::Listing<v1::Volume, v1::DescribeVolumesResponse> listing = {
      "volumes", &v1::Volume::volume_id, &v1::DescribeVolumesResponse::mutable_volumes};
  ASSIGN_OR_RETURN(const auto ids, gateway::NamedIds<VolumeId>(request, request.volume_ids(), "volumeId"));
  const auto render =
      [&](const absl::StatusOr<std::vector<storage::VolumeView>>& views) -> absl::StatusOr<std::vector<v1::Volume>> {
    RETURN_IF_ERROR(views.status());
    std::vector<v1::Volume> rendered;
    rendered.reserve(views->size());
    for (const storage::VolumeView& view : *views) rendered.push_back(Render<v1::Volume>(view, settings));
    return rendered;
  };
  if (!ids.empty()) {
    ASSIGN_OR_RETURN(std::vector<v1::Volume> named, render(volumes.List(ids)));
    return gateway::Answer(listing, request, std::move(named));
  }
  storage::ListQuery query{.tags = TagsAskedFor(request.filters(), VolumeId::kKind.prefix), .after = "", .count = 0};
  return gateway::AnswerPage(listing, request, [&](const std::string& after, size_t count) {
    query.after = after;
    query.count = count;
    return render(volumes.ListPage(query));
  });
}

// The zone's name, however the request has it; an unknown one as it is there.
std::string ZoneOf(const v1::CreateVolumeRequest& request, const Settings& settings) {
  if (request.availability_zone_id().empty()) return request.availability_zone();
  return FindZone(settings, request.availability_zone_id()).value_or(request.availability_zone_id());
}

absl::Status CheckZone(const v1::CreateVolumeRequest& request) {
  const bool by_id = !request.availability_zone_id().empty();
  if (by_id != !request.availability_zone().empty()) return absl::OkStatus();
  if (!by_id) return ec2::Error(ec2::kMissingParameter, "availabilityZone");
  return ec2::Error("InvalidParameterCombination",
                    "The parameters availabilityZone and availabilityZoneId cannot be used together");
}

absl::StatusOr<v1::CreateVolumeResponse> CreateVolume(const v1::CreateVolumeRequest& request,
                                                      storage::VolumeService& volumes, const Settings& settings) {
  RETURN_IF_ERROR(storage::CheckKmsKey(request.kms_key_id(), request.encrypted(), settings.account()));
  RETURN_IF_ERROR(CheckZone(request));
  RETURN_IF_ERROR(CheckNotShared(request));
  RETURN_IF_ERROR(gateway::CheckClientToken(request.client_token()));
  ASSIGN_OR_RETURN(const VolumeType type, ParseVolumeType(TypeOf(request)));
  storage::NewVolume wanted{.availability_zone = ZoneOf(request, settings),
                            .type = type,
                            .client_token = request.client_token(),
                            .parameters_digest = gateway::ParametersDigest(request)};
  if (request.has_encrypted()) wanted.encrypted = request.encrypted();
  if (request.has_size()) wanted.size_gib = request.size();
  if (request.has_iops()) wanted.iops = request.iops();
  if (request.has_throughput()) wanted.throughput = request.throughput();
  if (request.has_volume_initialization_rate()) wanted.initialization_rate = request.volume_initialization_rate();
  ASSIGN_OR_RETURN(wanted.snapshot_id, gateway::ParseOptionalId<SnapshotId>(request.snapshot_id()));
  ASSIGN_OR_RETURN(wanted.tags, ParseTags(request.tag_specifications(), VolumeId::kKind));
  ASSIGN_OR_RETURN(const storage::VolumeView view, volumes.Create(wanted));
  return Render<v1::CreateVolumeResponse>(view, settings);
}

// That of the snapshot where the call says none. One that is not there is refused when the call's turn comes.
absl::StatusOr<std::optional<int64_t>> SizeOf(const v1::CreateVolumeRequest& request,
                                              storage::SnapshotService& snapshots) {
  if (request.has_size()) return request.size();
  if (request.snapshot_id().empty()) return std::nullopt;
  ASSIGN_OR_RETURN(const SnapshotId id, SnapshotId::Parse(request.snapshot_id()));
  ASSIGN_OR_RETURN(const std::vector<storage::SnapshotView> found, snapshots.List({&id, 1}));
  return found.front().snapshot.size_gib;
}

// What policies are asked about the volume that is made.
absl::Status DescribeCreated(const v1::CreateVolumeRequest& request, const VolumeServices& services,
                             AccessQuestion& question) {
  const Settings& settings = services.settings;
  ASSIGN_OR_RETURN(const bool encrypted, services.encryption.WouldEncrypt(request.encrypted(), request.snapshot_id()));
  AccessContext facts = {{"ec2:availabilityzone", {ZoneOf(request, settings)}},
                         {"ec2:encrypted", {encrypted ? "true" : "false"}},
                         {"ec2:volumetype", {TypeOf(request)}}};
  ASSIGN_OR_RETURN(const std::optional<int64_t> size, SizeOf(request, services.snapshots));
  if (size.has_value()) facts["ec2:volumesize"] = {absl::StrCat(*size)};
  if (request.has_iops()) facts["ec2:volumeiops"] = {absl::StrCat(request.iops())};
  if (request.has_throughput()) facts["ec2:volumethroughput"] = {absl::StrCat(request.throughput())};
  if (request.has_volume_initialization_rate()) {
    facts["ec2:volumeinitializationrate"] = {absl::StrCat(request.volume_initialization_rate())};
  }
  if (!request.snapshot_id().empty()) {
    facts["ec2:parentsnapshot"] = {ArnOf(settings.account(), SnapshotId::kKind, request.snapshot_id())};
  }
  question.resource_context[ArnOf(settings.account(), VolumeId::kKind, "*")].merge(std::move(facts));
  return absl::OkStatus();
}

absl::Status DeleteVolume(const v1::DeleteVolumeRequest& request, storage::VolumeService& volumes) {
  ASSIGN_OR_RETURN(const VolumeId id, VolumeId::Parse(request.volume_id()));
  return volumes.Delete(id);
}

// `full`: nobody can write to what was not written to before.
v1::VolumeStatusItem RenderStatus(const Volume& volume, bool full, const Settings& settings) {
  const bool known = volume.state == VolumeState::kAvailable || volume.state == VolumeState::kInUse;
  const bool lost = volume.state == VolumeState::kError;
  const char* const enabled = known ? "passed" : lost ? "failed" : "insufficient-data";
  v1::VolumeStatusItem item;
  item.set_availability_zone(volume.availability_zone);
  item.set_availability_zone_id(ZoneId(settings, volume.availability_zone));
  item.set_volume_id(volume.id.text());
  item.mutable_operator_()->set_managed(false);
  v1::VolumeStatusInfo& info = *item.mutable_volume_status();
  const bool stalled = full && volume.state == VolumeState::kInUse;
  info.set_status(stalled || lost ? "impaired" : known ? "ok" : "insufficient-data");
  const auto add = [&info](const char* name, const char* status) {
    v1::VolumeStatusDetails& details = *info.add_details();
    details.set_name(name);
    details.set_status(status);
  };
  add("io-enabled", enabled);
  add("io-performance", stalled ? "stalled" : volume.iops.has_value() && known ? "normal" : "not-applicable");
  return item;
}

absl::StatusOr<v1::DescribeVolumeStatusResponse> DescribeVolumeStatus(const v1::DescribeVolumeStatusRequest& request,
                                                                      storage::VolumeService& volumes,
                                                                      const storage::SpaceFunction& space_of,
                                                                      const Settings& settings) {
  static const gateway::Listing<v1::VolumeStatusItem, v1::DescribeVolumeStatusResponse> listing = {
      "volume status", &v1::VolumeStatusItem::volume_id, &v1::DescribeVolumeStatusResponse::mutable_volume_statuses};
  ASSIGN_OR_RETURN(const auto ids, gateway::NamedIds<VolumeId>(request, request.volume_ids(), "volumeId"));
  ASSIGN_OR_RETURN(const std::vector<storage::VolumeView> views, volumes.List(ids));
  std::vector<v1::VolumeStatusItem> items;
  items.reserve(views.size());
  ASSIGN_OR_RETURN(const DiskSpace space, space_of());
  for (const storage::VolumeView& view : views) items.push_back(RenderStatus(view.volume, IsFull(space), settings));
  return gateway::Answer(listing, request, std::move(items));
}

absl::StatusOr<v1::DescribeVolumeAttributeResponse> DescribeVolumeAttribute(
    const v1::DescribeVolumeAttributeRequest& request, storage::VolumeService& volumes) {
  ASSIGN_OR_RETURN(const VolumeId id, VolumeId::Parse(request.volume_id()));
  ASSIGN_OR_RETURN(const std::vector<storage::VolumeView> found, volumes.List({&id, 1}));
  v1::DescribeVolumeAttributeResponse response;
  response.set_volume_id(id.text());
  if (request.attribute() == "autoEnableIO") {
    response.mutable_auto_enable_io()->set_value(found.front().volume.auto_enable_io);
  }
  return response;
}

absl::Status ModifyVolumeAttribute(const v1::ModifyVolumeAttributeRequest& request, storage::VolumeService& volumes) {
  ASSIGN_OR_RETURN(const VolumeId id, VolumeId::Parse(request.volume_id()));
  if (!request.auto_enable_io().has_value()) {
    return ec2::Error("MissingParameter", "The request must contain the parameter autoEnableIO.value");
  }
  return volumes.SetAutoEnableIo(id, request.auto_enable_io().value());
}

absl::Status EnableVolumeIO(const v1::EnableVolumeIORequest& request, storage::VolumeService& volumes) {
  ASSIGN_OR_RETURN(const VolumeId id, VolumeId::Parse(request.volume_id()));
  return volumes.List({&id, 1}).status();
}

}  // namespace

void AddVolumeActions(gateway::Actions& actions, const VolumeServices& services) {
  storage::VolumeService& volumes = services.volumes;
  const Settings& settings = services.settings;
  const storage::SpaceFunction& space = services.space;
  actions.Add(CreateVolume, volumes, settings)
      .DescribedBy([services](const v1::CreateVolumeRequest& request, AccessQuestion& question) {
        return DescribeCreated(request, services, question);
      });
  actions.Add(DeleteVolume, volumes);
  actions.Add(DescribeVolumeAttribute, volumes);
  actions.Add(DescribeVolumeStatus, volumes, space, settings);
  actions.Add(EnableVolumeIO, volumes);
  actions.Add(ModifyVolumeAttribute, volumes);
  actions.Add(DescribeVolumes, volumes, settings);
}

}  // namespace brume::ec2
