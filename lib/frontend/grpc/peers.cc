#include "lib/frontend/grpc/peers.h"

#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "lib/base/request_id.h"
#include "lib/resource/ec2_error.h"

namespace brume::frontend {
namespace {

// Empty when the client has none that the CA vouches for.
std::string PropertyOf(const grpc::AuthContext& auth, const char* property) {
  for (const grpc::string_ref& value : auth.FindPropertyValues(property)) {
    if (!value.empty() && auth.IsPeerAuthenticated()) return std::string(value.data(), value.size());
  }
  return "";
}

constexpr char kCommonName[] = "x509_common_name";

// The name in the certificate of a client; empty without one.
std::string CertificateName(const grpc::AuthContext& auth) {
  const std::string name = PropertyOf(auth, kCommonName);
  return name.empty() ? PropertyOf(auth, "x509_subject_alternative_name") : name;
}

}  // namespace

void Peers::Add(int fd, uid_t uid) {
  MutexLock lock(mutex_);
  users_[fd] = uid;
}

Caller Peers::CallerOf(const grpc::CallbackServerContext& context) {
  Caller caller;
  caller.request_id = NewRequestId(random_);
  const std::string name_of_peer = context.peer();
  caller.source = AddressOf(name_of_peer);
  absl::string_view peer = name_of_peer;
  int fd = -1;
  if (absl::ConsumePrefix(&peer, "fd:") && absl::SimpleAtoi(peer, &fd)) {
    caller.source = "unix";
    caller.secure = true;
    MutexLock lock(mutex_);
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
  caller.administrator = !name.empty() && !certificate_user_;
  return caller;
}

absl::Status Peers::Complete(const grpc::CallbackServerContext& context, Caller& caller) const {
  if (!certificate_user_ || caller.administrator) return absl::OkStatus();
  const auto auth = context.auth_context();
  const std::string name = auth == nullptr ? "" : PropertyOf(*auth, kCommonName);
  if (name.empty()) return ec2::Error("AuthFailure", "The client's certificate has no common name");
  return certificate_user_(name, caller);
}

std::string AddressOf(absl::string_view peer) {
  std::string address(peer);
  absl::string_view rest = peer;
  if (absl::ConsumePrefix(&rest, "ipv4:")) {
    address = std::string(rest.substr(0, rest.rfind(':')));
  } else if (absl::ConsumePrefix(&rest, "ipv6:")) {
    address = absl::StrReplaceAll(rest, {{"%5B", "["}, {"%5D", "]"}, {"%25", "%"}});
    const size_t end = address.find_first_of("%]");  // a scope is of this host alone
    if (address.empty() || address[0] != '[' || end == address.npos) return std::string(peer);
    address = address.substr(1, end - 1);
  }
  return address;
}

}  // namespace brume::frontend
