#include "lib/iam/session.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/status_macros.h"
#include "lib/iam/key_text.h"

namespace brume::iam {
namespace {

// The secret and all else as JSON, on lines of their own.
constexpr absl::string_view kVersion = "3";
// Fields on lines of their own; the policy, which may have many lines, is the last.
constexpr absl::string_view kSecondVersion = "2";
constexpr size_t kSecondFields = 9;
// Without the time of issue, the instance and the delivery.
constexpr absl::string_view kFirstVersion = "1";
constexpr size_t kFirstFields = 6;

// Nothing that is sealed for one key opens as another's, nor as a secret of the database.
std::string Purpose(absl::string_view key_id) { return absl::StrCat("session ", key_id); }

std::string ToJson(const Session& session) {
  const nlohmann::json json = {{"expires", absl::ToUnixSeconds(session.expires)},
                               {"identity", session.identity_id},
                               {"name", session.name},
                               {"issued", absl::ToUnixSeconds(session.issued)},
                               {"instance", session.instance},
                               {"delivery", session.delivery},
                               {"instance_vpc", session.instance_vpc},
                               {"instance_ip", session.instance_ip},
                               {"policy", session.policy},
                               {"policy_arns", session.policy_arns},
                               {"tags", session.tags},
                               {"transitive_tag_keys", session.transitive_tag_keys},
                               {"source_identity", session.source_identity}};
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

absl::Status OtherVersion() { return absl::DataLossError("the token is of another version"); }

absl::StatusOr<Session> FromJson(const std::string& text) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  try {
    Session session;
    session.expires = absl::FromUnixSeconds(json.at("expires").get<int64_t>());
    session.issued = absl::FromUnixSeconds(json.at("issued").get<int64_t>());
    json.at("identity").get_to(session.identity_id);
    json.at("name").get_to(session.name);
    json.at("instance").get_to(session.instance);
    json.at("delivery").get_to(session.delivery);
    // Tokens of earlier versions do not say where the instance is.
    session.instance_vpc = json.value("instance_vpc", "");
    session.instance_ip = json.value("instance_ip", "");
    json.at("policy").get_to(session.policy);
    json.at("policy_arns").get_to(session.policy_arns);
    json.at("tags").get_to(session.tags);
    json.at("transitive_tag_keys").get_to(session.transitive_tag_keys);
    json.at("source_identity").get_to(session.source_identity);
    return session;
  } catch (const nlohmann::json::exception&) {
    return OtherVersion();
  }
}

// What earlier versions wrote.
absl::StatusOr<Session> FromLines(std::vector<std::string> fields, bool first) {
  int64_t expires = 0, issued = 0;
  if (fields.size() != (first ? kFirstFields : kSecondFields) || !absl::SimpleAtoi(fields[2], &expires) ||
      (!first && !absl::SimpleAtoi(fields[5], &issued))) {
    return OtherVersion();
  }
  Session session{.identity_id = std::move(fields[3]),
                  .name = std::move(fields[4]),
                  .policy = std::move(fields.back()),
                  .expires = absl::FromUnixSeconds(expires),
                  .issued = absl::FromUnixSeconds(issued)};
  if (first) return session;
  session.instance = std::move(fields[6]);
  session.delivery = std::move(fields[7]);
  return session;
}

}  // namespace

absl::StatusOr<SessionKey> MakeSession(const SecretBox& box, const Session& session) {
  SessionKey key;
  // As it is told: to the second.
  key.expires = absl::FromUnixSeconds(absl::ToUnixSeconds(session.expires));
  ASSIGN_OR_RETURN(key.id, NewKeyId(kSessionPrefix));
  ASSIGN_OR_RETURN(key.secret, NewSecret());
  std::string content = absl::StrCat(kVersion, "\n", key.secret, "\n", ToJson(session));
  absl::StatusOr<std::string> sealed = box.Seal(content, Purpose(key.id));
  Wipe(content);
  RETURN_IF_ERROR(sealed.status());
  key.token = absl::Base64Escape(*sealed);
  return key;
}

absl::StatusOr<OpenedSession> OpenSession(const SecretBox& box, absl::string_view key_id, absl::string_view token) {
  std::string sealed;
  // One token has one text: what decodes to the same bytes and is written otherwise was altered.
  if (!absl::Base64Unescape(token, &sealed) || absl::Base64Escape(sealed) != token) {
    return absl::DataLossError("the token is not base64");
  }
  ASSIGN_OR_RETURN(std::string content, box.Unseal(sealed, Purpose(key_id)));
  const std::string version = content.substr(0, content.find('\n'));
  const size_t count = version == kVersion ? 3 : version == kSecondVersion ? kSecondFields : kFirstFields;
  std::vector<std::string> fields = absl::StrSplit(content, absl::MaxSplits('\n', count - 1));
  Wipe(content);
  if (fields.size() != count || (count == kFirstFields && version != kFirstVersion)) return OtherVersion();
  OpenedSession opened;
  opened.secret = fields[1];
  Wipe(fields[1]);
  ASSIGN_OR_RETURN(opened.session,
                   version == kVersion ? FromJson(fields[2]) : FromLines(std::move(fields), version == kFirstVersion));
  return opened;
}

}  // namespace brume::iam
