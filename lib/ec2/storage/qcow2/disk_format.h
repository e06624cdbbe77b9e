// What a file is, by its content.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace brume::storage {

// DiskFormat reads no more: the name of a CD's file system comes this far behind a file's beginning.
inline constexpr size_t kMaxFormatBytes = 33 * 1024;

// "qcow2", "raw", or the name of a format we do not take: a virtual disk of another kind ("vmdk"), an archive ("tar",
// an OVA's form), compressed data ("gzip"), or a CD that has no boot sector for disks ("iso9660"). `first_bytes`: the
// file's start, kMaxFormatBytes or all of it. What is nothing else is raw: partitions, file systems, zeros.
std::string DiskFormat(absl::string_view first_bytes);

}  // namespace brume::storage
