// Text as XML 1.0 holds it.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace brume::frontend {

// Appends `text` so that a parser reads it back as it is: markup escaped, a carriage return as a reference, since
// parsers make line feeds of them. U+FFFD stands for each character XML cannot hold and each byte that is not UTF-8.
void AppendXmlText(std::string& xml, absl::string_view text);

}  // namespace brume::frontend
