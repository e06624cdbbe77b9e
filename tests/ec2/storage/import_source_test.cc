// Where an import reads from: what is understood, and what is not.
#include "lib/ec2/storage/model/import_source.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace brume {

TEST_CASE("a source is a path, a URL or a name of the catalogue, with what is expected behind a #", "[import]") {
  const std::string sha256(64, 'a'), sha512(128, 'B');
  struct Row {
    std::string text;
    ImportPlace place;
    const char* location;
  };
  for (const Row& row :
       std::vector<Row>{{"/srv/a.vmdk", ImportPlace::kHostFile, "/srv/a.vmdk"},
                        {"file:///srv/a.vmdk", ImportPlace::kHostFile, "/srv/a.vmdk"},
                        {"/srv/a#1.vmdk", ImportPlace::kHostFile, "/srv/a#1.vmdk"},
                        {"/srv/a.vmdk#sha256=" + sha256, ImportPlace::kHostFile, "/srv/a.vmdk"},
                        {"https://Example.org/x/a.qcow2", ImportPlace::kHttp, "https://example.org/x/a.qcow2"},
                        {"http://example.org", ImportPlace::kHttp, "http://example.org/"},
                        {"http://example.org?a=b", ImportPlace::kHttp, "http://example.org/?a=b"},
                        {"http://example.org:80/", ImportPlace::kHttp, "http://example.org/"},
                        {"https://example.org:80/", ImportPlace::kHttp, "https://example.org:80/"},
                        {"http://[2001:db8::1]:8080/a", ImportPlace::kHttp, "http://[2001:db8::1]:8080/a"},
                        {"https://example.org/a#sha512=" + sha512, ImportPlace::kHttp, "https://example.org/a"},
                        {"catalogue:debian-12", ImportPlace::kCatalogue, "debian-12"}}) {
    INFO(row.text);
    const absl::StatusOr<ImportSource> source = ParseImportSource(row.text);
    INFO(source.status().ToString());
    REQUIRE(source.ok());
    CHECK(source->place == row.place);
    CHECK(source->location == row.location);
  }
  CHECK(ParseImportSource("/a#sha256=" + sha256)->expected.sha256 == sha256);
  CHECK(ParseImportSource("/a#sha512=" + sha512)->expected.sha512 == std::string(128, 'b'));
  CHECK(ParseImportSource("http://h/a#checksums=http://h/SHA256SUMS")->expected.checksums == "http://h/SHA256SUMS");
}

TEST_CASE("a list of checksums may be expected to be signed by a key of a keyring that is named", "[import]") {
  const std::string list = "http://h/a#checksums=http://h/SHA256SUMS", url = "&signature=http://h/SHA256SUMS.gpg";
  const absl::StatusOr<ImportSource> source = ParseImportSource(list + url + "&keyring=debian-role.gpg");
  REQUIRE(source.ok());
  CHECK(source->expected.signature == "http://h/SHA256SUMS.gpg");
  CHECK(source->expected.keyring == "debian-role.gpg");
  for (const std::string& bad :
       std::vector<std::string>{list + url, list + "&keyring=k", "http://h/a#signature=http://h/s&keyring=k",
                                list + url + "&keyring=", list + url + "&keyring=/etc/shadow",
                                list + url + "&keyring=../k", list + url + "&keyring=.hidden",
                                list + "&signature=/srv/s&keyring=k", list + "&signature=file:///srv/s&keyring=k"}) {
    INFO(bad);
    CHECK_FALSE(ParseImportSource(bad).ok());
  }
}

TEST_CASE("a source that is none, or that two programs would read differently, is refused", "[import]") {
  for (const std::string& text : {std::string(),
                                  std::string("relative"),
                                  std::string("file://host/a"),
                                  std::string("file:a"),
                                  std::string("ftp://example.org/a"),
                                  std::string("nbd://h"),
                                  std::string("json:{}"),
                                  std::string("http://"),
                                  std::string("http:///a"),
                                  std::string("http://user@example.org/"),
                                  std::string("http://a:b@example.org/"),
                                  std::string("http://example.org\\@evil/"),
                                  std::string("http://exa mple.org/"),
                                  std::string("http://h/a b"),
                                  std::string("http://h/\r\nHost: x"),
                                  std::string("http://h:0/"),
                                  std::string("http://h:65536/"),
                                  std::string("http://h:x/"),
                                  std::string("http://[::1"),
                                  std::string("http://[1.2.3.4]/"),
                                  std::string("http://-h/"),
                                  std::string("http://h/\xc3\xa4"),
                                  std::string("http://h/a#sha256=abc"),
                                  std::string("http://h/a#md5=00"),
                                  std::string("http://h/a#checksums=file:///etc/passwd"),
                                  std::string("catalogue:"),
                                  std::string("catalogue:../x"),
                                  std::string("catalogue:A"),
                                  std::string("/a\nb"),
                                  std::string("/a\0b", 4),
                                  absl::StrCat("/", std::string(5000, 'a')),
                                  absl::StrCat("http://h/", std::string(5000, 'a'))}) {
    INFO(text);
    CHECK(absl::IsInvalidArgument(ParseImportSource(text).status()));
  }
  CHECK(ParseImportSource("http://h/a#").ok());
}

}  // namespace brume
