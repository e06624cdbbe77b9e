// Passes the failpoints its arguments name, in order, and prints what each said; BRUME_FAILPOINTS is read once a
// process, so each case of the test needs a process.
#include <cstdio>

#include "lib/base/failpoint.h"

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) std::printf("%s\n", brume::Failpoint(argv[i]).ToString().c_str());
  return 0;
}
