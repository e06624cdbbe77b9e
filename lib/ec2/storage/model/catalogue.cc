#include "lib/ec2/storage/model/catalogue.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"

namespace brume {

Catalogue::Catalogue(std::vector<CatalogueEntry> entries) {
  for (CatalogueEntry& entry : entries) {
    std::erase_if(entries_, [&](const CatalogueEntry& earlier) { return earlier.name == entry.name; });
    entries_.push_back(std::move(entry));
  }
  std::sort(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
}

const CatalogueEntry* Catalogue::Find(absl::string_view name) const {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const auto& entry) { return entry.name == name; });
  return found == entries_.end() ? nullptr : &*found;
}

const CatalogueEntry* Catalogue::FindParameter(absl::string_view parameter) const {
  const auto has = [&](const CatalogueEntry& entry) {
    const auto& names = entry.ssm_parameters;
    return std::find(names.begin(), names.end(), parameter) != names.end();
  };
  const auto found = std::find_if(entries_.begin(), entries_.end(), has);
  return found == entries_.end() ? nullptr : &*found;
}

bool Catalogue::HasOwner(absl::string_view alias) const {
  return !alias.empty() && std::any_of(entries_.begin(), entries_.end(),
                                       [&](const CatalogueEntry& entry) { return entry.owner_alias == alias; });
}

absl::Status CheckCatalogueEntry(const CatalogueEntry& entry) {
  RETURN_IF_ERROR(ParseImportSource(absl::StrCat("catalogue:", entry.name)).status());
  RETURN_IF_ERROR(SourceOf(entry).status());
  if (!entry.expected.signature.empty() && entry.expected.keyring.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("the entry ", entry.name, " has a signature and no keyring"));
  }
  if (!entry.expected.signature.empty() && entry.expected.checksums.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the entry ", entry.name, " has a signature and no list of checksums that it could be of"));
  }
  if (entry.min_size_gib < 1 || entry.min_size_gib > kMaxVolumeGib) {
    return absl::InvalidArgumentError(
        absl::StrCat("the entry ", entry.name, " has no size from 1 to ", kMaxVolumeGib, " GiB"));
  }
  return absl::OkStatus();
}

absl::StatusOr<ImportSource> SourceOf(const CatalogueEntry& entry) {
  ASSIGN_OR_RETURN(const HttpUrl url, ParseHttpUrl(entry.url));
  for (const std::string& other : {entry.expected.checksums, entry.expected.signature}) {
    if (!other.empty()) RETURN_IF_ERROR(ParseHttpUrl(other).status());
  }
  return ImportSource{.place = ImportPlace::kHttp, .location = url.text(), .expected = entry.expected};
}

}  // namespace brume
