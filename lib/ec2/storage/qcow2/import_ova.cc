#include "lib/ec2/storage/qcow2/import_ova.h"

#include <unistd.h>

#include <algorithm>
#include <pugixml.hpp>
#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/qcow2/directory_files.h"

namespace brume::storage {
namespace {

absl::Status NoOva(absl::string_view why) { return absl::InvalidArgumentError(absl::StrCat("the OVA ", why)); }

// Of "ovf:File" and "File": writers choose their prefixes.
absl::string_view LocalName(absl::string_view name) { return name.substr(name.find(':') + 1); }

std::string Attribute(const pugi::xml_node& node, absl::string_view name) {
  for (const pugi::xml_attribute& attribute : node.attributes()) {
    if (LocalName(attribute.name()) == name) return attribute.value();
  }
  return "";
}

std::vector<pugi::xml_node> Children(const pugi::xml_node& node, absl::string_view name) {
  std::vector<pugi::xml_node> found;
  for (const pugi::xml_node& child : node.children()) {
    if (LocalName(child.name()) == name) found.push_back(child);
  }
  return found;
}

std::vector<pugi::xml_node> Grandchildren(const pugi::xml_node& node, absl::string_view name, absl::string_view inner) {
  std::vector<pugi::xml_node> found;
  for (const pugi::xml_node& child : Children(node, name)) {
    const std::vector<pugi::xml_node> more = Children(child, inner);
    found.insert(found.end(), more.begin(), more.end());
  }
  return found;
}

bool IsPlainName(absl::string_view name) {
  return !name.empty() && name.size() <= 255 && name[0] != '.' &&
         std::none_of(name.begin(), name.end(), [](char c) { return c == '/' || absl::ascii_iscntrl(c); });
}

absl::Status CheckMembers(const std::vector<TarMember>& members) {
  std::set<std::string> names;
  for (const TarMember& member : members) {
    const std::string shown = absl::CHexEscape(member.name.substr(0, 255));
    if (!member.is_file) return NoOva(absl::StrCat("holds '", shown, "', which is no plain file: a link or a device"));
    if (!IsPlainName(member.name)) return NoOva(absl::StrCat("holds '", shown, "', which is no plain name"));
    if (!names.insert(member.name).second) return NoOva(absl::StrCat("holds '", shown, "' twice"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> DiskFileOfOvf(const std::string& xml) {
  pugi::xml_document document;
  if (!document.load_buffer(xml.data(), xml.size(), pugi::parse_minimal | pugi::parse_escapes)) {
    return NoOva("has an OVF that is no XML");
  }
  const std::vector<pugi::xml_node> envelopes = Children(document, "Envelope");
  if (envelopes.size() != 1) return NoOva("has an OVF without an Envelope");
  std::set<std::string> files;
  for (const pugi::xml_node& disk : Grandchildren(envelopes[0], "DiskSection", "Disk")) {
    if (const std::string file = Attribute(disk, "fileRef"); !file.empty()) files.insert(file);
  }
  if (files.size() != 1) {
    return NoOva(absl::StrCat("describes ", files.size(), " disks with content; an image has one"));
  }
  for (const pugi::xml_node& file : Grandchildren(envelopes[0], "References", "File")) {
    if (Attribute(file, "id") != *files.begin()) continue;
    if (!Attribute(file, "chunkSize").empty()) return NoOva("has its disk in pieces");
    std::string name = Attribute(file, "href");
    if (!IsPlainName(name)) return NoOva("has its disk elsewhere: its OVF names no file beside it");
    return name;
  }
  return NoOva("has an OVF whose disk refers to no file");
}

absl::StatusOr<TarMember> FindOvaDisk(int file, uint64_t file_size) {
  ASSIGN_OR_RETURN(const std::vector<TarMember> members, ReadTar(file, file_size));
  RETURN_IF_ERROR(CheckMembers(members));
  const auto is_ovf = [](const TarMember& member) {
    return absl::EndsWith(absl::AsciiStrToLower(member.name), ".ovf");
  };
  const auto ovf = std::find_if(members.begin(), members.end(), is_ovf);
  if (ovf == members.end()) return NoOva("has no OVF: it is a tar of something else");
  if (ovf->size > kMaxOvfBytes) return NoOva("has an OVF larger than 1 MiB");
  std::string xml(ovf->size, '\0');
  const ssize_t count = pread(file, xml.data(), xml.size(), static_cast<off_t>(ovf->offset));
  if (count != static_cast<ssize_t>(xml.size())) return NoOva("is cut off");
  ASSIGN_OR_RETURN(const std::string name, DiskFileOfOvf(xml));
  const auto disk =
      std::find_if(members.begin(), members.end(), [&](const auto& member) { return member.name == name; });
  if (disk == members.end()) return NoOva(absl::StrCat("lacks the disk '", absl::CHexEscape(name), "' its OVF names"));
  return *disk;
}

}  // namespace brume::storage
