#include "lib/ec2/storage/qcow2/tar_writer.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/qcow2/directory_files.h"

namespace brume::storage {
namespace {

constexpr size_t kTarBlock = 512, kMaxTarName = 100;

// Into `header` at `offset`, ended by a zero byte.
void PutOctal(std::string& header, size_t offset, size_t digits, uint64_t value) {
  for (size_t i = digits; i-- > 0; value >>= 3) header[offset + i] = static_cast<char>('0' + (value & 7));
}

void PutSize(std::string& header, uint64_t size) {
  constexpr size_t kOffset = 124, kDigits = 11;
  if (size >> (3 * kDigits) == 0) return PutOctal(header, kOffset, kDigits, size);
  for (size_t i = kDigits; i > 0; --i, size >>= 8) header[kOffset + i] = static_cast<char>(size & 0xff);
  header[kOffset] = static_cast<char>(0x80);
}

}  // namespace

absl::Status TarWriter::AddHeader(const std::string& name, uint64_t size) {
  if (name.empty() || name.size() > kMaxTarName) return absl::InternalError(absl::StrCat("no name in a tar: ", name));
  std::string header(kTarBlock, '\0');
  name.copy(header.data(), kMaxTarName);
  PutOctal(header, 100, 7, 0600);
  PutOctal(header, 108, 7, 0);
  PutOctal(header, 116, 7, 0);
  PutSize(header, size);
  PutOctal(header, 136, 11, 0);
  header[156] = '0';
  std::string("ustar").copy(header.data() + 257, 5);
  header[263] = header[264] = '0';
  // The sum reckons with spaces in its own place.
  std::fill_n(header.begin() + 148, 8, ' ');
  uint64_t sum = 0;
  for (const char c : header) sum += static_cast<uint8_t>(c);
  PutOctal(header, 148, 6, sum);
  header[154] = '\0';
  RETURN_IF_ERROR(WriteAt(file_, offset_, header));
  offset_ += kTarBlock;
  return absl::OkStatus();
}

absl::Status TarWriter::Pad() {
  const uint64_t rest = offset_ % kTarBlock;
  if (rest == 0) return absl::OkStatus();
  RETURN_IF_ERROR(WriteAt(file_, offset_, std::string(kTarBlock - rest, '\0')));
  offset_ += kTarBlock - rest;
  return absl::OkStatus();
}

absl::Status TarWriter::Add(const std::string& name, absl::string_view content) {
  RETURN_IF_ERROR(AddHeader(name, content.size()));
  RETURN_IF_ERROR(WriteAt(file_, offset_, content));
  offset_ += content.size();
  return Pad();
}

absl::Status TarWriter::Add(const std::string& name, int file, uint64_t size,
                            const std::function<bool(uint64_t)>& goes_on) {
  RETURN_IF_ERROR(AddHeader(name, size));
  std::vector<char> buffer(size_t{1} << 20);
  for (uint64_t done = 0; done < size;) {
    if (!goes_on(offset_)) return absl::CancelledError("ended");
    const size_t want = std::min<uint64_t>(buffer.size(), size - done);
    const ssize_t count = pread(file, buffer.data(), want, static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError(errno, absl::StrCat("reading ", name));
    if (count == 0) return absl::DataLossError(absl::StrCat(name, " became shorter while it was read"));
    RETURN_IF_ERROR(WriteAt(file_, offset_, {buffer.data(), static_cast<size_t>(count)}));
    done += static_cast<uint64_t>(count);
    offset_ += static_cast<uint64_t>(count);
  }
  return Pad();
}

absl::Status TarWriter::Finish() {
  RETURN_IF_ERROR(WriteAt(file_, offset_, std::string(2 * kTarBlock, '\0')));
  offset_ += 2 * kTarBlock;
  return absl::OkStatus();
}

}  // namespace brume::storage
