#include "lib/iam/session.h"

#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "lib/base/status_macros.h"
#include "lib/iam/key_text.h"

namespace brume::iam {
namespace {

// Fields on lines of their own; the policy, which may have many lines, is the last.
constexpr absl::string_view kVersion = "2";
constexpr size_t kFields = 9;
// Without the time of issue, the instance and the delivery.
constexpr absl::string_view kFirstVersion = "1";
constexpr size_t kFirstFields = 6;

// Nothing that is sealed for one key opens as another's, nor as a secret of the database.
std::string Purpose(absl::string_view key_id) { return absl::StrCat("session ", key_id); }

}  // namespace

absl::StatusOr<SessionKey> MakeSession(const SecretBox& box, const Session& session) {
  SessionKey key;
  // As it is told: to the second.
  key.expires = absl::FromUnixSeconds(absl::ToUnixSeconds(session.expires));
  ASSIGN_OR_RETURN(key.id, NewKeyId(kSessionPrefix));
  ASSIGN_OR_RETURN(key.secret, NewSecret());
  std::string content =
      absl::StrJoin({std::string(kVersion), key.secret, absl::StrCat(absl::ToUnixSeconds(key.expires)),
                     session.identity_id, session.name, absl::StrCat(absl::ToUnixSeconds(session.issued)),
                     session.instance, session.delivery, session.policy},
                    "\n");
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
  const bool first = absl::StartsWith(content, absl::StrCat(kFirstVersion, "\n"));
  const size_t count = first ? kFirstFields : kFields;
  std::vector<std::string> fields = absl::StrSplit(content, absl::MaxSplits('\n', count - 1));
  Wipe(content);
  OpenedSession opened;
  int64_t expires = 0, issued = 0;
  const bool good = fields.size() == count && (first || fields[0] == kVersion) &&
                    absl::SimpleAtoi(fields[2], &expires) && (first || absl::SimpleAtoi(fields[5], &issued));
  if (!good) return absl::DataLossError("the token is of another version");
  opened.secret = fields[1];
  Wipe(fields[1]);
  opened.session = {.identity_id = std::move(fields[3]),
                    .name = std::move(fields[4]),
                    .policy = std::move(fields.back()),
                    .expires = absl::FromUnixSeconds(expires),
                    .issued = absl::FromUnixSeconds(issued)};
  if (first) return opened;
  opened.session.instance = std::move(fields[6]);
  opened.session.delivery = std::move(fields[7]);
  return opened;
}

}  // namespace brume::iam
