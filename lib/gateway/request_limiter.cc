#include "lib/gateway/request_limiter.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "brume/rpc/v1/options.pb.h"
#include "lib/resource/ec2_error.h"

namespace brume::gateway {
namespace {

// Identities come and go; beyond this many, buckets that are full again are evicted.
constexpr size_t kMaxIdentities = 4096;

// Whose share a call is of: a role's, for any session of it; a user's or the account's, for any key and session.
const std::string& IdentityOf(const Caller& caller) {
  if (!caller.role_id.empty()) return caller.role_id;
  return caller.principal_id.empty() ? caller.access_key_id : caller.principal_id;
}

// As people know it.
const std::string& NameOf(const Caller& caller) { return caller.arn.empty() ? caller.access_key_id : caller.arn; }

bool Limited(const Rate& rate) { return rate.burst > 0; }

template <typename Bucket>
void Refill(Bucket& bucket, const Rate& rate, absl::Time now) {
  // A clock set back gives nothing and takes nothing.
  const double seconds = std::max(0.0, absl::ToDoubleSeconds(now - bucket.filled));
  bucket.tokens = std::min(rate.burst, bucket.tokens + seconds * rate.per_second);
  bucket.filled = now;
}

// How many resources the call is to make.
double Asked(const google::protobuf::MethodDescriptor& method, const google::protobuf::Message& request) {
  const std::string& name = method.options().GetExtension(rpc::v1::makes_count);
  if (name.empty()) return 0;
  const auto* field = request.GetDescriptor()->FindFieldByName(name);
  return std::max(1, request.GetReflection()->GetInt32(request, field));
}

}  // namespace

RequestLimiter::Buckets& RequestLimiter::BucketsOf(const std::string& identity, absl::Time now) {
  if (by_identity_.size() >= kMaxIdentities && !by_identity_.contains(identity)) {
    absl::erase_if(by_identity_, [&](auto& entry) {
      Refill(entry.second.requests, limits_.requests, now);
      Refill(entry.second.launches, limits_.launches, now);
      return entry.second.requests.tokens >= limits_.requests.burst &&
             entry.second.launches.tokens >= limits_.launches.burst;
    });
  }
  const Buckets full{.requests = {.tokens = limits_.requests.burst, .filled = now},
                     .launches = {.tokens = limits_.launches.burst, .filled = now}};
  return by_identity_.try_emplace(identity, full).first->second;
}

size_t RequestLimiter::identities() {
  MutexLock lock(mutex_);
  return by_identity_.size();
}

absl::Status RequestLimiter::Admit(const google::protobuf::MethodDescriptor& method,
                                   const google::protobuf::Message& request, const Caller& caller) {
  if (caller.access_key_id.empty()) return absl::OkStatus();
  const absl::Time now = clock_.Now();
  const double asked = Limited(limits_.launches) ? Asked(method, request) : 0;
  MutexLock lock(mutex_);
  Buckets& buckets = BucketsOf(IdentityOf(caller), now);
  Refill(buckets.requests, limits_.requests, now);
  Refill(buckets.launches, limits_.launches, now);
  if (Limited(limits_.requests) && buckets.requests.tokens < 1) {
    return ec2::Error("RequestLimitExceeded",
                      absl::StrCat("Request limit exceeded: ", NameOf(caller), " may make ",
                                   limits_.requests.per_second, " calls a second; try again later"));
  }
  // What no wait can help, and a client would try again for ever.
  if (asked > limits_.launches.burst) {
    return ec2::Error("InstanceLimitExceeded",
                      absl::StrCat(asked, " resources are asked for at once, and ", NameOf(caller), " may make ",
                                   static_cast<int64_t>(limits_.launches.burst), " at once; ask for fewer"));
  }
  if (buckets.launches.tokens < asked) {
    return ec2::Error(
        "RequestLimitExceeded",
        absl::StrCat("Request limit exceeded: ", asked, " resources are asked for at once, and ", NameOf(caller),
                     " may make ", static_cast<int64_t>(buckets.launches.tokens), " now; try again later"));
  }
  if (Limited(limits_.requests)) buckets.requests.tokens -= 1;
  buckets.launches.tokens -= asked;
  return absl::OkStatus();
}

}  // namespace brume::gateway
