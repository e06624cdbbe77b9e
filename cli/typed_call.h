// Calls with the generated messages, for commands that need no schema.
#pragma once

#include <cstring>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "cli/rpc_client.h"
#include "lib/base/status_macros.h"

namespace brume::cli {

// Calls the rpc whose request this is: a request X is named XRequest, and the service stands in its file. Only the rpcs
// of instances stand in a file of their own, which has no message that would link it.
template <typename Response, typename Request>
absl::StatusOr<Response> Call(Client& client, const Request& request) {
  const auto& file = *Request::descriptor()->file();
  const std::string message = Request::descriptor()->name();
  const std::string name = message.substr(0, message.size() - std::strlen("Request"));
  std::string path = absl::StrCat("/", file.package(), ".Instances/", name);
  for (int i = 0; i < file.service_count(); ++i) {
    if (const auto* const method = file.service(i)->FindMethodByName(name)) path = MethodPath(*method);
  }
  Response response;
  RETURN_IF_ERROR(client.Call(path, request, &response));
  return response;
}

// All pages of a call that gives its answer in pages.
template <typename Response, typename Request>
absl::StatusOr<Response> CallAllPages(Client& client, Request request) {
  Response all;
  while (true) {
    ASSIGN_OR_RETURN(const Response page, Call<Response>(client, request));
    all.MergeFrom(page);
    all.clear_next_token();
    if (page.next_token().empty()) return all;
    if (page.next_token() == request.next_token()) return absl::InternalError("the daemon's pages do not advance");
    request.set_next_token(page.next_token());
  }
}

}  // namespace brume::cli
