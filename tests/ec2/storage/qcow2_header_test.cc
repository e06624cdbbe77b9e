// What a qcow2 file may claim about itself, byte by byte. Offsets are those of the format's description.
#include "lib/ec2/storage/qcow2/qcow2_header.h"

#include <catch2/catch.hpp>
#include <string>

namespace brume::storage {
namespace {

using Bytes = std::string;

// A sound image of 1 GiB, as our own writer makes it.
Bytes Sound() {
  const Qcow2Layout layout = EmptyQcow2(uint64_t{1} << 30, "");
  Bytes bytes(layout.file_size, '\0');
  for (const auto& piece : layout.pieces) bytes.replace(piece.offset, piece.bytes.size(), piece.bytes);
  return bytes;
}

void Put(Bytes& bytes, size_t offset, uint64_t value, int size) {
  for (int i = 0; i < size; ++i) bytes[offset + i] = static_cast<char>(value >> (8 * (size - 1 - i)));
}

absl::StatusOr<int64_t> Check(const Bytes& bytes) { return CheckStandaloneQcow2(bytes, bytes.size()); }

// Refused, with these words in the reason.
bool Refused(const Bytes& bytes, const std::string& words) {
  const absl::Status status = Check(bytes).status();
  INFO(status.ToString());
  CHECK(absl::IsInvalidArgument(status));
  CHECK(std::string(status.message()).find(words) != std::string::npos);
  return absl::IsInvalidArgument(status);
}

TEST_CASE("a sound qcow2 image gives its size", "[qcow2]") {
  const absl::StatusOr<int64_t> size = Check(Sound());
  REQUIRE(size.ok());
  REQUIRE(*size == int64_t{1} << 30);
}

TEST_CASE("a qcow2 image that refers to other files is refused", "[qcow2]") {
  Bytes bytes = Sound();
  SECTION("by a backing file") {
    Put(bytes, 8, 200, 8);
    Put(bytes, 16, 11, 4);
    bytes.replace(200, 11, "/etc/shadow");
    REQUIRE(Refused(bytes, "backing file"));
    CHECK(BackingFile(bytes) == "/etc/shadow");
  }
  SECTION("by a backing file's length without its place") {
    Put(bytes, 16, 11, 4);
    REQUIRE(Refused(bytes, "backing file"));
  }
  SECTION("by an external data file's feature") {
    Put(bytes, 72, 4, 8);
    REQUIRE(Refused(bytes, "another file"));
  }
  SECTION("by an external data file's name alone") {
    Put(bytes, 104, 0x44415441, 4);
    Put(bytes, 108, 11, 4);
    bytes.replace(112, 11, "/etc/shadow");
    REQUIRE(Refused(bytes, "data file"));
  }
}

TEST_CASE("a qcow2 image that is encrypted, dirty, damaged or of the future is refused", "[qcow2]") {
  Bytes bytes = Sound();
  SECTION("encrypted") {
    Put(bytes, 32, GENERATE(1, 2, 77), 4);
    REQUIRE(Refused(bytes, "encrypted"));
  }
  SECTION("encryption header") {
    Put(bytes, 104, 0x0537be77, 4);
    Put(bytes, 108, 16, 4);
    REQUIRE(Refused(bytes, "encrypted"));
  }
  SECTION("dirty") {
    Put(bytes, 72, 1, 8);
    REQUIRE(Refused(bytes, "closed properly"));
  }
  SECTION("corrupt") {
    Put(bytes, 72, 2, 8);
    REQUIRE(Refused(bytes, "damaged"));
  }
  SECTION("each unknown feature") {
    Put(bytes, 72, uint64_t{1} << GENERATE(range(5, 64)), 8);
    REQUIRE(Refused(bytes, "unknown"));
  }
  SECTION("version") {
    Put(bytes, 4, GENERATE(0, 1, 4, 0xffffffff), 4);
    REQUIRE(Refused(bytes, "version"));
  }
}

TEST_CASE("the known features that leave an image standing for itself are taken", "[qcow2]") {
  Bytes bytes = Sound();
  Put(bytes, 72, 8 | 16, 8);  // compression type, extended L2
  REQUIRE(Check(bytes).ok());
}

TEST_CASE("a qcow2 image of an absurd size is refused", "[qcow2]") {
  Bytes bytes = Sound();
  SECTION("nothing") {
    Put(bytes, 24, 0, 8);
    REQUIRE(Refused(bytes, "size of 0"));
  }
  SECTION("too much") {
    Put(bytes, 24, GENERATE((uint64_t{64} << 40) + 1, uint64_t{1} << 62, ~uint64_t{0}), 8);
    REQUIRE(Refused(bytes, "64 TiB"));
  }
  SECTION("the most") {
    Put(bytes, 24, uint64_t{64} << 40, 8);
    REQUIRE(Check(bytes).ok());
  }
  SECTION("clusters") {
    Put(bytes, 20, GENERATE(0, 8, 22, 64, 0xffffffff), 4);
    REQUIRE(Refused(bytes, "clusters"));
  }
  SECTION("L1 table") {
    Put(bytes, 36, 0xffffffff, 4);
    REQUIRE(Refused(bytes, "L1 table"));
  }
  SECTION("refcount table") {
    Put(bytes, 56, 0xffffffff, 4);
    REQUIRE(Refused(bytes, "refcount table"));
  }
}

TEST_CASE("a qcow2 image whose tables lie behind its end is refused", "[qcow2]") {
  Bytes bytes = Sound();
  SECTION("L1 offset") { Put(bytes, 40, uint64_t{1} << 40, 8); }
  SECTION("L1 offset that overflows") { Put(bytes, 40, ~uint64_t{0xffff}, 8); }
  SECTION("refcount offset") { Put(bytes, 48, uint64_t{1} << 40, 8); }
  REQUIRE(Refused(bytes, "cut off"));
}

TEST_CASE("a qcow2 header that does not end is refused", "[qcow2]") {
  Bytes bytes = Sound();
  SECTION("extensions up to the end of the cluster") {
    for (size_t offset = 104; offset + 8 <= 65536; offset += 8) Put(bytes, offset, uint64_t{0x12345678} << 32, 8);
  }
  SECTION("an extension longer than the file") {
    Put(bytes, 104, 0x12345678, 4);
    Put(bytes, 108, 0xfffffff0, 4);
  }
  REQUIRE(Refused(bytes, "does not end"));
}

TEST_CASE("no cut into the tables of a qcow2 image is taken or read past its end", "[qcow2]") {
  const Bytes bytes = Sound();
  constexpr size_t kEndOfTables = 3 * 65536 + 16;
  for (size_t length = 0; length < kEndOfTables; length += length < 300 ? 1 : 997) {
    const Bytes cut = bytes.substr(0, length);
    INFO(length);
    REQUIRE_FALSE(Check(cut).ok());
    BackingFile(cut);
  }
}

TEST_CASE("no single byte changed in the header makes the check misbehave", "[qcow2]") {
  const Bytes bytes = Sound();
  for (size_t offset = 0; offset < 128; ++offset) {
    for (const int value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
      Bytes changed = bytes;
      changed[offset] = static_cast<char>(value);
      const absl::StatusOr<int64_t> size = Check(changed);
      if (size.ok()) CHECK((*size > 0 && *size <= kMaxVirtualBytes));
    }
  }
}

TEST_CASE("an overlay names its backing file", "[qcow2]") {
  const Qcow2Layout layout = EmptyQcow2(1 << 20, "../../layers/ami-1/disk.qcow2");
  REQUIRE(BackingFile(layout.pieces.at(0).bytes) == "../../layers/ami-1/disk.qcow2");
  REQUIRE(BackingFile(EmptyQcow2(1 << 20, "").pieces.at(0).bytes).empty());
}

}  // namespace
}  // namespace brume::storage
