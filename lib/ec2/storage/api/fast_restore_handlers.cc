#include "lib/ec2/storage/api/fast_restore_handlers.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "brume/ec2/v1/fast_snapshot_restore.pb.h"
#include "lib/base/status_macros.h"
#include "lib/gateway/listing.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/zones.h"

namespace brume::ec2 {
namespace {

using storage::FastRestore;

constexpr char kLifecycle[] = "Client.UserInitiated - Lifecycle state transition";

// The zones of the request, each once. Errors: MissingParameter, InvalidParameterCombination, InvalidZone.NotFound.
template <typename Request>
absl::StatusOr<std::vector<std::string>> ParseZones(const Request& request, const Settings& settings) {
  if (!request.availability_zones().empty() && !request.availability_zone_ids().empty()) {
    return ec2::Error("InvalidParameterCombination",
                      "The parameters availabilityZone and availabilityZoneId cannot be used together");
  }
  const gateway::Names& given =
      request.availability_zones().empty() ? request.availability_zone_ids() : request.availability_zones();
  if (given.empty()) {
    return ec2::Error("MissingParameter", "The request must contain the parameter availabilityZone");
  }
  std::vector<std::string> zones;
  for (const std::string& text : given) {
    const std::optional<std::string> zone = FindZone(settings, text);
    if (!zone.has_value()) {
      return ec2::Error("InvalidZone.NotFound",
                        absl::StrCat("The zone '", absl::CHexEscape(text.substr(0, 100)),
                                     "' does not exist. There are ", absl::StrJoin(settings.zones, ", ")));
    }
    if (std::find(zones.begin(), zones.end(), *zone) == zones.end()) zones.push_back(*zone);
  }
  return zones;
}

template <typename Request>
absl::StatusOr<std::vector<SnapshotId>> ParseSnapshots(const Request& request) {
  ASSIGN_OR_RETURN(std::vector<SnapshotId> ids, gateway::ParseIds<SnapshotId>(request.source_snapshot_ids()));
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

// Into an item of any of the three answers.
template <typename Item>
void FillRestore(const FastRestore& restore, const Settings& settings, Item& item) {
  item.set_snapshot_id(restore.snapshot_id.text());
  item.set_availability_zone(restore.availability_zone);
  item.set_availability_zone_id(ZoneId(settings, restore.availability_zone));
  item.set_state("enabled");
  item.set_state_transition_reason(kLifecycle);
  item.set_owner_id(settings.account_id);
  const std::string enabled = gateway::RenderTime(restore.enabled);
  item.set_enabling_time(enabled);
  item.set_optimizing_time(enabled);
  item.set_enabled_time(enabled);
}

template <typename Response>
void FillFailures(const std::vector<storage::FastRestoreFailure>& failures, const Settings& settings,
                  Response& response) {
  auto& items = *response.mutable_unsuccessful();
  for (const storage::FastRestoreFailure& failure : failures) {
    if (items.empty() || items.rbegin()->snapshot_id() != failure.snapshot_id.text()) {
      items.Add()->set_snapshot_id(failure.snapshot_id.text());
    }
    auto& shown = *items.rbegin()->add_fast_snapshot_restore_state_errors();
    shown.set_availability_zone(failure.availability_zone);
    shown.set_availability_zone_id(ZoneId(settings, failure.availability_zone));
    shown.mutable_error()->set_code(ec2::ErrorCode(failure.why));
    shown.mutable_error()->set_message(std::string(failure.why.message()));
  }
}

absl::StatusOr<v1::EnableFastSnapshotRestoresResponse> EnableFastSnapshotRestores(
    const v1::EnableFastSnapshotRestoresRequest& request, storage::FastRestoreService& restores,
    const Settings& settings) {
  ASSIGN_OR_RETURN(const std::vector<std::string> zones, ParseZones(request, settings));
  ASSIGN_OR_RETURN(const std::vector<SnapshotId> snapshots, ParseSnapshots(request));
  ASSIGN_OR_RETURN(const storage::FastRestoreChange change, restores.Enable({.snapshots = snapshots, .zones = zones}));
  v1::EnableFastSnapshotRestoresResponse response;
  for (const FastRestore& restore : change.done) FillRestore(restore, settings, *response.add_successful());
  FillFailures(change.failed, settings, response);
  return response;
}

absl::StatusOr<v1::DisableFastSnapshotRestoresResponse> DisableFastSnapshotRestores(
    const v1::DisableFastSnapshotRestoresRequest& request, storage::FastRestoreService& restores,
    const Settings& settings) {
  ASSIGN_OR_RETURN(const std::vector<std::string> zones, ParseZones(request, settings));
  ASSIGN_OR_RETURN(const std::vector<SnapshotId> snapshots, ParseSnapshots(request));
  ASSIGN_OR_RETURN(const storage::FastRestoreChange change, restores.Disable({.snapshots = snapshots, .zones = zones}));
  v1::DisableFastSnapshotRestoresResponse response;
  const std::string now = gateway::RenderTime(restores.clock().Now());
  for (const FastRestore& restore : change.done) {
    v1::DisableFastSnapshotRestoreSuccessItem& item = *response.add_successful();
    FillRestore(restore, settings, item);
    item.set_state("disabled");
    item.set_disabling_time(now);
    item.set_disabled_time(now);
  }
  FillFailures(change.failed, settings, response);
  return response;
}

absl::StatusOr<v1::DescribeFastSnapshotRestoresResponse> DescribeFastSnapshotRestores(
    const v1::DescribeFastSnapshotRestoresRequest& request, storage::FastRestoreService& restores,
    const Settings& settings) {
  using Item = v1::DescribeFastSnapshotRestoreSuccessItem;
  ASSIGN_OR_RETURN(const std::vector<FastRestore> found, restores.List());
  std::vector<Item> rendered;
  for (const FastRestore& restore : found) FillRestore(restore, settings, rendered.emplace_back());
  v1::DescribeFastSnapshotRestoresResponse response;
  ASSIGN_OR_RETURN(
      std::vector<Item> page,
      gateway::FilteredPage("fast-snapshot-restores", std::move(rendered), request, response, [](const Item& item) {
        return absl::StrCat(item.snapshot_id(), " ", item.availability_zone());
      }));
  for (Item& item : page) *response.add_fast_snapshot_restores() = std::move(item);
  return response;
}

// What policies are asked about the zones, by name: the facts derive the ids.
template <typename Request>
auto DescribeZones(const Settings& settings) {
  return [&settings](const Request& request, AccessQuestion& question) -> absl::Status {
    ASSIGN_OR_RETURN(question.context["ec2:availabilityzone"], ParseZones(request, settings));
    return absl::OkStatus();
  };
}

}  // namespace

void AddFastRestoreActions(gateway::Actions& actions, storage::FastRestoreService& restores, const Settings& settings) {
  actions.Add(EnableFastSnapshotRestores, restores, settings)
      .DescribedBy(DescribeZones<v1::EnableFastSnapshotRestoresRequest>(settings));
  actions.Add(DisableFastSnapshotRestores, restores, settings)
      .DescribedBy(DescribeZones<v1::DisableFastSnapshotRestoresRequest>(settings));
  actions.Add(DescribeFastSnapshotRestores, restores, settings);
}

}  // namespace brume::ec2
