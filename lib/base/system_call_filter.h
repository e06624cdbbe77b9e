// The seccomp filter of confined programs.
#pragma once

#include <linux/filter.h>

#include <vector>

namespace brume {

// A program for SECCOMP_SET_MODE_FILTER: calls that reach into other processes, the kernel or its namespaces give
// EPERM, and without `network` sockets too; calls of another architecture end the process. Everything else is let
// through.
// `listens` lets listen() through.
std::vector<sock_filter> SystemCallFilter(bool network, bool listens);

}  // namespace brume
