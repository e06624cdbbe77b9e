// A process that holds guests, for tests that kill it: reads commands from its standard input, one a line, and answers
// each with one line on its standard output, "ok" and more or the error. Ends cleanly at "quit" or the end of input.
//
//   libvirt_holder URI STATE_DIR
//   create ID | boot ID | resume ID | look ID | list | cut ID | stop ID | reboot ID
//
// "boot" makes a guest of the image in BRUME_MINI, "create" one without kernel or disk.
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "lib/ec2/compute/libvirt/libvirt_hypervisor.h"

namespace brume::compute {
namespace {

GuestSpec Spec(const std::string& state_dir, const InstanceId& id, bool boot) {
  GuestSpec spec;
  spec.id = id;
  spec.uuid = absl::StrCat("ec2b0000-0000-4000-8000-0000", id.text().substr(id.text().size() - 8));
  spec.directory = absl::StrCat(state_dir, "/instances/", id.text());
  std::filesystem::create_directories(spec.directory);
  if (const char* mini = getenv("BRUME_MINI"); boot && mini != nullptr) {
    spec.direct_boot = DirectBoot{absl::StrCat(mini, "/vmlinux"), absl::StrCat(mini, "/initrd.img"),
                                  "console=ttyS0 quiet cryptomgr.notests noreplace-smp no_timer_check"};
  }
  return spec;
}

std::string Answer(const absl::Status& status) { return status.ok() ? "ok" : status.ToString(); }

std::string Obey(Hypervisor& hypervisor, const std::string& state_dir, const std::string& line) {
  std::istringstream words(line);
  std::string verb, text;
  words >> verb >> text;
  if (verb == "list") {
    const absl::StatusOr<std::vector<InstanceId>> ids = hypervisor.List();
    if (!ids.ok()) return Answer(ids.status());
    return absl::StrCat("ok ",
                        absl::StrJoin(*ids, " ", [](std::string* out, const InstanceId& id) { *out += id.text(); }));
  }
  const absl::StatusOr<InstanceId> id = InstanceId::Parse(text);
  if (!id.ok()) return Answer(id.status());
  if (verb == "create" || verb == "boot") return Answer(hypervisor.CreatePaused(Spec(state_dir, *id, verb == "boot")));
  if (verb == "resume") return Answer(hypervisor.Resume(*id));
  if (verb == "cut") return Answer(hypervisor.CutPower(*id));
  if (verb == "stop") return Answer(hypervisor.AskToStop(*id));
  if (verb == "reboot") return Answer(hypervisor.AskToReboot(*id));
  if (verb == "look") {
    const absl::StatusOr<Power> power = hypervisor.Observe(*id);
    if (!power.ok()) return Answer(power.status());
    return *power == Power::kOff ? "ok off" : *power == Power::kPaused ? "ok paused" : "ok on";
  }
  return "unknown command";
}

int Main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto hypervisor =
      NewLibvirtHypervisor({.uri = argv[1], .state_dir = argv[2], .acceleration = AccelerationWish::kTcg});
  if (!hypervisor.ok()) {
    std::cout << hypervisor.status() << std::endl;
    return 1;
  }
  std::cout << "ready" << std::endl;
  for (std::string line; std::getline(std::cin, line) && line != "quit";) {
    const absl::Time begin = absl::Now();
    const std::string answer = Obey(**hypervisor, argv[2], line);
    std::cerr << line << ": " << absl::ToInt64Milliseconds(absl::Now() - begin) << " ms\n";
    std::cout << answer << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace brume::compute

int main(int argc, char** argv) { return brume::compute::Main(argc, argv); }
