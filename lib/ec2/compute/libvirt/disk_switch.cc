#include "lib/ec2/compute/libvirt/disk_switch.h"

#include <cstdlib>
#include <map>
#include <memory>
#include <pugixml.hpp>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/libvirt/domains.h"
#include "lib/ec2/compute/libvirt/guest_freeze.h"
#include "lib/ec2/compute/libvirt/guest_keys.h"

namespace brume::compute {
namespace {

struct LiveDisk {
  std::string target, source;
};

// The disks of a live domain, by their serial.
absl::StatusOr<std::map<std::string, LiveDisk>> DisksIn(absl::string_view domain_xml) {
  pugi::xml_document document;
  if (!document.load_buffer(domain_xml.data(), domain_xml.size())) {
    return absl::InternalError("libvirt describes a guest in what is no XML");
  }
  std::map<std::string, LiveDisk> disks;
  for (const pugi::xml_node& disk : document.child("domain").child("devices").children("disk")) {
    disks[disk.child("serial").text().get()] = {disk.child("target").attribute("dev").value(),
                                                disk.child("source").attribute("file").value()};
  }
  return disks;
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
  ASSIGN_OR_RETURN(const std::string xml, SnapshotXml(live.get(), switches));
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
