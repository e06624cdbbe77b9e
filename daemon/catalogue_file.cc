#include "daemon/catalogue_file.h"

#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/catalogue_text.h"
#include "lib/base/status_macros.h"

namespace brume::daemon {
namespace {

absl::Status Fault(const std::string& path, const toml::node& node, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(path, ":", node.source().begin.line, ": ", what));
}

absl::Status ReadValue(const toml::node& node, const std::string& key, CatalogueEntry& entry) {
  const std::map<std::string, std::string*> texts = {{"name", &entry.name},
                                                     {"description", &entry.description},
                                                     {"url", &entry.url},
                                                     {"checksums", &entry.expected.checksums},
                                                     {"sha256", &entry.expected.sha256},
                                                     {"sha512", &entry.expected.sha512},
                                                     {"signature", &entry.expected.signature},
                                                     {"keyring", &entry.expected.keyring},
                                                     {"owner_alias", &entry.owner_alias},
                                                     {"default_user", &entry.default_user}};
  if (const auto text = texts.find(key); text != texts.end()) {
    if (!node.is_string()) return absl::InvalidArgumentError(absl::StrCat(key, " must be a string"));
    *text->second = **node.as_string();
    return absl::OkStatus();
  }
  if (key == "boot_mode") {
    const std::optional<BootMode> mode = FindBootMode(node.value_or(std::string()));
    if (!mode.has_value()) return absl::InvalidArgumentError("boot_mode must be legacy-bios, uefi or uefi-preferred");
    entry.boot_mode = *mode;
    return absl::OkStatus();
  }
  if (key == "min_size_gib") {
    if (!node.is_integer()) return absl::InvalidArgumentError("min_size_gib must be a whole number");
    entry.min_size_gib = **node.as_integer();
    return absl::OkStatus();
  }
  if (key != "ssm_parameters") return absl::InvalidArgumentError(absl::StrCat("unknown key '", key, "'"));
  const toml::array* const list = node.as_array();
  if (list == nullptr) return absl::InvalidArgumentError("ssm_parameters must be a list of strings");
  for (const toml::node& item : *list) {
    if (!item.is_string()) return absl::InvalidArgumentError("ssm_parameters must be a list of strings");
    entry.ssm_parameters.push_back(**item.as_string());
  }
  return absl::OkStatus();
}

absl::Status ReadEntries(const toml::table& table, const std::string& path, std::vector<CatalogueEntry>& entries) {
  for (const auto& [key, value] : table) {
    const toml::array* const images = value.as_array();
    if (std::string(key.str()) != "image" || images == nullptr) {
      return Fault(path, value, absl::StrCat("'", std::string(key.str()), "' is not [[image]]"));
    }
    for (const toml::node& image : *images) {
      if (!image.is_table()) return Fault(path, image, "an image is a table");
      CatalogueEntry entry;
      for (const auto& [name, member] : *image.as_table()) {
        const absl::Status read = ReadValue(member, std::string(name.str()), entry);
        if (!read.ok()) return Fault(path, member, read.message());
      }
      const absl::Status good = CheckCatalogueEntry(entry);
      if (!good.ok()) return Fault(path, image, good.message());
      entries.push_back(std::move(entry));
    }
  }
  return absl::OkStatus();
}

absl::Status ReadText(const std::function<toml::table()>& parse, const std::string& path,
                      std::vector<CatalogueEntry>& entries) {
  try {
    return ReadEntries(parse(), path, entries);
  } catch (const toml::parse_error& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ":", error.source().begin.line, ": ", std::string(error.description())));
  }
}

}  // namespace

absl::StatusOr<Catalogue> ReadCatalogue(const std::string& directory) {
  std::vector<CatalogueEntry> entries;
  RETURN_IF_ERROR(ReadText([] { return toml::parse(std::string_view(kCatalogueText)); }, "catalogue.toml", entries));
  std::vector<std::string> files;
  std::error_code error;
  for (std::filesystem::directory_iterator each(directory, error), end; !error && each != end; each.increment(error)) {
    if (each->path().extension() == ".toml") files.push_back(each->path().string());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return absl::InvalidArgumentError(absl::StrCat("storage.catalogue_dir: ", directory, ": ", error.message()));
  }
  std::sort(files.begin(), files.end());
  for (const std::string& file : files) {
    RETURN_IF_ERROR(ReadText([&] { return toml::parse_file(file); }, file, entries));
  }
  return Catalogue(std::move(entries));
}

}  // namespace brume::daemon
