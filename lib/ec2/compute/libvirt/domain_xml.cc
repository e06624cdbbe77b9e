#include "lib/ec2/compute/libvirt/domain_xml.h"

#include <sys/un.h>

#include <algorithm>
#include <pugixml.hpp>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/enum_names.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/libvirt/guest_keys.h"

namespace brume::compute {
namespace {

using pugi::xml_node;

// Appends <name attribute="value" …>text</name>.
xml_node Add(xml_node parent, const char* name,
             std::initializer_list<std::pair<const char*, std::string>> attributes = {}, const std::string& text = "") {
  xml_node node = parent.append_child(name);
  for (const auto& [key, value] : attributes) node.append_attribute(key).set_value(value.c_str());
  if (!text.empty()) node.text().set(text.c_str());
  return node;
}

std::string TextOf(const xml_node& node) {
  std::ostringstream text;
  node.print(text, " ", pugi::format_default | pugi::format_no_declaration);
  return text.str();
}

// Control characters are not XML, with or without escapes, and none belongs into a path or a command line.
absl::Status CheckText(absl::string_view what, const std::string& text) {
  const bool bad = std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (!bad) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the ", what, " has a control character"));
}

absl::Status CheckDisk(const GuestDisk& disk) {
  RETURN_IF_ERROR(CheckText("path of a disk", disk.path));
  if (disk.encryption.has_value()) {
    for (const DiskEncryption::Layer& layer : disk.encryption->layers) {
      RETURN_IF_ERROR(CheckText("path of a layer", layer.path));
    }
  }
  return CheckText("serial of a disk", disk.serial);
}

absl::Status CheckNic(const GuestNic& nic) {
  RETURN_IF_ERROR(CheckText("name of a tap", nic.tap));
  RETURN_IF_ERROR(CheckText("attachment of a NIC", nic.attachment_id));
  return CheckText("MAC address of a NIC", nic.mac);
}

absl::Status CheckSpec(const GuestSpec& spec) {
  RETURN_IF_ERROR(CheckText("instance's directory", spec.directory));
  RETURN_IF_ERROR(CheckText("instance's UUID", spec.uuid));
  if (spec.directory.size() + 1 + sizeof kConsoleSocket > sizeof(sockaddr_un::sun_path)) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", spec.directory, "' is too long a path for a Unix socket; use a shorter state directory"));
  }
  if (spec.disks.size() > kMaxVolumesOfInstance) {
    return absl::InvalidArgumentError(absl::StrCat("an instance has at most ", kMaxVolumesOfInstance, " disks"));
  }
  for (const GuestDisk& disk : spec.disks) RETURN_IF_ERROR(CheckDisk(disk));
  for (const GuestNic& nic : spec.nics) RETURN_IF_ERROR(CheckNic(nic));
  if (!spec.direct_boot.has_value()) return absl::OkStatus();
  RETURN_IF_ERROR(CheckText("path of the kernel", spec.direct_boot->kernel_path));
  RETURN_IF_ERROR(CheckText("path of the initrd", spec.direct_boot->initrd_path));
  return CheckText("kernel's command line", spec.direct_boot->command_line);
}

// libvirt's names of its drivers.
constexpr EnumNames kTypeNames({std::pair{Acceleration::kKvm, "kvm"},
                                {Acceleration::kTcg, "qemu"},
                                {Acceleration::kSimulated, "test"}});

void AddBoot(xml_node domain, const GuestSpec& spec, const DomainProfile& profile) {
  xml_node os = Add(domain, "os");
  if (profile.acceleration == Acceleration::kSimulated) {
    Add(os, "type", {{"arch", "x86_64"}}, "hvm");
    return;
  }
  Add(os, "type", {{"arch", "x86_64"}, {"machine", "q35"}}, "hvm");
  if (NeedsFirmware(spec)) {
    Add(os, "loader", {{"readonly", "yes"}, {"type", "pflash"}}, profile.firmware_code);
    Add(os, "nvram", {}, absl::StrCat(spec.directory, "/", kFirmwareVariables));
  }
  if (spec.direct_boot.has_value()) {
    Add(os, "kernel", {}, spec.direct_boot->kernel_path);
    if (!spec.direct_boot->initrd_path.empty()) Add(os, "initrd", {}, spec.direct_boot->initrd_path);
    if (!spec.direct_boot->command_line.empty()) Add(os, "cmdline", {}, spec.direct_boot->command_line);
  }
  Add(os, "smbios", {{"mode", "sysinfo"}});
}

// What cloud-init's ds-identify and Amazon's own tools look for to recognise EC2: vendor, a UUID and an equal serial
// number that begin with "ec2", and the instance id as the board's asset tag.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/identify_ec2_instances.html
void AddIdentity(xml_node domain, const GuestSpec& spec) {
  xml_node sysinfo = Add(domain, "sysinfo", {{"type", "smbios"}});
  xml_node system = Add(sysinfo, "system");
  Add(system, "entry", {{"name", "manufacturer"}}, "Amazon EC2");
  Add(system, "entry", {{"name", "product"}}, "Amazon EC2");
  Add(system, "entry", {{"name", "serial"}}, spec.uuid);
  Add(system, "entry", {{"name", "uuid"}}, spec.uuid);
  xml_node board = Add(sysinfo, "baseBoard");
  Add(board, "entry", {{"name", "manufacturer"}}, "Amazon EC2");
  Add(board, "entry", {{"name", "asset"}}, spec.id.text());
  xml_node chassis = Add(sysinfo, "chassis");
  Add(chassis, "entry", {{"name", "manufacturer"}}, "Amazon EC2");
  Add(chassis, "entry", {{"name", "asset"}}, "Amazon EC2");
}

// A machine that can have no second processor is one that QEMU emulates without atomic operations: a locked instruction
// becomes a load and a store, and orders nothing. QEMU's own threads, which serve the disks and NICs, run beside the
// guest's all the same, and guest and device can miss each other's notice of a request: it is never answered, and what
// waits for it waits for ever. So one processor has room for another (QEMU's mttcg_start_vcpu_thread, max_cpus > 1).
int MaxProcessors(const GuestSpec& spec, const DomainProfile& profile) {
  return profile.acceleration == Acceleration::kTcg ? std::max(spec.vcpus, 2) : spec.vcpus;
}

void AddProcessorCount(xml_node domain, const GuestSpec& spec, const DomainProfile& profile) {
  const int max = MaxProcessors(spec, profile);
  xml_node vcpu = Add(domain, "vcpu", {}, absl::StrCat(max));
  if (spec.vcpus < max) vcpu.append_attribute("current").set_value(spec.vcpus);
}

void AddProcessor(xml_node domain, const GuestSpec& spec, const DomainProfile& profile) {
  xml_node features = Add(domain, "features");
  Add(features, "acpi");
  Add(features, "apic");
  Add(features, "vmport", {{"state", "off"}});
  if (profile.acceleration == Acceleration::kTcg) {
    // Translated code: without a bound it grows to 1 GiB beside the guest's memory, which nobody has reckoned with.
    Add(Add(features, "tcg"), "tb-cache", {{"unit", "MiB"}}, absl::StrCat(kTranslationCacheMib));
  }
  const char* mode = profile.acceleration == Acceleration::kKvm ? "host-passthrough" : "maximum";
  xml_node cpu = Add(domain, "cpu", {{"mode", mode}, {"check", "none"}});
  // The room is a socket, so that the guest sees as many cores in its own as it has.
  const int sockets = MaxProcessors(spec, profile) / spec.vcpus;
  Add(cpu, "topology", {{"sockets", absl::StrCat(sockets)}, {"cores", absl::StrCat(spec.vcpus)}, {"threads", "1"}});
}

std::string TargetOf(size_t number) { return absl::StrCat("vd", std::string(1, static_cast<char>('a' + number))); }

void AddLimits(xml_node disk, const DiskLimits& limits) {
  if (limits == DiskLimits()) return;
  xml_node node = Add(disk, "iotune");
  if (limits.bytes_per_second > 0) Add(node, "total_bytes_sec", {}, absl::StrCat(limits.bytes_per_second));
  if (limits.iops > 0) Add(node, "total_iops_sec", {}, absl::StrCat(limits.iops));
}

void AddSecret(xml_node source, const GuestDisk& disk) {
  xml_node encryption = Add(source, "encryption", {{"format", "luks"}});
  Add(encryption, "secret", {{"type", "passphrase"}, {"uuid", SecretUuid(disk.serial)}});
}

// An encrypted disk is told with all that lies under it: libvirt cannot know which of the layers has which key.
void AddFiles(xml_node node, const GuestDisk& disk) {
  xml_node source = Add(node, "source", {{"file", disk.path}});
  if (!disk.encryption.has_value()) return;
  AddSecret(source, disk);
  for (const DiskEncryption::Layer& layer : disk.encryption->layers) {
    node = Add(node, "backingStore", {{"type", "file"}});
    Add(node, "format", {{"type", "qcow2"}});
    source = Add(node, "source", {{"file", layer.path}});
    if (layer.encrypted) AddSecret(source, disk);
  }
  Add(node, "backingStore");
}

xml_node AddDisk(xml_node parent, const GuestDisk& disk, const std::string& target, const DomainProfile& profile) {
  xml_node node = Add(parent, "disk", {{"type", "file"}, {"device", "disk"}});
  Add(node, "driver",
      {{"name", "qemu"}, {"type", "qcow2"}, {"cache", profile.direct_io ? "none" : "writeback"}, {"discard", "unmap"}});
  AddFiles(node, disk);
  // The guest's kernel names its disks itself, in their order; this name is libvirt's alone.
  Add(node, "target", {{"dev", target}, {"bus", "virtio"}});
  AddLimits(node, disk.limits);
  if (!disk.serial.empty()) Add(node, "serial", {}, disk.serial);
  return node;
}

void AddDisks(xml_node devices, const GuestSpec& spec, const DomainProfile& profile) {
  for (size_t i = 0; i < spec.disks.size(); ++i) {
    xml_node node = AddDisk(devices, spec.disks[i], TargetOf(i), profile);
    if (i == 0) Add(node, "boot", {{"order", "1"}});
  }
}

// What libvirt keeps of a device's alias that is not its own.
constexpr char kOwnAlias[] = "ua-";

xml_node AddNic(xml_node parent, const GuestNic& nic) {
  xml_node node = Add(parent, "interface", {{"type", "ethernet"}});
  Add(node, "mac", {{"address", nic.mac}});
  // Not managed: the tap is the network adapter's, who moves it to another namespace once QEMU holds it.
  Add(node, "target", {{"dev", nic.tap}, {"managed", "no"}});
  Add(node, "model", {{"type", "virtio"}});
  // Each queue is carried by the kernel (vhost-net): without it one thread of QEMU's would serve them all.
  if (nic.queues > 1) Add(node, "driver", {{"name", "vhost"}, {"queues", absl::StrCat(nic.queues)}});
  if (!nic.attachment_id.empty()) Add(node, "alias", {{"name", absl::StrCat(kOwnAlias, nic.attachment_id)}});
  return node;
}

void AddNics(xml_node devices, const GuestSpec& spec, const DomainProfile& profile) {
  for (const GuestNic& nic : spec.nics) {
    xml_node node = AddNic(devices, nic);
    if (profile.acceleration != Acceleration::kSimulated) Add(node, "rom", {{"enabled", "no"}});
  }
}

void AddHardware(xml_node devices, const GuestSpec& spec, const DomainProfile& profile) {
  Add(devices, "controller", {{"type", "usb"}, {"model", "none"}});
  Add(devices, "controller", {{"type", "pci"}, {"index", "0"}, {"model", "pcie-root"}});
  const int disks = std::max(profile.disk_ports, static_cast<int>(spec.disks.size()));
  const int nics = std::max(spec.max_nics, static_cast<int>(spec.nics.size()));
  const int own_devices = disks + nics + 3;  // and balloon, random numbers, the agent's channel
  for (int i = 1; i <= own_devices + profile.spare_ports; ++i) {
    Add(devices, "controller", {{"type", "pci"}, {"index", absl::StrCat(i)}, {"model", "pcie-root-port"}});
  }
  xml_node serial = Add(devices, "serial", {{"type", "unix"}});
  Add(serial, "source", {{"mode", "bind"}, {"path", absl::StrCat(spec.directory, "/", kConsoleSocket)}});
  Add(serial, "log", {{"file", absl::StrCat(spec.directory, "/", kConsoleLog)}, {"append", "on"}});
  xml_node agent = Add(devices, "channel", {{"type", "unix"}});
  Add(agent, "source", {{"mode", "bind"}, {"path", absl::StrCat(spec.directory, "/", kAgentSocket)}});
  Add(agent, "target", {{"type", "virtio"}, {"name", kAgentChannel}});
  // The guest's kernel tells the balloon so often how it uses its memory.
  constexpr char kBalloonSeconds[] = "10";
  Add(Add(devices, "memballoon", {{"model", "virtio"}}), "stats", {{"period", kBalloonSeconds}});
  xml_node rng = Add(devices, "rng", {{"model", "virtio"}});
  Add(rng, "backend", {{"model", "random"}}, "/dev/urandom");
}

}  // namespace

bool NeedsFirmware(const GuestSpec& spec) { return spec.boot_mode == BootMode::kUefi && !spec.direct_boot.has_value(); }

absl::StatusOr<std::string> DomainXml(const GuestSpec& spec, const DomainProfile& profile) {
  RETURN_IF_ERROR(CheckSpec(spec));
  pugi::xml_document document;
  xml_node domain = Add(document, "domain", {{"type", std::string(kTypeNames.Of(profile.acceleration))}});
  Add(domain, "name", {}, spec.id.text());
  Add(domain, "uuid", {}, spec.uuid);
  Add(domain, "memory", {{"unit", "MiB"}}, absl::StrCat(spec.memory_mib));
  AddProcessorCount(domain, spec, profile);
  AddBoot(domain, spec, profile);
  const bool real = profile.acceleration != Acceleration::kSimulated;
  if (real) {
    AddIdentity(domain, spec);
    AddProcessor(domain, spec, profile);
  }
  Add(domain, "clock", {{"offset", "utc"}});
  Add(domain, "on_poweroff", {}, "destroy");
  Add(domain, "on_reboot", {}, "restart");
  Add(domain, "on_crash", {}, "destroy");
  xml_node devices = Add(domain, "devices");
  AddDisks(devices, spec, profile);
  AddNics(devices, spec, profile);
  if (real) {
    AddHardware(devices, spec, profile);
    xml_node label = Add(domain, "seclabel", {{"type", "static"}, {"model", "dac"}, {"relabel", "no"}});
    Add(label, "label", {}, absl::StrCat("+", profile.uid, ":+", profile.gid));
    // Without it libvirt reads back ~400 properties of the processor one by one at each start, which is most of the
    // start's time. We never ask libvirt what processor a guest has.
    domain.append_attribute("xmlns:qemu").set_value("http://libvirt.org/schemas/domain/qemu/1.0");
    xml_node capabilities = Add(domain, "qemu:capabilities");
    Add(capabilities, "qemu:del", {{"capability", "cpu-unavailable-features"}});
  }
  return TextOf(document);
}

absl::StatusOr<std::string> DiskXml(const GuestDisk& disk, const std::string& target, const DomainProfile& profile) {
  RETURN_IF_ERROR(CheckDisk(disk));
  pugi::xml_document document;
  AddDisk(document, disk, target, profile);
  return TextOf(document);
}

std::vector<DomainDisk> DisksOfDomain(absl::string_view domain_xml) {
  std::vector<DomainDisk> disks;
  pugi::xml_document document;
  if (!document.load_buffer(domain_xml.data(), domain_xml.size())) return disks;
  for (const pugi::xpath_node& found : document.select_nodes("/domain/devices/disk[@device='disk']")) {
    const xml_node node = found.node();
    const xml_node limits = node.child("iotune");
    disks.push_back({.observed = {.serial = node.child_value("serial"),
                                  .path = node.child("source").attribute("file").value(),
                                  .limits = {.iops = limits.child("total_iops_sec").text().as_llong(),
                                             .bytes_per_second = limits.child("total_bytes_sec").text().as_llong()}},
                     .target = node.child("target").attribute("dev").value(),
                     .xml = TextOf(node)});
  }
  return disks;
}

absl::StatusOr<std::string> NicXml(const GuestNic& nic) {
  RETURN_IF_ERROR(CheckNic(nic));
  pugi::xml_document document;
  Add(AddNic(document, nic), "rom", {{"enabled", "no"}});
  return TextOf(document);
}

std::vector<DomainNic> NicsOfDomain(absl::string_view domain_xml) {
  std::vector<DomainNic> nics;
  pugi::xml_document document;
  if (!document.load_buffer(domain_xml.data(), domain_xml.size())) return nics;
  for (const pugi::xpath_node& found : document.select_nodes("/domain/devices/interface")) {
    const xml_node node = found.node();
    absl::string_view alias = node.child("alias").attribute("name").value();
    const bool own = absl::ConsumePrefix(&alias, kOwnAlias);
    nics.push_back({.observed = {.mac = node.child("mac").attribute("address").value(),
                                 .attachment_id = own ? std::string(alias) : ""},
                    .xml = TextOf(node)});
  }
  return nics;
}

std::string FreeTarget(const std::vector<DomainDisk>& disks) {
  size_t number = 0;
  const auto is_taken = [&](const DomainDisk& disk) { return disk.target == TargetOf(number); };
  while (std::any_of(disks.begin(), disks.end(), is_taken)) ++number;
  return TargetOf(number);
}

std::string ConsoleDirectory(absl::string_view domain_xml) {
  pugi::xml_document document;
  if (!document.load_buffer(domain_xml.data(), domain_xml.size())) return "";
  const std::string path =
      document.select_node("/domain/devices/serial[@type='unix']/source").node().attribute("path").value();
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

}  // namespace brume::compute
