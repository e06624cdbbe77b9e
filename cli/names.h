// Names where the API takes ids: Name tags, names of images and security groups, and the beginnings of ids. What kind
// of id a parameter is, and which action describes that kind, is read from the schema.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "cli/api_schema.h"
#include "cli/rpc_client.h"
#include "google/protobuf/message.h"

namespace brume::cli {

// True for an id written out in full, "i-" and 17 hex digits: it is never looked up.
bool IsWholeId(absl::string_view text);

// True for the beginning of an id of the kind with this prefix: "i-0ab".
bool IsBeginningOfId(absl::string_view prefix, absl::string_view text);

// `text` as the value of a filter that means nothing but it: wildcards are no part of a name.
std::string FilterLiteral(absl::string_view text);

// The error for a name that several things have. `things`: "instances"; `ids`: of those that have it.
absl::Status AmbiguousName(absl::string_view things, absl::string_view name, const std::vector<std::string>& ids);

// Puts ids in the place of names in all fields of `request` that hold ids. What nothing has as its name stays as it is,
// for the daemon to refuse with its own code. A name that several have is InvalidArgument with their ids; instances
// that are terminated count only where nothing else has the name. A request of whole ids costs no call.
absl::Status ResolveNames(const Schema& schema, Client& client, google::protobuf::Message* request);

}  // namespace brume::cli
