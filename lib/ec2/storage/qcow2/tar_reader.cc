#include "lib/ec2/storage/qcow2/tar_reader.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/qcow2/directory_files.h"

namespace brume::storage {
namespace {

constexpr uint64_t kBlock = 512;
// Of a long name or a pax header.
constexpr uint64_t kMaxExtension = 64 * 1024;

absl::Status NoTar(absl::string_view why) { return absl::InvalidArgumentError(absl::StrCat("the archive ", why)); }

absl::StatusOr<std::string> ReadAt(int file, uint64_t offset, uint64_t size) {
  std::string bytes(size, '\0');
  size_t have = 0;
  while (have < size) {
    const ssize_t count = pread(file, bytes.data() + have, size - have, static_cast<off_t>(offset + have));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError(errno, "reading the archive");
    if (count == 0) return NoTar("is cut off");
    have += static_cast<size_t>(count);
  }
  return bytes;
}

// A field of octal digits, or of GNU's 256-ary ones.
absl::StatusOr<uint64_t> Number(absl::string_view field) {
  uint64_t value = 0;
  if (!field.empty() && (static_cast<uint8_t>(field[0]) & 0x80) != 0) {
    for (size_t i = 0; i < field.size(); ++i) {
      const uint8_t byte = i == 0 ? static_cast<uint8_t>(field[0]) & 0x7f : static_cast<uint8_t>(field[i]);
      if (value >> 55 != 0) return NoTar("has a number out of bounds");
      value = value << 8 | byte;
    }
    return value;
  }
  for (const char c : field) {
    if (c == ' ' || c == '\0') continue;
    if (c < '0' || c > '7') return NoTar("has a header that is none");
    if (value >> 60 != 0) return NoTar("has a number out of bounds");
    value = value << 3 | static_cast<uint64_t>(c - '0');
  }
  return value;
}

absl::string_view Text(absl::string_view field) { return field.substr(0, std::min(field.find('\0'), field.size())); }

absl::Status CheckSum(absl::string_view header) {
  constexpr size_t kSum = 148, kSumBytes = 8;
  uint64_t sum = 0;
  for (size_t i = 0; i < kBlock; ++i) {
    sum += i >= kSum && i < kSum + kSumBytes ? ' ' : static_cast<uint8_t>(header[i]);
  }
  ASSIGN_OR_RETURN(const uint64_t stated, Number(header.substr(kSum, kSumBytes)));
  return sum == stated ? absl::OkStatus() : NoTar("has a header with a wrong sum");
}

// What an extension says of the next member; unset = nothing.
struct Override {
  std::string name, size;
};

// "LENGTH KEY=VALUE\n", where the length is the record's own.
absl::Status ReadPax(absl::string_view records, Override& next) {
  while (!records.empty()) {
    const size_t space = records.find(' ');
    uint64_t length = 0;
    if (space == absl::string_view::npos || !absl::SimpleAtoi(records.substr(0, space), &length) ||
        length > records.size() || length < space + 3 || records[length - 1] != '\n') {
      return NoTar("has a pax header that is none");
    }
    const absl::string_view record = records.substr(space + 1, length - space - 2);
    const size_t equals = record.find('=');
    if (equals == absl::string_view::npos) return NoTar("has a pax header that is none");
    if (record.substr(0, equals) == "path") next.name = std::string(record.substr(equals + 1));
    if (record.substr(0, equals) == "size") next.size = std::string(record.substr(equals + 1));
    records.remove_prefix(length);
  }
  return absl::OkStatus();
}

absl::StatusOr<TarMember> MemberOf(absl::string_view header, const Override& said, uint64_t offset) {
  TarMember member;
  const absl::string_view name = Text(header.substr(0, 100)), prefix = Text(header.substr(345, 155));
  const bool posix = header.substr(257, 6) == absl::string_view("ustar\0", 6);
  member.name = !said.name.empty()         ? said.name
                : posix && !prefix.empty() ? absl::StrCat(prefix, "/", name)
                                           : std::string(name);
  const char type = header[156];
  member.is_file = type == '0' || type == '\0' || type == '7';
  ASSIGN_OR_RETURN(member.size, Number(header.substr(124, 12)));
  if (!said.size.empty() && !absl::SimpleAtoi(said.size, &member.size)) return NoTar("has a pax size that is none");
  member.offset = offset + kBlock;
  return member;
}

}  // namespace

absl::StatusOr<std::vector<TarMember>> ReadTar(int file, uint64_t file_size) {
  std::vector<TarMember> members;
  Override next;
  uint64_t offset = 0;
  // An archive ends with a block of zeros, or where the file does.
  while (offset + kBlock <= file_size) {
    ASSIGN_OR_RETURN(const std::string header, ReadAt(file, offset, kBlock));
    if (std::all_of(header.begin(), header.end(), [](char c) { return c == '\0'; })) break;
    RETURN_IF_ERROR(CheckSum(header));
    ASSIGN_OR_RETURN(TarMember member, MemberOf(header, next, offset));
    if (member.offset > file_size || member.size > file_size - member.offset) {
      return NoTar("is cut off: a member of it is not all there");
    }
    const char type = header[156];
    const bool extension = type == 'x' || type == 'L' || type == 'g' || type == 'K';
    if (extension) {
      // Of its own header, whatever an earlier one said.
      ASSIGN_OR_RETURN(member, MemberOf(header, {}, offset));
      if (member.size > kMaxExtension) return NoTar("has a header that is too large");
      ASSIGN_OR_RETURN(const std::string content, ReadAt(file, member.offset, member.size));
      if (type == 'x') RETURN_IF_ERROR(ReadPax(content, next));
      if (type == 'L') next.name = std::string(Text(content));
    } else {
      members.push_back(member);
      next = {};
    }
    if (members.size() > kMaxTarMembers) return NoTar("holds too many files");
    // Neither overflows: the size is within the file.
    offset = member.offset + (member.size + kBlock - 1) / kBlock * kBlock;
  }
  if (members.empty()) return NoTar("is empty");
  return members;
}

}  // namespace brume::storage
