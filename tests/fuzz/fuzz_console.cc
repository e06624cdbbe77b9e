// A guest's console, on its way to a terminal: whatever its bytes, what passes is text and sequences that only draw;
// the same however the stream is cut; and nothing is changed by a second pass.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "cli/console_filter.h"
#include "cli/text.h"

namespace brume::cli {
namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

// ESC begins one of what the filter lets through, and no other control character is there.
void RequireHarmless(const std::string& passed) {
  Require(IsUtf8(passed));
  for (size_t i = 0; i < passed.size(); ++i) {
    const unsigned char byte = passed[i];
    Require(byte >= 0x20 || byte == 0x1b || (byte >= '\a' && byte <= '\r'));
    Require(byte != 0x7f);
    Require(byte != 0xc2 || static_cast<unsigned char>(passed[i + 1]) >= 0xa0);
    if (byte != 0x1b) continue;
    Require(i + 1 < passed.size());
    const char next = passed[i + 1];
    Require(std::string("[(78DEM=>").find(next) != std::string::npos);
    if (next != '[') continue;
    size_t end = i + 2;
    while (end < passed.size() && passed[end] >= 0x20 && passed[end] < 0x40) ++end;
    Require(end < passed.size());
    Require(std::string("cntqipbxyz").find(passed[end]) == std::string::npos);
  }
}

}  // namespace
}  // namespace brume::cli

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using brume::cli::ConsoleFilter;
  const std::string stream(reinterpret_cast<const char*>(data), size);
  const std::string passed = ConsoleFilter().Filter(stream);
  brume::cli::RequireHarmless(passed);
  ConsoleFilter bytewise;
  std::string pieces;
  for (const char byte : stream) pieces += bytewise.Filter(std::string(1, byte));
  brume::cli::Require(pieces == passed);
  brume::cli::Require(ConsoleFilter().Filter(passed) == passed);
  brume::cli::RequireHarmless(bytewise.Restore());
  return 0;
}
