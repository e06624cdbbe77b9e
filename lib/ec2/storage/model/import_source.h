// Where an import reads from, as callers write it.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace brume {

enum class ImportPlace { kHostFile, kHttp, kCatalogue };

// What a file must be to be taken; each part may be empty.
struct ImportExpectation {
  std::string sha256, sha512;  // hex, lower case
  std::string checksums;       // URL of a list such as SHA256SUMS, which names the file
  std::string signature;       // URL of the list's detached signature
  std::string keyring;         // the keys that may have made it: an absolute path, or a file of storage.keyring_dir
};

struct ImportSource {
  ImportPlace place = ImportPlace::kHostFile;
  std::string location;  // an absolute path, an http or https URL without fragment, or a name of the catalogue
  ImportExpectation expected;
};

// "/PATH", "file:///PATH", "http(s)://HOST…" or "catalogue:NAME"; a fragment of '&'-joined sha256=, sha512=,
// checksums=, and with the last signature= and keyring=, the name of a file. Pure. InvalidArgument with what is wrong.
absl::StatusOr<ImportSource> ParseImportSource(absl::string_view text);

// An http or https URL in parts.
struct HttpUrl {
  bool tls = false;
  std::string host;    // a name, an IPv4 address, or an IPv6 address without brackets
  std::string port;    // digits
  std::string target;  // path and query: "/pool/disk.qcow2?x=1"
  std::string text() const;
};
// Takes no user names, control characters, spaces or backslashes: what two readers may read differently.
// InvalidArgument.
absl::StatusOr<HttpUrl> ParseHttpUrl(absl::string_view text);
// The last part of its path, for lists of checksums: "disk.qcow2".
std::string FileNameOf(const HttpUrl& url);

}  // namespace brume
