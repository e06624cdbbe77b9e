#include "lib/ec2/compute/api/key_pair_handlers.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/key_pair.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/ssh_key.h"
#include "lib/ec2/messages/tag_filters.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/gateway/filters.h"
#include "lib/gateway/parameters.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"

namespace brume::ec2 {
namespace {

using Names = google::protobuf::RepeatedPtrField<std::string>;

// What the answers of CreateKeyPair and ImportKeyPair share.
template <typename Response>
void Render(const compute::KeyPairView& view, Response& response) {
  response.set_key_fingerprint(view.pair.fingerprint);
  response.set_key_name(view.pair.name);
  response.set_key_pair_id(view.pair.id.text());
  *response.mutable_tags() = RenderTags(view.tags);
}

std::string TypeOf(const v1::CreateKeyPairRequest& request) {
  return request.has_key_type() ? request.key_type() : "rsa";
}

// Of a pair to be made, for policies.
void AddKeyType(const std::string& name, std::string type, const Account& account, AccessQuestion& question) {
  question.resource_context[ArnOf(account, KeyPairId::kKind, name)]["ec2:keypairtype"] = {std::move(type)};
}

absl::StatusOr<v1::CreateKeyPairResponse> CreateKeyPair(const v1::CreateKeyPairRequest& request,
                                                        compute::KeyPairService& key_pairs) {
  ASSIGN_OR_RETURN(const TagMap tags, ParseTags(request.tag_specifications(), KeyPairId::kKind));
  ASSIGN_OR_RETURN(const compute::CreatedKeyPair created,
                   key_pairs.Create(request.key_name(), TypeOf(request), tags, request.key_format()));
  v1::CreateKeyPairResponse response;
  Render(created.view, response);
  response.set_key_material(created.private_key);
  return response;
}

absl::StatusOr<v1::ImportKeyPairResponse> ImportKeyPair(const v1::ImportKeyPairRequest& request,
                                                        compute::KeyPairService& key_pairs) {
  ASSIGN_OR_RETURN(const TagMap tags, ParseTags(request.tag_specifications(), KeyPairId::kKind));
  ASSIGN_OR_RETURN(const compute::KeyPairView view,
                   key_pairs.Import(request.key_name(), request.public_key_material(), tags));
  v1::ImportKeyPairResponse response;
  Render(view, response);
  return response;
}

// Every name in `wanted` must be found.
template <typename Get>
absl::Status CheckFound(const Names& wanted, const std::vector<compute::KeyPairView>& all, const Get& get) {
  for (const std::string& name : wanted) {
    if (std::none_of(all.begin(), all.end(),
                     [&](const compute::KeyPairView& view) { return get(view.pair) == name; })) {
      return ec2::Error("InvalidKeyPair.NotFound",
                        absl::StrCat("The key pair '", absl::string_view(name).substr(0, 255), "' does not exist"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::DescribeKeyPairsResponse> DescribeKeyPairs(const v1::DescribeKeyPairsRequest& request,
                                                              compute::KeyPairService& key_pairs) {
  ASSIGN_OR_RETURN(const auto keep, gateway::KeptBy(request));
  const std::vector<std::string> names(request.key_names().begin(), request.key_names().end());
  const std::vector<std::string> ids(request.key_pair_ids().begin(), request.key_pair_ids().end());
  ASSIGN_OR_RETURN(const std::vector<compute::KeyPairView> found,
                   key_pairs.List(names, ids, TagsAskedFor(request.filters(), KeyPairId::kKind.prefix)));
  RETURN_IF_ERROR(CheckFound(request.key_names(), found, [](const KeyPair& pair) { return pair.name; }));
  RETURN_IF_ERROR(CheckFound(request.key_pair_ids(), found, [](const KeyPair& pair) { return pair.id.text(); }));
  v1::DescribeKeyPairsResponse response;
  for (const compute::KeyPairView& view : found) {
    v1::KeyPairInfo info;
    Render(view, info);
    info.set_key_type(std::string(kSshKeyTypeNames.Of(view.pair.type)));
    info.set_create_time(gateway::RenderTime(view.pair.created));
    if (request.include_public_key()) info.set_public_key(view.pair.public_key);
    if (keep(info)) *response.add_key_pairs() = std::move(info);
  }
  return response;
}

absl::StatusOr<v1::DeleteKeyPairResponse> DeleteKeyPair(const v1::DeleteKeyPairRequest& request,
                                                        compute::KeyPairService& key_pairs) {
  if (request.key_name().empty() && request.key_pair_id().empty()) {
    return ec2::Error(ec2::kMissingParameter, "keyName or keyPairId");
  }
  ASSIGN_OR_RETURN(const auto id, gateway::ParseOptionalId<KeyPairId>(request.key_pair_id()));
  ASSIGN_OR_RETURN(const std::optional<KeyPair> deleted, key_pairs.Delete(request.key_name(), id));
  v1::DeleteKeyPairResponse response;
  response.set_return_(true);
  if (deleted.has_value()) response.set_key_pair_id(deleted->id.text());
  return response;
}

}  // namespace

void AddKeyPairActions(gateway::Actions& actions, compute::KeyPairService& key_pairs, const Account& account) {
  actions.Add(CreateKeyPair, key_pairs)
      .DescribedBy([account](const v1::CreateKeyPairRequest& request, AccessQuestion& question) {
        AddKeyType(request.key_name(), TypeOf(request), account, question);
        return absl::OkStatus();
      });
  actions.Add(ImportKeyPair, key_pairs)
      .DescribedBy([account](const v1::ImportKeyPairRequest& request, AccessQuestion& question) {
        // What is no key is refused when the call's turn comes.
        const auto key = compute::ParseSshPublicKey(request.public_key_material());
        if (key.ok()) AddKeyType(request.key_name(), std::string(kSshKeyTypeNames.Of(key->type)), account, question);
        return absl::OkStatus();
      });
  actions.Add(DescribeKeyPairs, key_pairs);
  actions.Add(DeleteKeyPair, key_pairs);
}

}  // namespace brume::ec2
