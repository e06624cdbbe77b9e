#include <atomic>
#include <catch2/catch.hpp>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "lib/base/subprocess.h"
#include "lib/base/subreaper.h"
#include "tests/ec2/compute/hypervisor_contract.h"
#include "tests/support/temp_dir.h"

namespace brume {
namespace {

void Become() {
  static const absl::Status done = BecomeSubreaper();
  REQUIRE_OK(done);
}

// Starts a process that ends soon, in a session of another that is gone, as a daemon. Its pid.
std::string StartDaemon() {
  const std::string pid = Value(RunChecked({"setsid", "--wait", "sh", "-c", "sleep 0.1 >/dev/null 2>&1 & echo $!"}));
  return pid.substr(0, pid.find('\n'));
}

bool Exists(const std::string& pid) { return std::ifstream("/proc/" + pid + "/stat").good(); }

}  // namespace

TEST_CASE("daemons that end are collected", "[libvirt]") {
  Become();
  std::vector<std::string> pids;
  for (int i = 0; i < 10; ++i) pids.push_back(StartDaemon());
  for (const std::string& pid : pids) CHECK(compute::Eventually([&] { return !Exists(pid); }));
}

TEST_CASE("who waits for a child still gets how it ended, among dying daemons", "[libvirt]") {
  Become();
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int code = 0; code < 10; ++code) {
        const auto result = RunCommand({"sh", "-c", "exit " + std::to_string(code)});
        if (result.ok() && result->exit_code == code) ++right;
      }
    });
  }
  std::vector<std::string> pids;
  for (int i = 0; i < 10; ++i) pids.push_back(StartDaemon());
  for (std::thread& thread : threads) thread.join();
  CHECK(right == 40);
  for (const std::string& pid : pids) CHECK(compute::Eventually([&] { return !Exists(pid); }));
}

}  // namespace brume
