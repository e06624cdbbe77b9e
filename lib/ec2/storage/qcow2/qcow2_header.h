// The qcow2 format as far as we need it ourselves: to refuse a hostile image before any tool opens it, and to write an
// empty overlay without starting one. Pure.
// Format: https://gitlab.com/qemu-project/qemu/-/blob/master/docs/interop/qcow2.txt
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/ec2/storage/model/storage.h"

namespace brume::storage {

// QEMU reads no more for header and extensions (the largest cluster).
inline constexpr size_t kMaxHeaderBytes = 2 << 20;
inline constexpr int64_t kMaxVirtualBytes = kMaxVolumeGib << 30;

// The virtual size of a qcow2 image that stands for itself. `first_bytes`: the file's start, kMaxHeaderBytes or all of
// it. InvalidArgument for what refers to other files (backing file, external data file), is encrypted, dirty, damaged
// or cut off, larger than kMaxVirtualBytes, or uses features unknown here.
absl::StatusOr<int64_t> CheckStandaloneQcow2(absl::string_view first_bytes, uint64_t file_size);

// The virtual size that a qcow2 header gives, of one of our own; DataLoss when it is not one.
absl::StatusOr<int64_t> VirtualSize(absl::string_view first_bytes);

// The name of the backing file that a qcow2 header gives; empty when it gives none or is not whole.
std::string BackingFile(absl::string_view first_bytes);

// The name of the backing file (empty = none) of a qcow2 file that is said to be one of our own, and comes from
// somewhere else. DataLoss when it is none, keeps data in another file, or names what lies under it in a way that ours
// do not. `first_bytes`: the file's start, kMaxHeaderBytes or all of it.
absl::StatusOr<std::string> CheckOwnQcow2(absl::string_view first_bytes);

// Whether a qcow2 header says that the data is encrypted.
bool IsEncrypted(absl::string_view first_bytes);

// An empty qcow2 file: bytes to write at offsets of a file of zeros.
struct Qcow2Layout {
  struct Piece {
    uint64_t offset;
    std::string bytes;
  };
  std::vector<Piece> pieces;
  uint64_t file_size = 0;
};

// An image without data of `virtual_size` (a multiple of 512, at most kMaxVirtualBytes) over the qcow2 file
// `backing_file` (at most 1,023 bytes; empty = over nothing).
Qcow2Layout EmptyQcow2(uint64_t virtual_size, const std::string& backing_file);

}  // namespace brume::storage
