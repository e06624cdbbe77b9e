#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <string>
#include <thread>

#include "lib/base/priority.h"
#include "lib/base/work_pool.h"

namespace brume {
namespace {

int NiceOfThisThread() { return getpriority(PRIO_PROCESS, 0); }

}  // namespace

TEST_CASE("a thread that goes first, and what it starts, are ahead of the others of its process", "[base]") {
  const int before = NiceOfThisThread();
  int own = 0, of_child = 0;
  std::thread([&] {
    GoFirst();
    own = NiceOfThisThread();
    std::thread([&] { of_child = NiceOfThisThread(); }).join();
  }).join();
  CHECK(NiceOfThisThread() == before);
  CHECK(of_child == own);
  if (geteuid() == 0) CHECK(own < before);
}

TEST_CASE("a thread that goes along is like its process, whoever started it", "[base]") {
  const int before = NiceOfThisThread();
  int of_child = -1;
  std::thread([&] {
    GoFirst();
    std::thread([&] {
      UseOrdinaryPriority();
      of_child = NiceOfThisThread();
    }).join();
  }).join();
  CHECK(of_child == before);
}

TEST_CASE("the threads of a work pool go first", "[base]") {
  int in_pool = 0;
  {
    WorkPool pool(1, 1);
    REQUIRE(pool.Submit([&] { in_pool = NiceOfThisThread(); }));
  }
  if (geteuid() == 0) CHECK(in_pool < NiceOfThisThread());
}

TEST_CASE("a session of one's own goes first, another's is left as it is", "[base]") {
  const auto nice_of_session = [] {
    std::ifstream file("/proc/self/autogroup");  // "/autogroup-42 nice 0"
    std::string word;
    while (file >> word) {
    }
    return word;
  };
  if (access("/proc/self/autogroup", F_OK) != 0) {
    LetOwnSessionGoFirst();  // a kernel without autogroups: nothing to do, and nothing fails
    return;
  }
  const std::string before = nice_of_session();
  LetOwnSessionGoFirst();  // the test's session is that of whoever started it
  CHECK(nice_of_session() == before);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    setsid();
    LetOwnSessionGoFirst();
    _exit(nice_of_session() == "-10" ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

}  // namespace brume
