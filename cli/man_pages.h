// The man pages, from the same comments as the help.
#pragma once

#include <string>

#include "cli/api_schema.h"

namespace brume::cli {

// brume.1 in man(7).
std::string ManPage(const Schema& schema);

// The page of one action, and its name: "brume-run-instances"; of an action that several services have the others'
// pages are named with theirs, "brume-autoscaling-delete-tags".
std::string ManPageOf(const Schema& schema, const ApiAction& action);
std::string ManPageName(const Schema& schema, const ApiAction& action);

}  // namespace brume::cli
