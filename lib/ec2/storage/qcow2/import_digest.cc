#include "lib/ec2/storage/qcow2/import_digest.h"

#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/qcow2/directory_files.h"

namespace brume::storage {
namespace {

constexpr size_t kSha256Digits = 64, kSha512Digits = 128;

std::optional<Digest> DigestOfLength(absl::string_view hex) {
  const bool digits = std::all_of(hex.begin(), hex.end(), [](char c) { return absl::ascii_isxdigit(c); });
  if (!digits) return std::nullopt;
  if (hex.size() == kSha256Digits) return Digest::kSha256;
  if (hex.size() == kSha512Digits) return Digest::kSha512;
  return std::nullopt;
}

struct Line {
  absl::string_view name, hex;
};

// Lines of other kinds (signatures around the list, other algorithms) have no name.
Line ParseLine(absl::string_view line) {
  line = absl::StripAsciiWhitespace(line);
  if (absl::string_view rest = line; absl::ConsumePrefix(&rest, "SHA256 (") || absl::ConsumePrefix(&rest, "SHA512 (")) {
    const size_t end = rest.rfind(") = ");
    if (end == absl::string_view::npos) return {};
    return {.name = rest.substr(0, end), .hex = rest.substr(end + 4)};
  }
  const size_t space = line.find(' ');
  if (space == absl::string_view::npos) return {};
  absl::string_view name = absl::StripLeadingAsciiWhitespace(line.substr(space));
  absl::ConsumePrefix(&name, "*");
  absl::ConsumePrefix(&name, "./");
  return {.name = name, .hex = line.substr(0, space)};
}

}  // namespace

absl::StatusOr<std::string> DigestOf(int file, Digest digest, const std::function<bool()>& goes_on) {
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  if (context == nullptr ||
      EVP_DigestInit_ex(context.get(), digest == Digest::kSha256 ? EVP_sha256() : EVP_sha512(), nullptr) != 1) {
    return absl::InternalError("OpenSSL has no such digest");
  }
  std::vector<char> buffer(1 << 20);
  for (off_t offset = 0;;) {
    const ssize_t count = pread(file, buffer.data(), buffer.size(), offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError(errno, "reading the file");
    if (count == 0) break;
    offset += count;
    EVP_DigestUpdate(context.get(), buffer.data(), static_cast<size_t>(count));
    if (!goes_on()) return absl::CancelledError("ended");
  }
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_DigestFinal_ex(context.get(), bytes, &size) != 1) return absl::InternalError("OpenSSL gives no digest");
  return absl::BytesToHexString({reinterpret_cast<const char*>(bytes), size});
}

absl::StatusOr<ListedDigest> FindDigest(absl::string_view list, absl::string_view name) {
  std::optional<ListedDigest> found;
  // A list of nothing but a digest is of the one file it lies beside.
  const absl::string_view alone = absl::StripAsciiWhitespace(list);
  if (const std::optional<Digest> digest = DigestOfLength(alone)) {
    return ListedDigest{*digest, absl::AsciiStrToLower(alone)};
  }
  for (const absl::string_view text : absl::StrSplit(list, '\n')) {
    const Line line = ParseLine(text);
    const std::optional<Digest> digest = DigestOfLength(line.hex);
    if (line.name.empty() || line.name != name || !digest.has_value()) continue;
    const std::string hex = absl::AsciiStrToLower(line.hex);
    if (found.has_value() && found->digest == *digest && found->hex != hex) {
      return absl::InvalidArgumentError(
          absl::StrCat("the list of checksums says two things of ", absl::CHexEscape(name)));
    }
    if (!found.has_value() || *digest == Digest::kSha512) found = ListedDigest{*digest, hex};
  }
  if (found.has_value()) return *found;
  return absl::InvalidArgumentError(
      absl::StrCat("the list of checksums has no SHA-256 or SHA-512 of ", absl::CHexEscape(name)));
}

}  // namespace brume::storage
