#include "lib/ec2/storage/api/block_handlers.h"

#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "brume/ebs/v1/block.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/encryption_service.h"
#include "lib/gateway/pages.h"
#include "lib/gateway/parameters.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"

namespace brume::ec2 {
namespace {

// AWS's, and as many as one answer has where the call does not say.
constexpr size_t kDefaultBlocks = 10000;
constexpr absl::Duration kDefaultTimeout = absl::Minutes(60);
constexpr char kSha256[] = "SHA256";

// What all these handlers work with.
struct BlockActions {
  storage::SnapshotBlockService& blocks;
  const storage::BlockTokens& tokens;
  const Settings& settings;
  const Clock& clock;
};

absl::StatusOr<SnapshotId> ParseSnapshot(const std::string& text) {
  absl::StatusOr<SnapshotId> id = SnapshotId::Parse(text);
  if (id.ok()) return id;
  return ec2::Error("ValidationException.INVALID_SNAPSHOT_ID", id.status().message());
}

absl::StatusOr<ebs::v1::StartSnapshotResponse> StartSnapshot(const ebs::v1::StartSnapshotRequest& request,
                                                             const BlockActions& parts) {
  // EC2's answer, too: one with a parent is as encrypted as that.
  if (request.has_encrypted() && request.has_parent_snapshot_id()) {
    return ec2::Error("ValidationException.INVALID_DEPENDENCY_REQUEST",
                      "Encrypted and ParentSnapshotId cannot be given together.");
  }
  const absl::Status key = storage::CheckKmsKey(request.kms_key_arn(), request.encrypted(), parts.settings.account());
  if (!key.ok()) return ec2::Error("ValidationException.INVALID_PARAMETER_VALUE", key.message());
  storage::UploadRequest wanted;
  wanted.encrypted = request.encrypted();
  wanted.size_gib = request.volume_size();
  if (request.has_parent_snapshot_id()) {
    ASSIGN_OR_RETURN(wanted.parent, ParseSnapshot(request.parent_snapshot_id()));
  }
  wanted.description = request.description();
  wanted.timeout = request.has_timeout() ? absl::Minutes(request.timeout()) : kDefaultTimeout;
  wanted.client_token = request.client_token();
  wanted.parameters_digest = gateway::ParametersDigest(request);
  for (const ebs::v1::Tag& tag : request.tags()) {
    if (!wanted.tags.emplace(tag.key(), tag.value()).second) {
      return ec2::Error("ValidationException.INVALID_TAG", absl::StrCat("The tag '", tag.key(), "' is there twice."));
    }
  }
  ASSIGN_OR_RETURN(const storage::StartedUpload started, parts.blocks.Start(wanted));
  const VolumeSnapshot& snapshot = started.view.snapshot;
  ebs::v1::StartSnapshotResponse response;
  if (!snapshot.description.empty()) response.set_description(snapshot.description);
  response.set_snapshot_id(snapshot.id.text());
  response.set_owner_id(parts.settings.account_id);
  response.set_status(std::string(StateName(snapshot.state)));
  response.set_start_time(gateway::RenderTime(snapshot.started));
  response.set_volume_size(snapshot.size_gib);
  response.set_block_size(kBlockBytes);
  for (const auto& [key, value] : started.view.tags) {
    ebs::v1::Tag& tag = *response.add_tags();
    tag.set_key(key);
    tag.set_value(value);
  }
  if (snapshot.encrypted) response.set_kms_key_arn(storage::DefaultKmsKeyArn(parts.settings.account()));
  if (!started.parent.empty()) response.set_parent_snapshot_id(started.parent.text());
  return response;
}

// Source: "Condition keys for Amazon Elastic Block Store" in the Service Authorization Reference. The tags are of the
// snapshot that is started, not of its parent.
absl::Status DescribeStart(const ebs::v1::StartSnapshotRequest& request, const Account& account,
                           AccessQuestion& question) {
  question.context["ebs:volumesize"] = {absl::StrCat(request.volume_size())};
  if (request.has_description()) question.context["ebs:description"] = {request.description()};
  if (request.has_parent_snapshot_id()) {
    question.context["ebs:parentsnapshot"] = {ArnOf(account, SnapshotId::kKind, request.parent_snapshot_id())};
  }
  TagMap tags;
  for (const ebs::v1::Tag& tag : request.tags()) tags[tag.key()] = tag.value();
  question.GiveTags(ArnOf(account, SnapshotId::kKind, "*"), tags);
  return absl::OkStatus();
}

absl::StatusOr<ebs::v1::PutSnapshotBlockResponse> PutSnapshotBlock(const ebs::v1::PutSnapshotBlockRequest& request,
                                                                   const BlockActions& parts) {
  ASSIGN_OR_RETURN(const SnapshotId id, ParseSnapshot(request.snapshot_id()));
  if (request.data_length() != kBlockBytes) {
    return ec2::Error("ValidationException.INVALID_PARAMETER_VALUE",
                      absl::StrCat("The data length is ", request.data_length(), " and must be ", kBlockBytes, "."));
  }
  RETURN_IF_ERROR(parts.blocks.Put(id, request.block_index(), request.block_data(), request.checksum()));
  ebs::v1::PutSnapshotBlockResponse response;
  response.set_checksum(request.checksum());
  response.set_checksum_algorithm(kSha256);
  return response;
}

absl::StatusOr<ebs::v1::CompleteSnapshotResponse> CompleteSnapshot(const ebs::v1::CompleteSnapshotRequest& request,
                                                                   const BlockActions& parts) {
  ASSIGN_OR_RETURN(const SnapshotId id, ParseSnapshot(request.snapshot_id()));
  if (!request.checksum().empty() && request.checksum_algorithm().empty()) {
    return ec2::Error("ValidationException.INVALID_PARAMETER_VALUE",
                      "A checksum needs the ChecksumAlgorithm that it is made with.");
  }
  ASSIGN_OR_RETURN(const SnapshotState state,
                   parts.blocks.Complete(id, {request.changed_blocks_count(), request.checksum()}));
  ebs::v1::CompleteSnapshotResponse response;
  response.set_status(std::string(StateName(state)));
  return response;
}

// `list` names what is listed: a token of another list is refused.
template <typename Request>
absl::StatusOr<storage::BlockRange> ParseRange(const std::string& list, const Request& request) {
  storage::BlockRange range = {.first = request.starting_block_index(), .max_blocks = kDefaultBlocks};
  if (request.has_max_results()) range.max_blocks = static_cast<size_t>(request.max_results());
  if (request.next_token().empty()) return range;
  const absl::StatusOr<std::string> position = gateway::ParseToken(list, request.next_token());
  if (position.ok() && absl::SimpleAtoi(*position, &range.first)) return range;
  return ec2::Error("ValidationException.INVALID_PAGE_TOKEN", "The page token is not one of this list.");
}

template <typename Response>
absl::Time FillList(const std::string& list, const storage::BlockList& found, const Clock& clock, Response& response) {
  const absl::Time expiry = clock.Now() + storage::kBlockTokensLive;
  response.set_expiry_time(gateway::RenderTime(expiry));
  response.set_volume_size(found.size_gib);
  response.set_block_size(kBlockBytes);
  if (found.next.has_value()) response.set_next_token(gateway::MakeToken(list, absl::StrCat(*found.next)));
  return expiry;
}

absl::StatusOr<ebs::v1::ListSnapshotBlocksResponse> ListSnapshotBlocks(
    const ebs::v1::ListSnapshotBlocksRequest& request, const BlockActions& parts) {
  ASSIGN_OR_RETURN(const SnapshotId id, ParseSnapshot(request.snapshot_id()));
  ASSIGN_OR_RETURN(const storage::BlockRange range, ParseRange(id.text(), request));
  ASSIGN_OR_RETURN(const storage::BlockList found, parts.blocks.List(id, range));
  ebs::v1::ListSnapshotBlocksResponse response;
  const absl::Time expiry = FillList(id.text(), found, parts.clock, response);
  for (const storage::ListedBlock& each : found.blocks) {
    ebs::v1::Block& block = *response.add_blocks();
    block.set_block_index(static_cast<int32_t>(each.index));
    block.set_block_token(parts.tokens.Make(id, each.index, expiry));
  }
  return response;
}

absl::StatusOr<ebs::v1::ListChangedBlocksResponse> ListChangedBlocks(const ebs::v1::ListChangedBlocksRequest& request,
                                                                     const BlockActions& parts) {
  ASSIGN_OR_RETURN(const SnapshotId first, ParseSnapshot(request.first_snapshot_id()));
  ASSIGN_OR_RETURN(const SnapshotId second, ParseSnapshot(request.second_snapshot_id()));
  const std::string list = absl::StrCat(first.text(), " ", second.text());
  ASSIGN_OR_RETURN(const storage::BlockRange range, ParseRange(list, request));
  ASSIGN_OR_RETURN(const storage::BlockList found, parts.blocks.ListChanged(first, second, range));
  ebs::v1::ListChangedBlocksResponse response;
  const absl::Time expiry = FillList(list, found, parts.clock, response);
  for (const storage::ListedBlock& each : found.blocks) {
    ebs::v1::ChangedBlock& block = *response.add_changed_blocks();
    block.set_block_index(static_cast<int32_t>(each.index));
    if (each.in_first) block.set_first_block_token(parts.tokens.Make(first, each.index, expiry));
    block.set_second_block_token(parts.tokens.Make(second, each.index, expiry));
  }
  return response;
}

absl::StatusOr<ebs::v1::GetSnapshotBlockResponse> GetSnapshotBlock(const ebs::v1::GetSnapshotBlockRequest& request,
                                                                   const BlockActions& parts) {
  ASSIGN_OR_RETURN(const SnapshotId id, ParseSnapshot(request.snapshot_id()));
  RETURN_IF_ERROR(parts.tokens.Check(request.block_token(), id, request.block_index(), parts.clock.Now()));
  ebs::v1::GetSnapshotBlockResponse response;
  ASSIGN_OR_RETURN(*response.mutable_block_data(), parts.blocks.Get(id, request.block_index()));
  response.set_data_length(static_cast<int32_t>(response.block_data().size()));
  response.set_checksum(ChecksumOfBlock(response.block_data()));
  response.set_checksum_algorithm(kSha256);
  return response;
}

}  // namespace

void AddBlockActions(gateway::Actions& actions, const StorageServices& services) {
  const BlockActions parts = {services.blocks, services.block_tokens, services.settings, services.clock};
  actions.Add([parts](const ebs::v1::StartSnapshotRequest& request) { return StartSnapshot(request, parts); })
      .DescribedBy([account = services.settings.account()](const ebs::v1::StartSnapshotRequest& request,
                                                           AccessQuestion& question) {
        return DescribeStart(request, account, question);
      });
  actions.Add([parts](const ebs::v1::PutSnapshotBlockRequest& request) { return PutSnapshotBlock(request, parts); });
  actions.Add([parts](const ebs::v1::CompleteSnapshotRequest& request) { return CompleteSnapshot(request, parts); });
  actions.Add(
      [parts](const ebs::v1::ListSnapshotBlocksRequest& request) { return ListSnapshotBlocks(request, parts); });
  actions.Add([parts](const ebs::v1::ListChangedBlocksRequest& request) { return ListChangedBlocks(request, parts); });
  actions.Add([parts](const ebs::v1::GetSnapshotBlockRequest& request) { return GetSnapshotBlock(request, parts); });
}

}  // namespace brume::ec2
