// Tells a URL what an alarm came to: one POST over HTTP/1.1, within hard limits. brumed is root and its callers are
// not, so that a URL is asked for here only when the administrator allows its beginning
// (lib/cloudwatch/model/alarm_action.h).
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lib/cloudwatch/model/alarm_action.h"

namespace brume::cloudwatch {

struct WebhookOptions {
  // For all of it: connecting, TLS, sending, and the head of the answer. Looking up the host's name comes before, and
  // has the limits of the system's resolver.
  absl::Duration timeout = absl::Seconds(5);
};

// POSTs `body`, a message of Amazon SNS's form with this id. OK for an answer of 200 to 299; of the answer only its
// head is read, 8 KiB at most. Redirects are not followed. HTTPS takes TLS 1.2 or later and a certificate for the host
// of an authority that the system trusts. Errors: InvalidArgument when another try is no use (the answer was 300 to
// 499 but for 408 and 429), Unavailable for the rest.
absl::Status PostWebhook(const alarm::Url& url, const std::string& message_id, const std::string& body,
                         const WebhookOptions& options = {});

}  // namespace brume::cloudwatch
