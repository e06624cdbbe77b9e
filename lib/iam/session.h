// Sessions: keys of roles, users and root that end by themselves. None is stored. The token that comes with every call
// holds all there is to know, sealed, so that nobody but this installation reads or writes one.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/iam/secret_box.h"
#include "lib/resource/tags.h"

namespace brume::iam {

struct Session {
  std::string identity_id = {};  // "AROA…" of a role, "AIDA…" of a user; empty = the account's root
  std::string name = {};         // of a role's session; empty for users and root
  std::string policy = {};       // JSON that bounds what a role allows; empty = no bound
  absl::Time expires = {};
  absl::Time issued = {};
  // Of one that an instance gets of the metadata service: as in Caller.
  std::string instance = {}, delivery = {}, instance_vpc = {}, instance_ip = {};
  // As in Caller.
  std::vector<std::string> policy_arns = {};
  TagMap tags = {};
  std::vector<std::string> transitive_tag_keys = {};
  std::string source_identity = {};
};

// What its holder is told, once.
struct SessionKey {
  std::string id;  // "ASIA…"
  std::string secret;
  std::string token;  // X-Amz-Security-Token, base64
  absl::Time expires;
};

// `box`: AccessKeyService::box(). For a role's credentials on an instance:
//
//   ASSIGN_OR_RETURN(const SessionKey key, MakeSession(box, {.identity_id = role.id, .name = instance.id.text(),
//                                                            .expires = clock.Now() + absl::Hours(6)}));
absl::StatusOr<SessionKey> MakeSession(const SecretBox& box, const Session& session);

struct OpenedSession {
  Session session;
  std::string secret;  // wipe it after use
};
// Whether the session is over is the caller's to check. Error: DataLoss when the token was altered, is another key's or
// was not made here.
absl::StatusOr<OpenedSession> OpenSession(const SecretBox& box, absl::string_view key_id, absl::string_view token);

}  // namespace brume::iam
