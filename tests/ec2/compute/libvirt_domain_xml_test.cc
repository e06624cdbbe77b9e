#include <catch2/catch.hpp>
#include <functional>
#include <pugixml.hpp>

#include "absl/strings/str_replace.h"
#include "lib/ec2/compute/libvirt/domain_xml.h"
#include "lib/ec2/compute/libvirt/embed.h"
#include "lib/ec2/compute/libvirt/guest_freeze.h"
#include "lib/ec2/compute/libvirt/guest_memory.h"
#include "lib/ec2/compute/libvirt/libvirt_hypervisor.h"
#include "tests/support/temp_dir.h"

namespace brume::compute {
namespace {

using Type = Acceleration;

GuestSpec Guest() {
  GuestSpec spec;
  spec.id = *InstanceId::Parse("i-0123456789abcdef0");
  spec.uuid = "ec2a0000-0000-4000-8000-000000000001";
  spec.vcpus = 2;
  spec.memory_mib = 512;
  spec.directory = "/state/instances/i-0123456789abcdef0";
  spec.disks = {{.path = "/state/volumes/a/disk", .device = "/dev/vda", .serial = "vol0a"},
                {.path = "/state/volumes/b/disk", .device = "/dev/vdb", .serial = "vol0b"}};
  spec.nics = {{.tap = "bm0123456789abc", .mac = "02:00:00:00:00:01"}};
  return spec;
}

DomainProfile Profile(Type type, bool direct_io = false) {
  DomainProfile profile;
  profile.acceleration = type;
  profile.uid = 12;
  profile.gid = 34;
  profile.direct_io = direct_io;
  profile.firmware_code = "/firmware.fd";
  return profile;
}

struct Parsed {
  pugi::xml_document document;
  explicit Parsed(const std::string& xml) { REQUIRE(document.load_string(xml.c_str())); }
  std::string operator()(const char* path) const {
    const pugi::xpath_node node = document.select_node(path);
    return node.attribute() ? node.attribute().value() : node.node().child_value();
  }
  size_t Count(const char* path) const { return document.select_nodes(path).size(); }
};

}  // namespace

TEST_CASE("a guest's domain has its identity, size and devices, and nothing else of a PC", "[libvirt]") {
  const Parsed xml(Value(DomainXml(Guest(), Profile(Type::kKvm, true))));
  CHECK(xml("/domain/@type") == "kvm");
  CHECK(xml("/domain/name") == "i-0123456789abcdef0");
  CHECK(xml("/domain/uuid") == Guest().uuid);
  CHECK(xml("/domain/memory[@unit='MiB']") == "512");
  CHECK(xml("/domain/vcpu") == "2");
  CHECK(xml("/domain/os/type/@machine") == "q35");
  CHECK(xml("/domain/cpu/@mode") == "host-passthrough");
  CHECK(xml("//system/entry[@name='manufacturer']") == "Amazon EC2");
  CHECK(xml("//system/entry[@name='uuid']") == Guest().uuid);
  CHECK(xml("//system/entry[@name='serial']") == Guest().uuid);
  CHECK(xml("//baseBoard/entry[@name='asset']") == "i-0123456789abcdef0");
  CHECK(xml("/domain/seclabel[@type='static'][@relabel='no']/label") == "+12:+34");
  CHECK(xml("//controller[@type='usb']/@model") == "none");
  CHECK(xml("//serial/source/@path") == Guest().directory + "/console.sock");
  CHECK(xml("//serial/log/@file") == Guest().directory + "/console.log");
  CHECK(xml.Count("//graphics|//video|//sound|//input") == 0);
  // A NIC, the balloon and the random numbers have a port each, so has every disk that it can get while it runs, and
  // one is spare.
  CHECK(xml.Count("//controller[@model='pcie-root-port']") == kMaxVolumesWhileRunning + 5);
  CHECK(xml.Count("//channel/target[@type='virtio'][@name='org.qemu.guest_agent.0']") == 1);
}

TEST_CASE("a guest goes on from its memory as the machine it was, with the disks' files as they are by now",
          "[libvirt]") {
  GuestSpec guest = Guest();
  const std::string before = *DomainXml(guest, Profile(Type::kTcg));
  // What libvirt adds to a live domain.
  const std::string saved =
      absl::StrReplaceAll(before, {{"<target dev=\"vda\" bus=\"virtio\" />",
                                    "<target dev=\"vda\" bus=\"virtio\" /><address type=\"pci\" bus=\"0x07\" />"}});
  REQUIRE(saved != before);
  guest.disks.front().path = "/state/volumes/a/snap-1.qcow2";
  DomainProfile profile = Profile(Type::kTcg);
  profile.uid = profile.gid = 70007;
  const auto loaded = SavedDomain(saved, *DomainXml(guest, profile));
  REQUIRE(loaded.ok());
  pugi::xml_document document;
  REQUIRE(document.load_string(loaded->c_str()));
  const pugi::xml_node disk = document.select_node("//disk[serial='vol0a']").node();
  CHECK(std::string(disk.child("source").attribute("file").value()) == "/state/volumes/a/snap-1.qcow2");
  CHECK(std::string(disk.child("address").attribute("bus").value()) == "0x07");
  const pugi::xpath_node_set labels = document.select_nodes("/domain/seclabel/label");
  REQUIRE(labels.size() == 1);
  CHECK(std::string(labels.first().node().text().get()) == "+70007:+70007");

  const auto refused = [&](const std::function<void(GuestSpec&)>& change) {
    GuestSpec other = Guest();
    change(other);
    return absl::IsFailedPrecondition(SavedDomain(saved, *DomainXml(other, Profile(Type::kTcg))).status());
  };
  CHECK(refused([](GuestSpec& spec) { spec.memory_mib *= 2; }));
  CHECK(refused([](GuestSpec& spec) { ++spec.vcpus; }));
  CHECK(refused([](GuestSpec& spec) { spec.disks.pop_back(); }));
  CHECK(refused([](GuestSpec& spec) { spec.disks.front().serial = "vol0c"; }));
  CHECK(refused([](GuestSpec& spec) { spec.nics.front().mac = "02:00:00:00:00:02"; }));
  CHECK(absl::IsFailedPrecondition(SavedDomain("no XML", before).status()));
}

TEST_CASE("an emulated guest with one processor has room for a second, which makes QEMU keep its barriers",
          "[libvirt]") {
  GuestSpec guest = Guest();
  const auto shape = [&](Type type) {
    const Parsed xml(Value(DomainXml(guest, Profile(type))));
    return xml("/domain/vcpu/@current") + "/" + xml("/domain/vcpu") + ", sockets " + xml("//topology/@sockets") +
           " of " + xml("//topology/@cores");
  };
  CHECK(shape(Type::kTcg) == "/2, sockets 1 of 2");
  guest.vcpus = 1;
  CHECK(shape(Type::kTcg) == "1/2, sockets 2 of 1");
  CHECK(shape(Type::kKvm) == "/1, sockets 1 of 1");
  guest.vcpus = 3;
  CHECK(shape(Type::kTcg) == "/3, sockets 1 of 3");
}

TEST_CASE("a guest with one processor goes on from a memory that was saved without room for a second", "[libvirt]") {
  GuestSpec guest = Guest();
  guest.vcpus = 1;
  const std::string fresh = *DomainXml(guest, Profile(Type::kTcg));
  const std::string saved = absl::StrReplaceAll(
      fresh, {{"<vcpu current=\"1\">2</vcpu>", "<vcpu>1</vcpu>"}, {"sockets=\"2\"", "sockets=\"1\""}});
  REQUIRE(saved != fresh);
  const Parsed loaded(Value(SavedDomain(saved, fresh)));
  CHECK(loaded("/domain/vcpu") == "1");
  CHECK(loaded("//topology/@sockets") == "1");
  guest.vcpus = 2;
  CHECK(absl::IsFailedPrecondition(SavedDomain(fresh, *DomainXml(guest, Profile(Type::kTcg))).status()));
}

TEST_CASE("a guest has an agent while its channel is open", "[libvirt]") {
  const auto domain = [](const std::string& target) {
    return "<domain><devices><channel type='unix'>" + target + "</channel></devices></domain>";
  };
  CHECK(HasAgent(domain("<target type='virtio' name='org.qemu.guest_agent.0' state='connected'/>")));
  CHECK_FALSE(HasAgent(domain("<target type='virtio' name='org.qemu.guest_agent.0' state='disconnected'/>")));
  CHECK_FALSE(HasAgent(domain("<target type='virtio' name='org.qemu.guest_agent.0'/>")));
  CHECK_FALSE(HasAgent(domain("<target type='virtio' name='org.qemu.another.0' state='connected'/>")));
  CHECK_FALSE(HasAgent("<domain><devices/></domain>"));
  CHECK_FALSE(HasAgent("no XML"));
}

TEST_CASE("disks keep their order, serials and owners, and O_DIRECT where it is known", "[libvirt]") {
  const Parsed direct(Value(DomainXml(Guest(), Profile(Type::kTcg, true))));
  CHECK(direct("//disk[1]/source/@file") == "/state/volumes/a/disk");
  CHECK(direct("//disk[1]/target/@dev") == "vda");
  CHECK(direct("//disk[1]/serial") == "vol0a");
  CHECK(direct("//disk[2]/target/@dev") == "vdb");
  CHECK(direct.Count("//disk/boot") == 1);
  CHECK(direct.Count("/domain/seclabel[@model='dac'][@relabel='no']") == 1);
  CHECK(direct("//disk[1]/driver/@cache") == "none");
  CHECK(direct("//disk[1]/driver/@discard") == "unmap");
  const Parsed cached(Value(DomainXml(Guest(), Profile(Type::kTcg, false))));
  CHECK(cached("//disk[1]/driver/@cache") == "writeback");
}

TEST_CASE("a disk by itself is as with its guest, and is read back from the guest's XML with serial, path and limits",
          "[libvirt]") {
  GuestSpec spec = Guest();
  spec.disks[1].limits = {.iops = 3000, .bytes_per_second = 131072000};
  const std::string whole = Value(DomainXml(spec, Profile(Type::kTcg)));
  const std::vector<DomainDisk> disks = DisksOfDomain(whole);
  REQUIRE(disks.size() == 2);
  CHECK(disks[0].observed.serial == "vol0a");
  CHECK(disks[0].observed.path == "/state/volumes/a/disk");
  CHECK(disks[0].observed.limits == DiskLimits());
  CHECK(disks[1].target == "vdb");
  CHECK(disks[1].observed.limits == spec.disks[1].limits);
  const std::string alone = Value(DiskXml(spec.disks[1], "vdb", Profile(Type::kTcg)));
  CHECK(disks[1].xml == alone);
  CHECK(FreeTarget(disks) == "vdc");
  CHECK(FreeTarget({disks[1]}) == "vda");
  CHECK(DisksOfDomain("no XML").empty());
  spec.disks[0].serial = "a\nb";
  CHECK(absl::IsInvalidArgument(DiskXml(spec.disks[0], "vda", {}).status()));
}

TEST_CASE("libvirt leaves the tap to the network adapter", "[libvirt]") {
  const Parsed xml(Value(DomainXml(Guest(), {})));
  CHECK(xml("//interface[@type='ethernet']/target[@managed='no']/@dev") == "bm0123456789abc");
  CHECK(xml("//interface/mac/@address") == "02:00:00:00:00:01");
}

TEST_CASE("a card has several queues where the kernel carries them, and libvirt's own choice otherwise", "[libvirt]") {
  GuestSpec spec = Guest();
  CHECK(Parsed(Value(DomainXml(spec, {}))).Count("//interface/driver") == 0);
  spec.nics.front().queues = 2;
  const Parsed xml(Value(DomainXml(spec, {})));
  CHECK(xml("//interface/driver[@name='vhost']/@queues") == "2");
}

TEST_CASE("an image boots from its kernel, by BIOS or by UEFI", "[libvirt]") {
  GuestSpec spec = Guest();
  CHECK(Parsed(Value(DomainXml(spec, Profile(Type::kTcg)))).Count("/domain/os/kernel|/domain/os/loader") == 0);
  spec.boot_mode = BootMode::kUefi;
  CHECK(NeedsFirmware(spec));
  const Parsed uefi(Value(DomainXml(spec, Profile(Type::kTcg))));
  CHECK(uefi("/domain/os/loader[@type='pflash'][@readonly='yes']") == "/firmware.fd");
  CHECK(uefi("/domain/os/nvram") == spec.directory + "/nvram.fd");
  // A kernel of its own needs no firmware to find one.
  spec.direct_boot = DirectBoot{.kernel_path = "/k", .initrd_path = "/i", .command_line = "console=ttyS0"};
  CHECK_FALSE(NeedsFirmware(spec));
  const Parsed direct(Value(DomainXml(spec, Profile(Type::kTcg))));
  CHECK(direct("/domain/os/kernel") == "/k");
  CHECK(direct("/domain/os/initrd") == "/i");
  CHECK(direct("/domain/os/cmdline") == "console=ttyS0");
  CHECK(direct.Count("/domain/os/loader") == 0);
  spec.direct_boot->initrd_path = "";
  CHECK(Parsed(Value(DomainXml(spec, {}))).Count("/domain/os/initrd") == 0);
}

TEST_CASE("an emulated guest has every feature the emulator knows, and bounded memory for translated code",
          "[libvirt]") {
  const Parsed xml(Value(DomainXml(Guest(), Profile(Type::kTcg))));
  CHECK(xml("/domain/@type") == "qemu");
  CHECK(xml("/domain/cpu/@mode") == "maximum");
  CHECK(xml("/domain/features/tcg/tb-cache[@unit='MiB']") == "64");
}

TEST_CASE("a simulated guest has nothing that only QEMU knows", "[libvirt]") {
  const Parsed xml(Value(DomainXml(Guest(), Profile(Type::kSimulated))));
  CHECK(xml("/domain/@type") == "test");
  CHECK(xml.Count("/domain/devices/serial|//seclabel|//sysinfo|/domain/cpu|/domain/*[name()='qemu:capabilities']") ==
        0);
  CHECK(xml.Count("//disk") == 2);
}

TEST_CASE("hostile text stays text in a domain's XML", "[libvirt]") {
  GuestSpec spec = Guest();
  const std::string hostile = "/x'\"><disk/>&amp;]]> --\xc3\xa9";
  spec.disks[0].path = hostile;
  spec.disks[0].serial = hostile;
  spec.nics[0].tap = hostile;
  spec.directory = hostile;
  spec.direct_boot = DirectBoot{.kernel_path = hostile, .initrd_path = hostile, .command_line = hostile};
  const Parsed xml(Value(DomainXml(spec, {})));
  CHECK(xml.Count("//disk") == 2);
  CHECK(xml("//disk[1]/source/@file") == hostile);
  CHECK(xml("//disk[1]/serial") == hostile);
  CHECK(xml("//interface/target/@dev") == hostile);
  CHECK(xml("/domain/os/cmdline") == hostile);
  CHECK(ConsoleDirectory(Value(DomainXml(spec, {}))) == hostile);
}

TEST_CASE("text that XML cannot carry, or a socket's path, is refused", "[libvirt]") {
  const auto refused = [](auto change) {
    GuestSpec spec = Guest();
    spec.direct_boot = DirectBoot{.kernel_path = "/k", .initrd_path = "/i", .command_line = "quiet"};
    change(spec);
    return absl::IsInvalidArgument(DomainXml(spec, {}).status());
  };
  CHECK_FALSE(refused([](GuestSpec&) {}));
  CHECK(refused([](GuestSpec& spec) { spec.direct_boot->command_line = "a\nb"; }));
  CHECK(refused([](GuestSpec& spec) { spec.direct_boot->kernel_path = std::string("a\0b", 3); }));
  CHECK(refused([](GuestSpec& spec) { spec.disks[0].path = "\x1b"; }));
  CHECK(refused([](GuestSpec& spec) { spec.disks[0].serial = "\x7f"; }));
  CHECK(refused([](GuestSpec& spec) { spec.nics[0].tap = "a\t"; }));
  CHECK(refused([](GuestSpec& spec) { spec.nics[0].mac = "\x01"; }));
  CHECK(refused([](GuestSpec& spec) { spec.uuid = "\n"; }));
  CHECK(refused([](GuestSpec& spec) { spec.disks.resize(27); }));
  // 108 bytes with the socket's name and the final NUL.
  CHECK_FALSE(refused([](GuestSpec& spec) { spec.directory = "/" + std::string(93, 'd'); }));
  CHECK(refused([](GuestSpec& spec) { spec.directory = "/" + std::string(94, 'd'); }));
}

TEST_CASE("the console's directory is read from a live domain", "[libvirt]") {
  CHECK(ConsoleDirectory(Value(DomainXml(Guest(), {}))) == Guest().directory);
  for (const char* none : {"", "<domain/>", "not xml", "<domain><devices><serial type='pty'/></devices></domain>",
                           "<domain><devices><serial type='unix'><source path='x'/></serial></devices></domain>"}) {
    INFO(none);
    CHECK(ConsoleDirectory(none).empty());
  }
}

TEST_CASE("a root is found again in the URI of the embedded driver, whatever its name", "[libvirt]") {
  for (const char* state : {"/var/lib/brume", "/tmp/a b&c=%41?#\xc3\xa9"}) {
    CHECK(EmbeddedRoot(EmbeddedUri(state)) == std::string(state) + "/libvirt");
  }
  CHECK_FALSE(EmbeddedRoot("qemu:///system").has_value());
  CHECK_FALSE(EmbeddedRoot("qemu:///embed").has_value());
  CHECK_FALSE(EmbeddedRoot("test:///default").has_value());
}

TEST_CASE("guests run neither as root nor as nobody known", "[libvirt]") {
  CHECK(absl::IsFailedPrecondition(FindQemuUser("root").status()));
  CHECK(absl::IsFailedPrecondition(FindQemuUser("no-such-user").status()));
  CHECK(FindQemuUser("nobody").ok());
}

}  // namespace brume::compute
