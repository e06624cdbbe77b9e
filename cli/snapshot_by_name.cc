#include "cli/snapshot_by_name.h"

#include <algorithm>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "brume/ec2/v1/snapshot.pb.h"
#include "brume/ec2/v1/volume.pb.h"
#include "cli/call.h"
#include "cli/instances.h"
#include "cli/names.h"
#include "cli/short_wait.h"
#include "cli/terminal.h"
#include "cli/typed_call.h"
#include "lib/base/status_macros.h"

namespace brume::cli {
namespace {

// Ids of the volumes with this id, beginning of an id or Name tag.
absl::StatusOr<std::vector<std::string>> VolumesNamed(Client& client, const std::string& name) {
  if (IsWholeId(name) && absl::StartsWith(name, "vol-")) return std::vector<std::string>{name};
  const bool beginning = IsBeginningOfId("vol", name);
  ec2::v1::DescribeVolumesRequest request;
  ec2::v1::Filter& filter = *request.add_filters();
  filter.set_name(beginning ? "volume-id" : "tag:Name");
  filter.add_values(beginning ? absl::StrCat(name, "*") : FilterLiteral(name));
  ASSIGN_OR_RETURN(const auto answer, CallAllPages<ec2::v1::DescribeVolumesResponse>(client, request));
  std::vector<std::string> ids;
  for (const ec2::v1::Volume& volume : answer.volumes()) ids.push_back(volume.volume_id());
  return ids;
}

absl::Status AwaitSnapshots(Client& client, const std::vector<std::string>& ids) {
  const absl::Time start = absl::Now();
  const NotedInterrupt interrupt;
  Progress progress;
  ec2::v1::DescribeSnapshotsRequest request;
  for (const std::string& id : ids) request.add_snapshot_ids(id);
  while (true) {
    ASSIGN_OR_RETURN(const auto answer, Call<ec2::v1::DescribeSnapshotsResponse>(client, request));
    std::vector<std::string> pending;
    for (const ec2::v1::Snapshot& snapshot : answer.snapshots()) {
      if (snapshot.state() == "error") {
        return absl::FailedPreconditionError(absl::StrCat(snapshot.snapshot_id(), ": ", snapshot.state_message()));
      }
      if (snapshot.state() != "completed") {
        pending.push_back(absl::StrCat(snapshot.snapshot_id(), " ", snapshot.progress()));
      }
    }
    if (pending.empty()) return absl::OkStatus();
    progress.Show(absl::StrJoin(pending, ", "), absl::StrCat(absl::ToInt64Seconds(absl::Now() - start), " s"));
    RETURN_IF_ERROR(CheckNotInterrupted(
        absl::StrCat("The copying into ", absl::StrJoin(ids, ", "), " goes on; brume delete-snapshot ends it.")));
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

absl::StatusOr<std::vector<std::string>> SnapshotVolume(Client& client, const std::string& volume,
                                                        const std::string& description) {
  ec2::v1::CreateSnapshotRequest request;
  request.set_volume_id(volume);
  if (!description.empty()) request.set_description(description);
  ASSIGN_OR_RETURN(const auto made, Call<ec2::v1::CreateSnapshotResponse>(client, request));
  return std::vector<std::string>{made.snapshot_id()};
}

// All at one moment.
absl::StatusOr<std::vector<std::string>> SnapshotInstance(Client& client, const std::string& instance,
                                                          const std::string& description) {
  ec2::v1::CreateSnapshotsRequest request;
  request.mutable_instance_specification()->set_instance_id(instance);
  if (!description.empty()) request.set_description(description);
  ASSIGN_OR_RETURN(const auto made, Call<ec2::v1::CreateSnapshotsResponse>(client, request));
  std::vector<std::string> ids;
  for (const ec2::v1::SnapshotInfo& snapshot : made.snapshots()) ids.push_back(snapshot.snapshot_id());
  return ids;
}

}  // namespace

absl::StatusOr<int> SnapshotByName(Client& client, const std::string& name, const std::string& description, bool wait) {
  ASSIGN_OR_RETURN(const std::vector<std::string> volumes, VolumesNamed(client, name));
  const absl::StatusOr<ec2::v1::Instance> instance =
      IsWholeId(name) && !volumes.empty() ? absl::NotFoundError("") : FindInstance(client, name);
  if (!instance.ok() && !absl::IsNotFound(instance.status())) return instance.status();
  if (!instance.ok() && volumes.empty()) {
    return absl::NotFoundError(absl::StrCat("there is no instance and no volume '", name,
                                            "'. brume ls and brume describe-volumes show what there is."));
  }
  if (volumes.size() + (instance.ok() ? 1 : 0) > 1) {
    std::vector<std::string> ids = volumes;
    if (instance.ok()) ids.push_back(instance->instance_id());
    return AmbiguousName("instances and volumes", name, ids);
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> ids,
                   instance.ok() ? SnapshotInstance(client, instance->instance_id(), description)
                                 : SnapshotVolume(client, volumes[0], description));
  if (wait) RETURN_IF_ERROR(AwaitSnapshots(client, ids));
  RETURN_IF_ERROR(Print(absl::StrCat(absl::StrJoin(ids, "\n"), "\n")));
  return 0;
}

}  // namespace brume::cli
