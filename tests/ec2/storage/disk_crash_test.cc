// kill -9 between any two steps of the disks' work leaves nothing but remains that the next try removes.
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/ec2/storage/disks_fixture.h"

namespace brume::storage {
namespace {

// Imports, makes a volume and removes it, in one process; run by the case below with a failpoint set.
TEST_CASE("a whole life of a disk", "[.][disk-life]") {
  const char* const directory = getenv("DISK_LIFE_DIR");
  REQUIRE(directory != nullptr);
  auto disks = Value(OpenQcow2Disks({.state_dir = directory}));
  const Image image = RowOf(Value(disks->Import(kImage, std::string(directory) + "/import/image.qcow2")));
  REQUIRE_OK(disks->EnsureVolume(MakeVolume(1)).status());
  REQUIRE_OK(disks->RemoveVolume(kVolume));
}

CommandResult Live(const State& state, const std::string& failpoint) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  return Value(
      RunCommand({"env", "DISK_LIFE_DIR=" + state.dir.path(), "BRUME_FAILPOINTS=" + failpoint, self, "[disk-life]"}));
}

TEST_CASE("after kill -9 the next try completes, and remains are gone", "[disks]") {
  State state;
  MakeQcow2(state.InImport("image.qcow2"));
  const std::string point =
      GENERATE("disks.import_copied", "disks.import_filled", "disks.volume_made", "disks.deleting");
  INFO(point);
  const CommandResult killed = Live(state, point + "=crash");
  INFO(killed.standard_output << killed.standard_error);
  REQUIRE(killed.exit_code == 128 + SIGKILL);
  // Whole or not there: what has its proper name is complete.
  for (const std::string& name : Names(state / "layers")) {
    if (name == kImage.text()) CHECK(Reads(state / ("layers/" + name + "/disk.qcow2"), "0xab", "1M 64k"));
  }
  for (const std::string& name : Names(state / "volumes")) {
    if (name == kVolume.text()) CHECK(std::filesystem::exists(state / ("volumes/" + name + "/volume.json")));
  }
  const CommandResult again = Live(state, "none=crash");
  INFO(again.standard_output << again.standard_error);
  REQUIRE(again.exit_code == 0);
  CHECK(Names(state / "layers") == std::vector<std::string>{kImage.text()});
  CHECK(Names(state / "volumes").empty());
  CHECK(Value(state.disks->List()).unknown.empty());
}

TEST_CASE("an error between two steps leaves nothing behind", "[disks]") {
  State state;
  MakeQcow2(state.InImport("image.qcow2"));
  const std::string point = GENERATE("disks.import_copied", "disks.import_filled");
  REQUIRE(Live(state, point + "=error").exit_code != 0);
  CHECK(Names(state / "layers").empty());
  REQUIRE(Live(state, "disks.volume_made=error").exit_code != 0);
  CHECK(Names(state / "volumes").empty());
}

}  // namespace
}  // namespace brume::storage
