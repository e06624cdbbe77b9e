#include "lib/frontend/grpc/peers.h"

#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/request_id.h"

namespace brume::frontend {
namespace {

// The name in the certificate of a client; empty without one.
std::string CertificateName(const grpc::AuthContext& auth) {
  for (const char* property : {"x509_common_name", "x509_subject_alternative_name"}) {
    for (const grpc::string_ref& value : auth.FindPropertyValues(property)) {
      if (!value.empty()) return std::string(value.data(), value.size());
    }
  }
  return "";
}

}  // namespace

void Peers::Add(int fd, uid_t uid) {
  std::lock_guard lock(mutex_);
  users_[fd] = uid;
}

Caller Peers::CallerOf(const grpc::CallbackServerContext& context) {
  Caller caller;
  caller.request_id = NewRequestId(random_);
  caller.source = context.peer();
  absl::string_view peer = caller.source;
  int fd = -1;
  if (absl::ConsumePrefix(&peer, "fd:") && absl::SimpleAtoi(peer, &fd)) {
    caller.source = "unix";
    caller.secure = true;
    std::lock_guard lock(mutex_);
    if (const auto user = users_.find(fd); user != users_.end()) {
      caller.uid = user->second;
      caller.principal = absl::StrCat("uid:", user->second);
      caller.administrator = true;  // others are not let in
    }
    return caller;
  }
  const auto auth = context.auth_context();
  const bool insecure = auth == nullptr || auth->FindPropertyValues("transport_security_type").empty() ||
                        auth->FindPropertyValues("transport_security_type")[0] == "insecure";
  if (insecure) {
    // Only a loopback listener that the administrator allowed expressly is without TLS.
    caller.principal = "loopback";
    caller.administrator = true;
    return caller;
  }
  caller.secure = true;
  const std::string name = CertificateName(*auth);
  caller.principal = absl::StrCat("cn:", name);
  caller.administrator = auth->IsPeerAuthenticated() && !name.empty();
  return caller;
}

}  // namespace brume::frontend
