#include "lib/cloudwatch/webhook_service.h"

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/http/client.h"

namespace brume::cloudwatch {
namespace {

absl::Status StatusOf(int status) {
  if (status >= 200 && status < 300) return absl::OkStatus();
  if (status >= 300 && status < 400) {
    return absl::InvalidArgumentError(absl::StrCat("the answer was ", status, ": redirects are not followed"));
  }
  const std::string message = absl::StrCat("the answer was ", status);
  const bool later = status >= 500 || status == 408 || status == 429;
  return later ? absl::UnavailableError(message) : absl::InvalidArgumentError(message);
}

}  // namespace

absl::Status PostWebhook(const alarm::Url& url, const std::string& message_id, const std::string& body,
                         const WebhookOptions& options) {
  const http::ClientRequest request{.tls = url.tls,
                                    .host = url.host,
                                    .port = url.port,
                                    .authority = url.authority(),
                                    .target = url.target,
                                    .headers = {{"User-Agent", "Amazon Simple Notification Service Agent"},
                                                {"Content-Type", "text/plain; charset=UTF-8"},
                                                {"x-amz-sns-message-type", "Notification"},
                                                {"x-amz-sns-message-id", message_id}},
                                    .body = body};
  ASSIGN_OR_RETURN(const int status, http::Exchange(request, {.timeout = options.timeout}));
  return StatusOf(status);
}

}  // namespace brume::cloudwatch
