#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

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

// A directory for a walk, with what is to be done next.
class Walk {
 public:
  explicit Walk(const std::string& armed) { Arm(armed); }
  ~Walk() { std::filesystem::remove_all(directory_); }
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;

  void Arm(const std::string& armed) const { std::ofstream(directory_ + "/armed") << armed; }
  bool armed() const { return std::filesystem::exists(directory_ + "/armed"); }
  std::string Read(const std::string& name) const {
    std::ifstream file(directory_ + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  CommandResult Pass(const std::vector<std::string>& names) const {
    std::vector<std::string> argv = {"env", absl::StrCat("BRUME_FAILPOINT_WALK=", directory_), FAILPOINT_PROGRAM};
    argv.insert(argv.end(), names.begin(), names.end());
    absl::StatusOr<CommandResult> result = RunCommand(argv);
    REQUIRE(result.ok());
    return *std::move(result);
  }

 private:
  static std::string MakeDirectory() {
    std::string path = (std::filesystem::temp_directory_path() / "failpoint-walk-XXXXXX").string();
    REQUIRE(mkdtemp(path.data()) != nullptr);
    return path;
  }

  const std::string directory_ = MakeDirectory();
};

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

TEST_CASE("a walk crashes once at each failpoint, and then passes", "[base]") {
  const Walk walk("crash here *");
  CHECK(walk.Pass({"a", "b"}).exit_code == 128 + 9);
  CHECK(walk.Read("done") == "crash here a\n");
  CHECK_FALSE(walk.armed());
  CHECK(walk.Pass({"a", "b"}).standard_output == "OK\nOK\n");
  walk.Arm("crash here *");
  CHECK(walk.Pass({"a", "b"}).exit_code == 128 + 9);
  CHECK(walk.Read("done") == "crash here a\ncrash here b\n");
  walk.Arm("crash here *");
  CHECK(walk.Pass({"a", "b"}).standard_output == "OK\nOK\n");
  CHECK(walk.armed());
}

TEST_CASE("a walk acts at the failpoint that it names, however often, and elsewhere under another label", "[base]") {
  const Walk walk("error one b");
  CHECK(walk.Pass({"a", "b", "b"}).standard_output == "OK\nINTERNAL: failpoint b\nOK\n");
  walk.Arm("error one b");
  CHECK(walk.Pass({"b"}).standard_output == "INTERNAL: failpoint b\n");
  walk.Arm("error two *");
  CHECK(walk.Pass({"b"}).standard_output == "INTERNAL: failpoint b\n");
  CHECK(walk.Read("done") == "error one b\nerror one b\nerror two b\n");
}

TEST_CASE("a side effect passes a failpoint before and one after, named without what differs from run to run",
          "[base]") {
  const Walk walk("");
  CHECK(walk.Pass({"RunInstances/file.rename:.vol-0a1b.partial"}).standard_output == "OK\n");
  CHECK(walk.Read("passed") ==
        "RunInstances/file.rename.vol_partial.before\nRunInstances/file.rename.vol_partial.after\n");
  walk.Arm("error here *");
  CHECK(walk.Pass({"RunInstances/file.rename:x"}).standard_output.starts_with("INTERNAL: failpoint"));
}

}  // namespace brume
