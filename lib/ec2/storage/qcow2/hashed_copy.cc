#include "lib/ec2/storage/qcow2/hashed_copy.h"

#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

#include "absl/strings/escaping.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/qcow2/directory_files.h"

namespace brume::storage {
namespace {

constexpr int64_t kPieceBytes = 1 << 20;

class Hash {
 public:
  Hash() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) { EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr); }
  void Add(const char* bytes, size_t size) { EVP_DigestUpdate(context_.get(), bytes, size); }
  std::string Finish() {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_DigestFinal_ex(context_.get(), digest, &size);
    return absl::BytesToHexString({reinterpret_cast<const char*>(digest), size});
  }

 private:
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

// Where data begins at or after `offset`; `end` when there is none.
int64_t NextData(int file, int64_t offset, int64_t end) {
  const off_t data = lseek(file, offset, SEEK_DATA);
  if (data >= 0) return std::min<int64_t>(data, end);
  return errno == ENXIO ? end : offset;  // a file system without holes: all is data
}

// Reads what of the buffer there is; DataLoss at the file's end.
absl::Status ReadPiece(int file, int64_t offset, char* bytes, int64_t size) {
  while (size > 0) {
    const ssize_t count = pread(file, bytes, size, offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError(errno, "reading");
    if (count == 0) return absl::DataLossError("the file is shorter than it was");
    bytes += count;
    offset += count;
    size -= count;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> CopyHashed(int from, int to, int64_t size, const OnBytes& on_bytes) {
  if (to >= 0 && ftruncate(to, size) != 0) return FileError(errno, "making room");
  Hash hash;
  std::vector<char> buffer(kPieceBytes), zeros(kPieceBytes, '\0');
  int64_t offset = 0, data = 0;
  while (offset < size) {
    if (data <= offset) data = NextData(from, offset, size);
    const bool hole = data > offset;
    const int64_t piece = std::min(kPieceBytes, (hole ? data : size) - offset);
    if (hole) {
      hash.Add(zeros.data(), piece);
    } else {
      RETURN_IF_ERROR(ReadPiece(from, offset, buffer.data(), piece));
      hash.Add(buffer.data(), piece);
      if (to >= 0) RETURN_IF_ERROR(WriteAt(to, offset, {buffer.data(), static_cast<size_t>(piece)}));
    }
    offset += piece;
    RETURN_IF_ERROR(on_bytes(piece));
  }
  return hash.Finish();
}

}  // namespace brume::storage
