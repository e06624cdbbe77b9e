// The catalogue of images: the one compiled in, and what an administrator adds.
#include "daemon/catalogue_file.h"

#include <fstream>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/support/temp_dir.h"

namespace brume::daemon {

TEST_CASE("the catalogue compiled in has the images that are well known, each with a checksum", "[catalogue]") {
  const Catalogue catalogue = Value(ReadCatalogue("/nonexistent"));
  for (const char* name :
       {"debian-12", "debian-13", "ubuntu-22.04", "ubuntu-24.04", "fedora-42", "almalinux-9", "rocky-9",
        "opensuse-leap-15.6", "arch", "alpine-3.21", "amazon-linux-2023", "freebsd-14.2"}) {
    INFO(name);
    const CatalogueEntry* const entry = catalogue.Find(name);
    REQUIRE(entry != nullptr);
    CHECK(absl::StartsWith(entry->url, "https://"));
    CHECK(absl::StartsWith(entry->expected.checksums, "https://"));
    CHECK_FALSE(entry->default_user.empty());
    CHECK_FALSE(entry->owner_alias.empty());
    CHECK_FALSE(entry->description.empty());
  }
  std::set<std::string> parameters;
  for (const CatalogueEntry& entry : catalogue.entries()) {
    for (const std::string& parameter : entry.ssm_parameters) CHECK(parameters.insert(parameter).second);
  }
  CHECK(catalogue.FindParameter("/aws/service/debian/release/12/latest/amd64") == catalogue.Find("debian-12"));
  CHECK(catalogue.FindParameter("/aws/service/x") == nullptr);
  CHECK(catalogue.Find("plan-9") == nullptr);
}

TEST_CASE("an administrator adds images to the catalogue, and replaces those of it", "[catalogue]") {
  const TempDir directory;
  std::ofstream(directory / "a.toml") << "[[image]]\nname = \"debian-12\"\nurl = \"http://mirror/d.qcow2\"\n"
                                      << "[[image]]\nname = \"own\"\nurl = \"http://mirror/own\"\nmin_size_gib = 7\n";
  std::ofstream(directory / "b.toml") << "[[image]]\nname = \"own\"\nurl = \"http://mirror/newer\"\n";
  std::ofstream(directory / "notes.txt") << "no toml";
  const Catalogue catalogue = Value(ReadCatalogue(directory.path()));
  CHECK(catalogue.Find("debian-12")->url == "http://mirror/d.qcow2");
  CHECK(catalogue.Find("debian-12")->expected.checksums.empty());
  CHECK(catalogue.Find("own")->url == "http://mirror/newer");
  CHECK(catalogue.Find("debian-13") != nullptr);
}

TEST_CASE("a catalogue that cannot be meant is refused with its file and line", "[catalogue]") {
  struct Row {
    const char *text, *words;
  };
  const std::string good = "[[image]]\nname = \"own\"\nurl = \"http://mirror/own\"\n";
  for (const Row& row :
       {Row{"colour = \"red\"\n", "unknown key 'colour'"}, Row{"min_size_gib = \"x\"\n", "whole number"},
        Row{"min_size_gib = 0\n", "1 to 65536"}, Row{"boot_mode = \"u-boot\"\n", "legacy-bios, uefi or uefi-preferred"},
        Row{"checksums = \"ftp://h/x\"\n", "http"}, Row{"description = 5\n", "must be a string"},
        Row{"signature = \"http://h/s\"\n", "no keyring"}, Row{"ssm_parameters = \"x\"\n", "list of strings"},
        Row{"[other]\n", "is not [[image]]"}, Row{"x", "own.toml:"}}) {
    INFO(row.text);
    const TempDir directory;
    std::ofstream(directory / "own.toml") << good << row.text;
    const absl::Status refused = ReadCatalogue(directory.path()).status();
    INFO(refused.ToString());
    CHECK(absl::IsInvalidArgument(refused));
    CHECK(absl::StrContains(refused.message(), "own.toml:"));
    CHECK(absl::StrContains(refused.message(), row.words));
  }
  for (const char* entry : {"name = \"\"\nurl = \"http://h/x\"\n", "name = \"Big\"\nurl = \"http://h/x\"\n",
                            "name = \"own\"\n", "name = \"own\"\nurl = \"file:///etc/passwd\"\n"}) {
    INFO(entry);
    const TempDir directory;
    std::ofstream(directory / "own.toml") << "[[image]]\n" << entry;
    CHECK(absl::IsInvalidArgument(ReadCatalogue(directory.path()).status()));
  }
}

}  // namespace brume::daemon
