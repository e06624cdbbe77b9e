// Which addresses a download may go to: none that only this host or its neighbours can reach, unless the administrator
// says so. Whoever may import images must not thereby read what is served to the host alone.
#pragma once

#include <sys/socket.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/ec2/storage/model/import_source.h"

namespace brume::storage {

// Whether the whole Internet means the same by it: not loopback, private, link-local, shared, multicast or reserved.
// Pure.
bool IsGlobalAddress(const sockaddr& address);

// The addresses of the URL's host, numeric. `private_urls`: beginnings of URLs that may have any address. Blocks for as
// long as the system's resolver does. Errors: Unavailable when the name is not found now, PermissionDenied for an
// address that is not global.
absl::StatusOr<std::vector<std::string>> ResolveTarget(const HttpUrl& url,
                                                       const std::vector<std::string>& private_urls);

// Where a redirect's Location leads from `base`. InvalidArgument for what is no http or https URL, or would give up TLS
// while `needs_tls`.
absl::StatusOr<HttpUrl> FollowLocation(const HttpUrl& base, const std::string& location, bool needs_tls);

}  // namespace brume::storage
