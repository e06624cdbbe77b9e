// Who listens where brume was told to look for brumed.
#pragma once

#include <string>

#include "cli/args.h"

namespace brume::cli {

// One cause, and what to do about it. An empty cause: nothing wrong was found.
struct EndpointFault {
  std::string cause = {};
  std::string advice = {};
};

// Looks at the endpoint: a socket that is not there, that nobody listens on or that this user may not use, a port that
// nobody listens on or that speaks HTTP (the Query API) or TLS. Waits a second at most.
EndpointFault ProbeEndpoint(const GlobalOptions& global);

// The user that this process runs as, by name where the host knows one.
std::string OwnUser();

// Of the process that listens on the Unix socket `path`, as the kernel says; uid -1 = nobody listens.
struct Listener {
  int uid = -1;
  int pid = 0;
};
Listener ListenerOf(const std::string& path);

// "unix:///x" and "unix:/x" are "/x"; "" where the endpoint is a port.
std::string SocketOf(const std::string& endpoint);

}  // namespace brume::cli
