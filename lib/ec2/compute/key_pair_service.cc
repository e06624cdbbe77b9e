#include "lib/ec2/compute/key_pair_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/ssh_key.h"
#include "lib/ec2/compute/tables/key_pair_table.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"
#include "lib/resource/tags.h"

namespace brume::compute {
namespace {

constexpr size_t kMaxName = 255;

// Printable ASCII only: the name stands as the comment on the key's line, which guests read.
absl::Status CheckName(absl::string_view name) {
  if (name.empty()) return ec2::Error(ec2::kMissingParameter, "KeyName");
  const bool good = name.size() <= kMaxName && name.front() != ' ' && name.back() != ' ' &&
                    std::all_of(name.begin(), name.end(), [](char c) { return absl::ascii_isprint(c); });
  if (good) return absl::OkStatus();
  return ec2::Error("InvalidParameterValue",
                    absl::StrCat("Value (", absl::CHexEscape(name.substr(0, 64)),
                                 ") for parameter KeyName is invalid: up to 255 ASCII characters, with no space at "
                                 "either end"));
}

absl::StatusOr<SshKeyType> ParseType(absl::string_view type) {
  if (type.empty()) return SshKeyType::kRsa;
  if (const std::optional<SshKeyType> found = kSshKeyTypeNames.Find(type); found.has_value()) return *found;
  return ec2::Error("InvalidParameterValue", absl::StrCat("Value (", absl::CHexEscape(type.substr(0, 64)),
                                                          ") for parameter KeyType is invalid: rsa or ed25519"));
}

absl::StatusOr<SshKeyFormat> ParseFormat(absl::string_view format) {
  if (format.empty()) return SshKeyFormat::kPem;
  if (const std::optional<SshKeyFormat> found = FindSshKeyFormat(format); found.has_value()) return *found;
  return ec2::Error("InvalidParameterValue", absl::StrCat("Value (", absl::CHexEscape(format.substr(0, 64)),
                                                          ") for parameter KeyFormat is invalid: pem or ppk"));
}

absl::Status Duplicate(absl::string_view name) { return ec2::Error(ec2::kKeyPairDuplicate, name); }

absl::Status CheckUnused(store::Connection& connection, const std::string& name) {
  ASSIGN_OR_RETURN(const std::optional<KeyPair> there, KeyPairTable(connection).FindByName(name));
  return there.has_value() ? Duplicate(name) : absl::OkStatus();
}

absl::Status Insert(store::Database& database, const KeyPairView& view) {
  return database.Write([&](store::Connection& connection) -> absl::Status {
    RETURN_IF_ERROR(CheckUnused(connection, view.pair.name));
    RETURN_IF_ERROR(KeyPairTable(connection).Insert(view.pair));
    return tagging::SetTags(connection, view.pair.id.text(), view.tags);
  });
}

}  // namespace

KeyPairService::KeyPairService(store::Database& database, const Clock& clock, Random& random)
    : database_(database), clock_(clock), random_(random) {}

absl::StatusOr<CreatedKeyPair> KeyPairService::Create(absl::string_view name, absl::string_view type,
                                                      const TagMap& tags, absl::string_view format) {
  RETURN_IF_ERROR(CheckName(name));
  ASSIGN_OR_RETURN(const SshKeyType parsed, ParseType(type));
  ASSIGN_OR_RETURN(const SshKeyFormat parsed_format, ParseFormat(format));
  RETURN_IF_ERROR(CheckTags(tags));
  // A name in use is found before the costly part; Insert checks again, in its transaction.
  RETURN_IF_ERROR(database_.Read([&](store::Connection& c) { return CheckUnused(c, std::string(name)); }));
  ASSIGN_OR_RETURN(SshKeyPair key, GenerateSshKey(parsed, parsed_format, name));
  CreatedKeyPair created;
  created.private_key = std::move(key.private_text);
  created.view.tags = tags;
  created.view.pair = {.id = KeyPairId::New(random_),
                       .name = std::string(name),
                       .type = key.type,
                       .fingerprint = key.fingerprint,
                       .public_key = absl::StrCat(key.openssh_public, " ", name),
                       .created = clock_.Now()};
  if (absl::Status inserted = Insert(database_, created.view); !inserted.ok()) {
    WipeSecret(created.private_key);
    return inserted;
  }
  return created;
}

absl::StatusOr<KeyPairView> KeyPairService::Import(absl::string_view name, absl::string_view public_key_text,
                                                   const TagMap& tags) {
  RETURN_IF_ERROR(CheckName(name));
  RETURN_IF_ERROR(CheckTags(tags));
  ASSIGN_OR_RETURN(const SshPublicKey key, ParseSshPublicKey(public_key_text));
  KeyPairView view;
  view.tags = tags;
  view.pair = {.id = KeyPairId::New(random_),
               .name = std::string(name),
               .type = key.type,
               .fingerprint = key.fingerprint,
               .public_key = absl::StrCat(key.openssh, " ", name),
               .created = clock_.Now()};
  RETURN_IF_ERROR(Insert(database_, view));
  return view;
}

absl::StatusOr<std::vector<KeyPairView>> KeyPairService::List(absl::Span<const std::string> names,
                                                              absl::Span<const std::string> ids,
                                                              const std::optional<tagging::TagQuery>& tags) {
  return database_.ReadFor([&](store::Connection& connection) -> absl::StatusOr<std::vector<KeyPairView>> {
    KeyPairTable table(connection);
    const bool named = !names.empty() || !ids.empty();
    std::vector<std::string> tagged;
    if (!named && tags.has_value()) {
      ASSIGN_OR_RETURN(tagged, tagging::GetTagged(connection, *tags));
    }
    ASSIGN_OR_RETURN(std::vector<KeyPair> pairs, named              ? table.ListNamed(names, ids)
                                                 : tags.has_value() ? table.ListNamed({}, tagged)
                                                                    : table.List());
    return tagging::WithTags(connection, std::move(pairs), &KeyPairView::pair);
  });
}

absl::StatusOr<std::optional<KeyPair>> KeyPairService::Delete(absl::string_view name,
                                                              const std::optional<KeyPairId>& id) {
  if (name.empty() && !id.has_value()) {
    return ec2::Error(ec2::kMissingParameter, "KeyName or KeyPairId");
  }
  return database_.WriteFor([&](store::Connection& connection) -> absl::StatusOr<std::optional<KeyPair>> {
    KeyPairTable pairs(connection);
    ASSIGN_OR_RETURN(std::optional<KeyPair> pair, id ? pairs.FindById(*id) : pairs.FindByName(std::string(name)));
    if (!pair.has_value()) return std::optional<KeyPair>();
    if (!name.empty() && pair->name != name) {
      return ec2::Error("InvalidParameterCombination",
                        absl::StrCat("The key pair '", pair->id.text(), "' has another name than the one given"));
    }
    RETURN_IF_ERROR(pairs.Delete(pair->id));
    return pair;
  });
}

}  // namespace brume::compute
