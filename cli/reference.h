// The API reference, from the same comments as the help.
#pragma once

#include <string>

#include "cli/api_schema.h"

namespace brume::cli {

// docs/api-reference.md, and the page of one public API, docs/api-reference/FAMILY.md.
std::string MarkdownIndex(const Schema& schema);
std::string MarkdownReference(const Schema& schema, const std::string& family);

}  // namespace brume::cli
