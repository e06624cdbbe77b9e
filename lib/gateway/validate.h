// What the schema's options say of a request, checked by reflection before any handler sees it.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "lib/base/utf8.h"

namespace brume::gateway {

// The first fault of `request`, in the order of its fields, deep. Errors: MissingParameter; the id kind's malformed
// code; InvalidParameterValue for a value out of bounds, not of its list, too long, or not UTF-8. Of an API that
// has an `invalid_code`, that one for all of them.
absl::Status Validate(const google::protobuf::Message& request);

using brume::IsUtf8;
// Of UTF-8: no control character but tab, line feed and carriage return, and not U+FFFE or U+FFFF. An answer in XML can
// hold no other text, and would change it.
bool IsXmlText(absl::string_view text);

// Whether `request` has a field dry_run that is true.
bool IsDryRun(const google::protobuf::Message& request);

// A copy of `message` without the fields that are marked secret.
std::unique_ptr<google::protobuf::Message> WithoutSecrets(const google::protobuf::Message& message);

// `message` as one line of text without the fields that are marked secret and the paths of URLs.
std::string ForLog(const google::protobuf::Message& message);

}  // namespace brume::gateway
