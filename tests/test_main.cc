// The main function every test program shares; compiled once because Catch's runner is slow to compile.
#define CATCH_CONFIG_RUNNER
#include <signal.h>

#include <catch2/catch.hpp>

int main(int argc, char** argv) {
  // As in brumed: a peer that hangs up is an error of the write, not the end of the process.
  signal(SIGPIPE, SIG_IGN);
  return Catch::Session().run(argc, argv);
}
