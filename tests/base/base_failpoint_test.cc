#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "lib/base/subprocess.h"

namespace brume {
namespace {

// Runs a process that passes these failpoints under this setting.
CommandResult Pass(const std::string& setting, const std::vector<std::string>& names) {
  std::vector<std::string> argv = {"env", absl::StrCat("BRUME_FAILPOINTS=", setting), FAILPOINT_PROGRAM};
  argv.insert(argv.end(), names.begin(), names.end());
  absl::StatusOr<CommandResult> result = RunCommand(argv);
  REQUIRE(result.ok());
  return *std::move(result);
}

}  // namespace

TEST_CASE("failpoints that are not named pass", "[base]") {
  CHECK(Pass("", {"a", "b"}).standard_output == "OK\nOK\n");
  CHECK(Pass("a=error", {"b", "aa", "a.b"}).standard_output == "OK\nOK\nOK\n");
}

TEST_CASE("a failpoint fails at each passing, or only at the one that is named", "[base]") {
  CHECK(Pass("a=error", {"a", "b", "a"}).standard_output == "INTERNAL: failpoint a\nOK\nINTERNAL: failpoint a\n");
  CHECK(Pass("a=error@2,b=error", {"a", "a", "a", "b"}).standard_output ==
        "OK\nINTERNAL: failpoint a\nOK\nINTERNAL: failpoint b\n");
}

TEST_CASE("a failpoint that crashes ends the process as kill -9 does, before anything else happens", "[base]") {
  const CommandResult result = Pass("a=crash@2", {"a", "a", "a"});
  CHECK(result.exit_code == 128 + 9);
  CHECK(result.standard_output.empty());  // buffered, and lost with the process
}

TEST_CASE("a failpoint that delays waits and passes", "[base]") {
  const absl::Time begin = absl::Now();
  CHECK(Pass("a=delay:200", {"a"}).standard_output == "OK\n");
  CHECK(absl::Now() - begin >= absl::Milliseconds(200));
}

TEST_CASE("a setting that cannot be read ends the process instead of testing nothing", "[base]") {
  for (const char* setting : {"a", "a=", "a=explode", "a=error@x", "a=delay:soon", "=,a=b"}) {
    INFO(setting);
    const CommandResult result = Pass(setting, {"a"});
    CHECK(result.exit_code == 128 + 6);
    CHECK(result.standard_error.find("BRUME_FAILPOINTS") != std::string::npos);
  }
}

}  // namespace brume
