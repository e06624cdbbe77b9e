// The catalogue: well-known images by short names, and where they are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/ec2/storage/model/import_source.h"
#include "lib/ec2/storage/model/storage.h"

namespace brume {

struct CatalogueEntry {
  std::string name;              // "debian-12"
  std::string description = {};  // "Debian 12 (bookworm)"
  std::string url;               // http or https
  ImportExpectation expected = {};
  std::string owner_alias = {};  // ImageOwnerAlias of what is imported by it: "debian"
  std::string default_user = {};
  BootMode boot_mode = BootMode::kBios;
  int64_t min_size_gib = 1;  // of a root volume
  // Names of public parameters that AWS keeps the image's id under; a resolve:ssm:NAME of one of them means this entry.
  std::vector<std::string> ssm_parameters = {};
};

// Immutable, so for any thread.
class Catalogue {
 public:
  Catalogue() = default;
  // Of two entries of one name the later counts: an administrator's replaces ours.
  explicit Catalogue(std::vector<CatalogueEntry> entries);

  // By name; null when there is none.
  const CatalogueEntry* Find(absl::string_view name) const;
  // By the name of a parameter of AWS's.
  const CatalogueEntry* FindParameter(absl::string_view parameter) const;
  // Whether an entry has this owner alias.
  bool HasOwner(absl::string_view alias) const;
  const std::vector<CatalogueEntry>& entries() const { return entries_; }

 private:
  std::vector<CatalogueEntry> entries_;  // sorted by name
};

// What is wrong with an entry, in words for who wrote it. InvalidArgument.
absl::Status CheckCatalogueEntry(const CatalogueEntry& entry);

// Where the entry's file is, and what it must be.
absl::StatusOr<ImportSource> SourceOf(const CatalogueEntry& entry);

}  // namespace brume
