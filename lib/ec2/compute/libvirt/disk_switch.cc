#include "lib/ec2/compute/libvirt/disk_switch.h"

#include <cstdlib>
#include <map>
#include <memory>
#include <pugixml.hpp>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/libvirt/domains.h"
#include "lib/ec2/compute/libvirt/guest_freeze.h"
#include "lib/ec2/compute/libvirt/guest_keys.h"
#include "lib/ec2/compute/libvirt/qemu_monitor.h"

namespace brume::compute {
namespace {

struct LiveDisk {
  std::string target, source;
  std::string alias, index;  // of the device, and of the source's nodes in QEMU
};

// The disks of a live domain, by their serial.
absl::StatusOr<std::map<std::string, LiveDisk>> DisksIn(absl::string_view domain_xml) {
  pugi::xml_document document;
  if (!document.load_buffer(domain_xml.data(), domain_xml.size())) {
    return absl::InternalError("libvirt describes a guest in what is no XML");
  }
  std::map<std::string, LiveDisk> disks;
  for (const pugi::xml_node& disk : document.child("domain").child("devices").children("disk")) {
    const pugi::xml_node source = disk.child("source");
    disks[disk.child("serial").text().get()] = {
        disk.child("target").attribute("dev").value(), source.attribute("file").value(),
        disk.child("alias").attribute("name").value(), source.attribute("index").value()};
  }
  return disks;
}

// Those of `switches` that QEMU has not done. A libvirt that ended amid one may know nothing of what QEMU did.
absl::StatusOr<std::vector<DiskSwitch>> UndoneOf(virDomainPtr domain, absl::string_view domain_xml,
                                                 const std::vector<DiskSwitch>& switches) {
  ASSIGN_OR_RETURN(const auto live, DisksIn(domain_xml));
  ASSIGN_OR_RETURN(const QemuDisks qemu, QemuDisksOf(domain));
  std::vector<DiskSwitch> undone;
  for (const DiskSwitch& wanted : switches) {
    const auto disk = live.find(wanted.serial);
    if (disk == live.end()) return absl::NotFoundError(absl::StrCat("the guest has no disk ", wanted.serial));
    if (disk->second.source == wanted.path) continue;
    const auto root = qemu.roots.find(disk->second.alias);
    if (root == qemu.roots.end() || disk->second.index.empty()) {
      return absl::InternalError(absl::StrCat("QEMU and libvirt do not agree on the disk ", wanted.serial));
    }
    if (root->second == absl::StrCat("libvirt-", disk->second.index, "-format")) {
      RETURN_IF_ERROR(CloseOrphanedFile(domain, wanted.path));
      undone.push_back(wanted);
      continue;
    }
    const std::string stem(absl::StripSuffix(root->second, "-format"));
    const auto file = qemu.files.find(absl::StrCat(stem, "-storage"));
    // libvirt would put the next file below the one that it does not know.
    if (file == qemu.files.end() || file->second != wanted.path) {
      return absl::UnavailableError(absl::StrCat("libvirt does not know the file that disk ", wanted.serial,
                                                 " writes to; stop the instance and start it"));
    }
    log::Warn("the disk {} of {} writes to {}, which libvirt does not know until it is stopped and started",
              wanted.serial, virDomainGetName(domain), wanted.path);
  }
  return undone;
}

}  // namespace

absl::StatusOr<std::string> SnapshotXml(absl::string_view domain_xml, const std::vector<DiskSwitch>& switches) {
  ASSIGN_OR_RETURN(const auto live, DisksIn(domain_xml));
  std::map<std::string, const DiskSwitch*> files;  // by target
  for (const DiskSwitch& wanted : switches) {
    const auto disk = live.find(wanted.serial);
    if (disk == live.end()) return absl::NotFoundError(absl::StrCat("the guest has no disk ", wanted.serial));
    if (disk->second.source != wanted.path) files[disk->second.target] = &wanted;
  }
  if (files.empty()) return "";
  pugi::xml_document document;
  pugi::xml_node disks = document.append_child("domainsnapshot").append_child("disks");
  for (const auto& [serial, disk] : live) {
    pugi::xml_node node = disks.append_child("disk");
    node.append_attribute("name").set_value(disk.target.c_str());
    const auto file = files.find(disk.target);
    node.append_attribute("snapshot").set_value(file == files.end() ? "no" : "external");
    if (file == files.end()) continue;
    node.append_attribute("type").set_value("file");
    node.append_child("driver").append_attribute("type").set_value("qcow2");
    pugi::xml_node source = node.append_child("source");
    source.append_attribute("file").set_value(file->second->path.c_str());
    if (file->second->key.empty()) continue;
    pugi::xml_node encryption = source.append_child("encryption");
    encryption.append_attribute("format").set_value("luks");
    pugi::xml_node secret = encryption.append_child("secret");
    secret.append_attribute("type").set_value("passphrase");
    secret.append_attribute("uuid").set_value(SecretUuid(serial).c_str());
  }
  std::ostringstream text;
  document.save(text, "", pugi::format_raw | pugi::format_no_declaration);
  return text.str();
}

absl::Status SwitchDisksOf(virDomainPtr domain, const std::vector<DiskSwitch>& switches, GuestFreezes& freezes) {
  const std::unique_ptr<char, decltype(&free)> live(virDomainGetXMLDesc(domain, 0), free);
  if (live == nullptr) return ActionError("read a guest's description");
  ASSIGN_OR_RETURN(const std::vector<DiskSwitch> undone, UndoneOf(domain, live.get(), switches));
  ASSIGN_OR_RETURN(const std::string xml, SnapshotXml(live.get(), undone));
  if (xml.empty()) return absl::OkStatus();
  // The files are there, with what they lie over in their headers; libvirt keeps no record of its own.
  constexpr unsigned kFlags = VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY | VIR_DOMAIN_SNAPSHOT_CREATE_REUSE_EXT |
                              VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA | VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC;
  return freezes.With(domain, live.get(), [&] {
    virDomainSnapshotPtr snapshot = virDomainSnapshotCreateXML(domain, xml.c_str(), kFlags);
    if (snapshot == nullptr) return ActionError("switch the disks of a guest");
    virDomainSnapshotFree(snapshot);
    return absl::OkStatus();
  });
}

}  // namespace brume::compute
