// A Linux in the embedded driver's guests: what it sees, says and does.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/subprocess.h"
#include "lib/ec2/compute/libvirt/embed.h"
#include "lib/ec2/compute/libvirt/libvirt_hypervisor.h"
#include "lib/ec2/compute/libvirt/qemu_monitor.h"
#include "lib/ec2/compute/libvirt/virt.h"
#include "tests/ec2/compute/hypervisor_contract.h"
#include "tests/ec2/compute/libvirt_support.h"

namespace brume::compute {
namespace {

const char kUserspace[] = "brume-mini: userspace";
const char kShell[] = "built-in shell (ash)";
// The shell's last words before it reads: where is the terminal's cursor?
const char kAsksCursor[] = "\x1b[6n";

// With the image's kernel and a disk of its own.
GuestSpec MiniGuest(const std::string& id) {
  const char* mini = getenv("BRUME_MINI");
  INFO("BRUME_MINI names the directory images/mini/build has made");
  REQUIRE(mini != nullptr);
  GuestSpec guest = DisklessGuest(StateDir(), id);
  guest.direct_boot = DirectBoot{.kernel_path = absl::StrCat(mini, "/vmlinux"),
                                 .initrd_path = absl::StrCat(mini, "/initrd.img"),
                                 .command_line = "console=ttyS0 quiet cryptomgr.notests noreplace-smp no_timer_check"};
  const std::string disk = guest.directory + "/disk.qcow2";
  std::filesystem::copy_file(absl::StrCat(mini, "/disk.qcow2"), disk);
  const QemuUser user = Value(FindQemuUser("brume-qemu"));
  REQUIRE(chown(disk.c_str(), user.uid, user.gid) == 0);
  guest.disks = {{.path = disk, .device = "/dev/vda", .serial = "vol0123456789abcdef0"}};
  return guest;
}

int CountIn(const std::string& text, const std::string& part) {
  int count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

struct Running {
  std::unique_ptr<Hypervisor> hypervisor = Embedded();
  EventLog events{*hypervisor};
  GuestSpec guest;

  explicit Running(const std::string& id) : guest(MiniGuest(id)) {
    // What is not made whole is not unmade by its destructor.
    absl::Cleanup end = [&] { End(); };
    REQUIRE_OK(hypervisor->CreatePaused(guest));
    REQUIRE_OK(hypervisor->Resume(guest.id));
    REQUIRE(AwaitBoots(1));
    std::move(end).Cancel();
  }
  ~Running() { End(); }

  void End() {
    CHECK(hypervisor->CutPower(guest.id).ok());
    hypervisor->Watch(nullptr, nullptr);
  }

  std::string Output() { return Value(hypervisor->ConsoleOutput(guest.directory, 1 << 20)); }
  // Waits for the shell at the console, too: what is typed before it reads is lost.
  bool AwaitBoots(int boots) {
    const bool there = Eventually([&] {
      const std::string output = Output();
      return CountIn(output, kUserspace) == boots && CountIn(output, kShell) == boots &&
             absl::EndsWith(output, kAsksCursor);
    });
    if (!there) UNSCOPED_INFO(Output());
    return there;
  }
  // The guest hears its power button once a process of it listens.
  void AwaitButton() { OpenConsole().Run("until pidof dd >/dev/null; do sleep 0.1; done"); }
  Console OpenConsole() { return Console(Value(hypervisor->OpenConsole(guest.id))); }
};

}  // namespace

TEST_CASE("a guest recognises EC2 by its hardware, and its volume by its serial", "[libvirt]") {
  Running mini("i-00000011");
  Console console = mini.OpenConsole();
  const std::string dmi = console.Run(
      "cat /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/product_uuid "
      "/sys/class/dmi/id/product_serial /sys/class/dmi/id/board_asset_tag");
  INFO(dmi);
  CHECK(absl::StrContains(dmi, "Amazon EC2"));
  CHECK(CountIn(dmi, mini.guest.uuid) == 2);
  CHECK(absl::StrContains(dmi, mini.guest.id.text()));
  const std::string disk = console.Run("cat /sys/block/vda/serial; ls /sys/bus/pci/slots | wc -l");
  CHECK(absl::StrContains(disk, "vol0123456789abcdef0"));
}

TEST_CASE("a running guest sees a disk that comes, what it holds and how it grows, and lets go of it", "[libvirt]") {
  Running mini("i-0000001c");
  Console console = mini.OpenConsole();
  const std::string path = mini.guest.directory + "/second.qcow2";
  REQUIRE_OK(RunChecked({"qemu-img", "create", "-q", "-f", "qcow2", path, "8M"}).status());
  const QemuUser user = Value(FindQemuUser("brume-qemu"));
  REQUIRE(chown(path.c_str(), user.uid, user.gid) == 0);
  const GuestDisk disk = {
      .path = path, .device = "/dev/sdf", .serial = "vol0123456789abcdef1", .limits = {.iops = 3000}};
  CheckGuestDisksContract(*mini.hypervisor, mini.guest, disk);

  const auto appears = [&] {
    return Eventually([&] { return absl::StrContains(console.Run("cat /sys/block/vdb/serial 2>&1"), disk.serial); });
  };
  REQUIRE_OK(mini.hypervisor->AttachDisk(mini.guest.id, disk));
  REQUIRE(appears());
  console.Run("echo REMEMBERED | dd of=/dev/vdb bs=512 conv=notrunc,sync,fsync 2>&1");
  REQUIRE_OK(mini.hypervisor->ResizeDisk(mini.guest.id, disk.serial, 16 << 20));
  REQUIRE_OK(mini.hypervisor->ResizeDisk(mini.guest.id, disk.serial, 16 << 20));
  CHECK(Eventually([&] { return absl::StrContains(console.Run("cat /sys/block/vdb/size"), "32768"); }));
  REQUIRE_OK(mini.hypervisor->DetachDisk(mini.guest.id, disk.serial));
  CHECK(Eventually([&] { return Value(mini.hypervisor->DisksOf(mini.guest.id)).size() == 1; }));
  CHECK(Eventually([&] { return absl::StrContains(console.Run("cat /sys/block/vdb/serial 2>&1"), "No such file"); }));

  REQUIRE_OK(mini.hypervisor->AttachDisk(mini.guest.id, disk));
  REQUIRE(appears());
  CHECK(absl::StrContains(console.Run("dd if=/dev/vdb bs=512 count=1 2>/dev/null | strings"), "REMEMBERED"));
}

TEST_CASE("a running guest sees a network card that comes, and lets go of it", "[libvirt]") {
  const auto tap = [](const char* verb) {
    return RunChecked({"ip", "tuntap", verb, "dev", "bm000000000001e", "mode", "tap"}).status();
  };
  REQUIRE_OK(tap("add"));
  // Once the guest that has it open is gone.
  const absl::Cleanup leave_nothing = [&] { CHECK(tap("del").ok()); };
  Running mini("i-0000001e");
  Console console = mini.OpenConsole();
  const GuestNic nic = {
      .tap = "bm000000000001e", .mac = "02:b0:00:00:00:1e", .attachment_id = "eni-attach-0123456789abcdef0"};
  CheckGuestNicsContract(*mini.hypervisor, mini.guest, nic);
  REQUIRE_OK(mini.hypervisor->AttachNic(mini.guest.id, nic));
  const std::string command = "cat /sys/class/net/*/address";
  CHECK(Eventually([&] { return absl::StrContains(console.Run(command), nic.mac); }));
  REQUIRE_OK(mini.hypervisor->DetachNic(mini.guest.id, {.mac = nic.mac, .attachment_id = nic.attachment_id}));
  CHECK(Eventually([&] { return !absl::StrContains(console.Run(command), nic.mac); }));
}

TEST_CASE("what a guest uses of processor and disk is counted", "[libvirt]") {
  Running mini("i-00000017");
  Console console = mini.OpenConsole();
  const auto sample = [&] {
    const std::vector<GuestStatistics> guests = Value(mini.hypervisor->Sample({mini.guest.id}));
    REQUIRE(guests.size() == 1);
    REQUIRE(guests[0].cpu_time.has_value());
    REQUIRE(guests[0].disk.has_value());
    return guests[0];
  };
  const GuestStatistics before = sample();
  CHECK(*before.cpu_time > absl::ZeroDuration());
  constexpr int64_t kRead = 4 << 20;
  console.Run("dd if=/dev/vda of=/dev/null bs=64k count=64 iflag=direct");
  const GuestStatistics after = sample();
  CHECK(*after.cpu_time > *before.cpu_time);
  CHECK(after.disk->read_bytes - before.disk->read_bytes >= kRead);
  CHECK(after.disk->read_operations > before.disk->read_operations);
  CHECK(after.disk->write_bytes >= before.disk->write_bytes);
}

TEST_CASE("a QEMU that hangs costs one sample, and those after it tell of all other guests", "[libvirt]") {
  Running mini("i-00000018");
  const GuestSpec other = DisklessGuest(StateDir(), "i-00000019");
  REQUIRE_OK(mini.hypervisor->CreatePaused(other));
  REQUIRE_OK(mini.hypervisor->Resume(other.id));
  const auto impatient = Value(NewLibvirtHypervisor({.uri = EmbeddedUri(StateDir()),
                                                     .state_dir = StateDir(),
                                                     .acceleration = AccelerationWish::kTcg,
                                                     .disk_statistics_period = absl::ZeroDuration(),
                                                     .call_deadline = absl::Seconds(3)}));
  const pid_t qemu = QemuOf(mini.guest.id.text());
  REQUIRE(kill(qemu, SIGSTOP) == 0);
  CHECK(absl::IsDeadlineExceeded(impatient->Sample({}).status()));
  const std::vector<GuestStatistics> guests = Value(impatient->Sample({}));
  CHECK(guests.size() == 2);
  for (const GuestStatistics& guest : guests) {
    CHECK(guest.cpu_time.has_value());
    CHECK(guest.disk.has_value() == (guest.id == other.id));
  }
  REQUIRE(kill(qemu, SIGCONT) == 0);
  CHECK(Eventually([&] {
    const auto again = impatient->Sample({mini.guest.id});
    return again.ok() && again->size() == 1 && again->front().disk.has_value();
  }));
  REQUIRE_OK(mini.hypervisor->CutPower(other.id));
}

// What the guest's disk writes to becomes `layer`, by another name of the file, with an empty `top` over it.
std::string NewTop(const GuestSpec& guest, const std::string& written, int n) {
  const std::string layer = absl::StrCat(guest.directory, "/layer", n, ".qcow2");
  const std::string top = absl::StrCat(guest.directory, "/top", n, ".qcow2");
  std::filesystem::create_hard_link(written, layer);
  REQUIRE_OK(
      RunChecked({"qemu-img", "create", "-q", "-u", "-f", "qcow2", "-b", layer, "-F", "qcow2", top, "64M"}).status());
  const QemuUser user = Value(FindQemuUser("brume-qemu"));
  REQUIRE(chown(top.c_str(), user.uid, user.gid) == 0);
  return top;
}

// The guest goes over to a new top.
void FreezeDisk(Hypervisor& hypervisor, const GuestSpec& guest, const std::string& written, int n) {
  const std::vector<DiskSwitch> wanted = {{.serial = guest.disks.front().serial, .path = NewTop(guest, written, n)}};
  REQUIRE_OK(hypervisor.SwitchDisks(guest.id, wanted));
  REQUIRE_OK(hypervisor.SwitchDisks(guest.id, wanted));
  std::filesystem::remove(written);
}

// What libvirt tells QEMU of a guest, told without it: what is left when libvirt ends before it notes it.
class Monitor {
 public:
  explicit Monitor(const std::string& guest)
      : connection_(virConnectOpen(EmbeddedUri(StateDir()).c_str()), virConnectClose),
        domain_(virDomainLookupByName(connection_.get(), guest.c_str())) {
    REQUIRE(domain_ != nullptr);
  }
  void Do(const std::string& command, nlohmann::json arguments) {
    REQUIRE_OK(Execute(domain_.get(), command, std::move(arguments)).status());
  }
  // As libvirt names them.
  void Open(const std::string& file, int number) {
    const std::string storage = absl::StrCat("libvirt-", number, "-storage");
    Do("blockdev-add", {{"driver", "file"}, {"filename", file}, {"node-name", storage}});
    Do("blockdev-add", {{"driver", "qcow2"},
                        {"node-name", absl::StrCat("libvirt-", number, "-format")},
                        {"file", storage},
                        {"backing", nullptr}});
  }
  QemuDisks Disks() { return Value(QemuDisksOf(domain_.get())); }

 private:
  const std::unique_ptr<virConnect, int (*)(virConnectPtr)> connection_;
  const DomainHandle domain_;
};

// What a disk's file has at a place, also while QEMU holds it.
bool HasText(const std::string& file, const std::string& text, int sector) {
  const std::string read = absl::StrCat("read -v ", sector * 512, " 512");
  return absl::StrContains(Value(RunChecked({"qemu-io", "-r", "-U", "-f", "qcow2", "-c", read, file})), text);
}

TEST_CASE("a running guest goes over to another top of its disk, again after a restart, and nothing it wrote is lost",
          "[libvirt]") {
  Running mini("i-0000001b");
  Console console = mini.OpenConsole();
  const auto write = [&](const std::string& text, int sector) {
    console.Run(absl::StrCat("echo ", text, " | dd of=/dev/vda bs=512 seek=", sector, " conv=notrunc,sync,fsync 2>&1"));
  };
  write("THEFIRST", 20000);
  FreezeDisk(*mini.hypervisor, mini.guest, mini.guest.disks.front().path, 1);
  write("THESECOND", 20001);
  const std::string directory = mini.guest.directory;
  CHECK(HasText(directory + "/layer1.qcow2", "THEFIRST", 20000));
  CHECK_FALSE(HasText(directory + "/layer1.qcow2", "THESECOND", 20001));
  // Found again by the next process, which the old names no longer help.
  mini.hypervisor->Watch(nullptr, nullptr);
  mini.hypervisor.reset();
  mini.hypervisor = Embedded();
  FreezeDisk(*mini.hypervisor, mini.guest, directory + "/top1.qcow2", 2);
  write("THETHIRD", 20002);
  CHECK(HasText(directory + "/layer2.qcow2", "THESECOND", 20001));
  CHECK_FALSE(HasText(directory + "/layer2.qcow2", "THETHIRD", 20002));
  const std::string all = console.Run("dd if=/dev/vda bs=512 skip=20000 count=3 iflag=direct 2>/dev/null | strings");
  INFO(all);
  for (const char* text : {"THEFIRST", "THESECOND", "THETHIRD"}) CHECK(absl::StrContains(all, text));
  CHECK(absl::IsNotFound(mini.hypervisor->SwitchDisks(mini.guest.id, {{.serial = "nobody", .path = "/nowhere"}})));
  REQUIRE_OK(mini.hypervisor->CutPower(mini.guest.id));
  REQUIRE_OK(RunChecked({"qemu-img", "check", "-q", "-f", "qcow2", directory + "/top2.qcow2"}).status());
  CHECK(HasText(directory + "/top2.qcow2", "THETHIRD", 20002));
}

TEST_CASE("a top that QEMU has open without libvirt's knowledge is closed, and the guest goes over to it",
          "[libvirt]") {
  Running mini("i-0000001f");
  const std::string top = NewTop(mini.guest, mini.guest.disks.front().path, 1);
  const std::vector<DiskSwitch> wanted = {{.serial = mini.guest.disks.front().serial, .path = top}};
  Monitor monitor(mini.guest.id.text());
  monitor.Open(top, 2);  // the number that libvirt takes next
  REQUIRE_OK(mini.hypervisor->SwitchDisks(mini.guest.id, wanted));
  Console console = mini.OpenConsole();
  console.Run("echo AFTERWARDS | dd of=/dev/vda bs=512 seek=20000 conv=notrunc,sync,fsync 2>&1");
  CHECK(HasText(top, "AFTERWARDS", 20000));
}

TEST_CASE("a disk that went over without libvirt's knowledge is not switched again, and to no other file",
          "[libvirt]") {
  Running mini("i-00000020");
  const std::string top = NewTop(mini.guest, mini.guest.disks.front().path, 1);
  const std::string serial = mini.guest.disks.front().serial;
  Monitor monitor(mini.guest.id.text());
  const std::map<std::string, std::string> roots = monitor.Disks().roots;
  REQUIRE(roots.count("virtio-disk0") == 1);
  monitor.Open(top, 9);
  monitor.Do("blockdev-snapshot", {{"node", roots.at("virtio-disk0")}, {"overlay", "libvirt-9-format"}});
  REQUIRE_OK(mini.hypervisor->SwitchDisks(mini.guest.id, {{.serial = serial, .path = top}}));
  CHECK(monitor.Disks().roots.at("virtio-disk0") == "libvirt-9-format");
  const std::string another = NewTop(mini.guest, top, 2);
  CHECK(absl::IsUnavailable(mini.hypervisor->SwitchDisks(mini.guest.id, {{.serial = serial, .path = another}})));
  CHECK(monitor.Disks().roots.at("virtio-disk0") == "libvirt-9-format");
}

TEST_CASE("a disk that QEMU has without libvirt's knowledge goes, and can be attached", "[libvirt]") {
  Running mini("i-00000021");
  Console console = mini.OpenConsole();
  const std::string path = mini.guest.directory + "/second.qcow2";
  REQUIRE_OK(RunChecked({"qemu-img", "create", "-q", "-f", "qcow2", path, "8M"}).status());
  const QemuUser user = Value(FindQemuUser("brume-qemu"));
  REQUIRE(chown(path.c_str(), user.uid, user.gid) == 0);
  const GuestDisk disk = {.path = path, .device = "/dev/sdf", .serial = "vol0123456789abcdef1"};
  Monitor monitor(mini.guest.id.text());
  monitor.Open(path, 2);
  monitor.Do("device_add",
             {{"driver", "virtio-blk-pci"}, {"id", "virtio-disk1"}, {"drive", "libvirt-2-format"}, {"bus", "pci.6"}});
  // A guest that is still taking a device in does not hear that it is to go.
  REQUIRE(Eventually([&] { return absl::StrContains(console.Run("ls -d /sys/block/vd*"), "vdb"); }));
  REQUIRE_OK(mini.hypervisor->AttachDisk(mini.guest.id, disk));
  CHECK(Eventually([&] { return absl::StrContains(console.Run("cat /sys/block/vd*/serial"), disk.serial); }));
}

TEST_CASE("a guest that obeys the power button stopped by itself", "[libvirt]") {
  Running mini("i-00000012");
  mini.AwaitButton();
  REQUIRE_OK(mini.hypervisor->AskToStop(mini.guest.id));
  REQUIRE(mini.events.Await(mini.guest.id, GuestEventKind::kStopped));
  CHECK(mini.events.Of(mini.guest.id).back().by_guest);
  CHECK(Value(mini.hypervisor->Observe(mini.guest.id)) == Power::kOff);
  CHECK(absl::IsNotFound(mini.hypervisor->AskToStop(mini.guest.id)));
  // Its console can still be read.
  CHECK(absl::StrContains(mini.Output(), kUserspace));
}

TEST_CASE("a guest that powers itself off stopped by itself", "[libvirt]") {
  Running mini("i-00000013");
  Console console = mini.OpenConsole();
  console.Type("poweroff -f");
  CHECK(absl::StrContains(console.ReadUntil("Power down"), "Power down"));
  REQUIRE(mini.events.Await(mini.guest.id, GuestEventKind::kStopped));
  CHECK(mini.events.Of(mini.guest.id).back().by_guest);
}

TEST_CASE("a reboot, asked for or the guest's own, is seen and leads to userspace again", "[libvirt]") {
  Running mini("i-00000014");
  mini.AwaitButton();
  REQUIRE_OK(mini.hypervisor->AskToReboot(mini.guest.id));
  REQUIRE(mini.events.Await(mini.guest.id, GuestEventKind::kRebooted));
  REQUIRE(mini.AwaitBoots(2));
  CHECK(Value(mini.hypervisor->Observe(mini.guest.id)) == Power::kOn);
  {
    Console console = mini.OpenConsole();
    console.Type("reboot -f");
    // Read, not looked up in the log: disks that go first may make the kernel say more than a console takes unread.
    const std::string last_words = console.ReadUntil("Restarting system");
    INFO(last_words);
    REQUIRE(absl::StrContains(last_words, "Restarting system"));
    // Gone before the next boot: a guest waits for a reader of its console that does not read.
  }
  REQUIRE(mini.AwaitBoots(3));
  REQUIRE_OK(mini.hypervisor->Reset(mini.guest.id));
  REQUIRE(mini.AwaitBoots(4));
  for (const GuestEvent& event : mini.events.Of(mini.guest.id)) CHECK(event.kind != GuestEventKind::kStopped);
}

TEST_CASE("a console that never stops talking fills no disk, and its newest words are kept", "[libvirt]") {
  Running mini("i-00000015");
  Console console = mini.OpenConsole();
  console.Run("dd if=/dev/zero bs=64k count=24 2>/dev/null | tr '\\0' x; echo; echo THE''LAST");
  const auto size = [&](const char* name) {
    const std::string path = absl::StrCat(mini.guest.directory, "/", name);
    return std::filesystem::exists(path) ? std::filesystem::file_size(path) : 0;
  };
  CHECK(
      Eventually([&] { return size("console.log.1") > 0 && size("console.log") + size("console.log.1") <= 1 << 20; }));
  CHECK(absl::StrContains(mini.Output(), "THELAST"));
}

TEST_CASE("a guest that powers off while nobody holds it is off for who comes next", "[libvirt]") {
  const GuestSpec guest = DisklessGuest(StateDir() + "/instances", "i-00000016");
  {
    Holder holder(StateDir());
    holder.AwaitReady();
    REQUIRE(holder.Ask("boot i-00000016") == "ok");
    REQUIRE(holder.Ask("resume i-00000016") == "ok");
    REQUIRE(Eventually([&] { return absl::StrContains(ReadText(guest.directory + "/console.log"), "root@mini"); }));
    // It may not listen yet; with one press it goes, as soon as it does.
    const pid_t qemu = QemuOf("i-00000016");
    REQUIRE(Eventually([&] {
      holder.Ask("stop i-00000016");
      return absl::StrContains(ReadText(guest.directory + "/console.log"), "stopping");
    }));
    holder.Kill();
    // Nobody is there to take the halted machine away.
    CHECK(Lives(qemu));
  }
  Holder holder(StateDir());
  holder.AwaitReady();
  CHECK(Eventually([&] { return holder.Ask("look i-00000016") == "ok off"; }));
  CHECK(holder.Ask("cut i-00000016") == "ok");
}

}  // namespace brume::compute
