// Passes the failpoints its arguments name, in order, and prints what each said; BRUME_FAILPOINTS is read once a
// process, so each case of the test needs a process. OPERATION/KIND:WHAT is a side effect.
#include <cstdio>
#include <string>

#include "lib/base/failpoint.h"
#include "lib/base/side_effect.h"

namespace {

absl::Status Pass(const std::string& argument) {
  const size_t slash = argument.find('/'), colon = argument.find(':');
  if (slash == std::string::npos || colon == std::string::npos) return brume::Failpoint(argument);
  const brume::FailpointScope scope(argument.substr(0, slash));
  const brume::SideEffect effect(argument.substr(slash + 1, colon - slash - 1), argument.substr(colon + 1));
  return effect.status();
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) std::printf("%s\n", Pass(argv[i]).ToString().c_str());
  return 0;
}
