#include "lib/iam/api/named_user.h"

#include "lib/resource/ec2_error.h"

namespace brume::iam {

absl::StatusOr<std::string> UserNameOf(const std::string& named, const Caller& caller) {
  const std::string& name = named.empty() ? caller.user_name : named;
  if (!name.empty() || caller.administrator) return name;
  return ec2::Error("ValidationError", "Must specify userName when calling with non-User credentials");
}

}  // namespace brume::iam
