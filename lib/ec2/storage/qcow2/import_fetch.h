// Downloads by HTTP: curl, confined but for the network, does the talking; whom it may talk to, how far it follows and
// how much it may write is decided here, one request at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/ec2/storage/model/import_source.h"
#include "lib/ec2/storage/qcow2/directory_files.h"

namespace brume::storage {

struct FetchOptions {
  // Beginnings of URLs that may have an address that is not on the Internet; see ResolveTarget.
  std::vector<std::string> private_urls = {};
  absl::Duration connect_timeout = absl::Seconds(30);
  absl::Duration stall_timeout = absl::Seconds(60);  // without a byte
  int64_t max_bytes = int64_t{1} << 40;
  int max_redirects = 8;
};

struct FetchPlace {
  int directory = -1;  // the task's, ours
  std::string path;    // of the same
  Owner worker;        // as whom curl runs; not root
  FetchOptions options;
};

// `total`: 0 = not known. False ends the download with Cancelled.
using FetchWatch = std::function<bool(int64_t bytes, int64_t total)>;

struct FetchRequest {
  HttpUrl url;
  std::string name;       // of the file in the place's directory
  bool needs_tls = true;  // a redirect from https to http is refused
  int64_t max_bytes = 0;  // 0 = as the options say
};

// Fetches into the file, which goes on where an earlier try broke off if the server says that it is the same. What a
// failed try fetched stays for the next. Errors: NotFound, PermissionDenied (the server's word, or an address);
// InvalidArgument for what will not change; ResourceExhausted; Unavailable for what may pass; Cancelled.
absl::Status FetchFile(const FetchRequest& request, const FetchPlace& place, const FetchWatch& watch);

// What a response's head says. `text`: all heads of one exchange, of which the last counts. Pure.
struct ResponseHead {
  int status = 0;  // 0 = there is none
  std::string location;
  std::string validator;  // for If-Range: a strong ETag, else Last-Modified; empty = none
  int64_t total = 0;      // bytes of the whole file; 0 = not said
};
ResponseHead ParseResponseHead(absl::string_view text);

}  // namespace brume::storage
