// How much one identity may ask of this host: token buckets, as EC2 throttles its API.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/throttling.html
#pragma once

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/gateway/caller.h"

namespace brume::gateway {

// A bucket that is full holds `burst` tokens and gets `per_second` back. A burst of 0 is no limit.
struct Rate {
  double per_second = 0;
  double burst = 0;
};

struct RequestLimits {
  // Each call takes one.
  Rate requests{.per_second = 5000, .burst = 10000};
  // Each resource that a call with the method option `makes_count` asks for takes one.
  Rate launches{.per_second = 2, .burst = 1000};
};

// Thread-safe. A user's access keys and sessions share what the user may ask, a role's sessions what the role may, and
// the root's keys and sessions what the account may: a new key gives nothing. Calls without an access key are the
// host's own administrators' and are not limited.
class RequestLimiter {
 public:
  RequestLimiter(RequestLimits limits, const Clock& clock) : limits_(limits), clock_(clock) {}

  // Takes the tokens of one call. Error: RequestLimitExceeded, and then none are taken.
  absl::Status Admit(const google::protobuf::MethodDescriptor& method, const google::protobuf::Message& request,
                     const Caller& caller);

  // Identities it remembers.
  size_t identities();

 private:
  struct Bucket {
    double tokens = 0;
    absl::Time filled;
  };
  struct Buckets {
    Bucket requests, launches;
  };
  Buckets& BucketsOf(const std::string& identity, absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const RequestLimits limits_;
  const Clock& clock_;
  Mutex mutex_;
  absl::flat_hash_map<std::string, Buckets> by_identity_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace brume::gateway
