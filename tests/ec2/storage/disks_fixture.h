// A state directory with real disks in it, and real tools to look at them.
#pragma once

#include <sys/stat.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "lib/base/subprocess.h"
#include "lib/ec2/storage/disks.h"
#include "lib/ec2/storage/qcow2/qcow2_disks.h"
#include "tests/support/temp_dir.h"

namespace brume::storage {

inline const ImageId kImage = *ImageId::Parse("ami-0123456789abcdef0");
inline const VolumeId kVolume = *VolumeId::Parse("vol-0123456789abcdef0");
inline const InstanceId kInstance = *InstanceId::Parse("i-0123456789abcdef0");

inline void Run(const std::vector<std::string>& argv) { REQUIRE_OK(RunChecked(argv).status()); }
inline std::string Content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}
inline void PutBytes(const std::string& path, size_t offset, const std::string& bytes) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(offset));
  file << bytes;
  REQUIRE(file.good());
}
// A qcow2 image of `size` with 64 KiB of 0xab at 1 MiB.
inline void MakeQcow2(const std::string& path, const std::string& size = "64M") {
  Run({"qemu-img", "create", "-q", "-f", "qcow2", path, size});
  Run({"qemu-io", "-f", "qcow2", "-c", "write -q -P 0xab 1M 64k", path});
}
// Whether `length` bytes from `offset` are all `byte`, read as a guest would.
inline bool Reads(const std::string& path, const std::string& byte, const std::string& offset_and_length) {
  const CommandResult result =
      Value(RunCommand({"qemu-io", "-r", "-f", "qcow2", "-c", "read -q -P " + byte + " " + offset_and_length, path}));
  // qemu-io exits with 0 also when the pattern is another.
  return result.exit_code == 0 && result.standard_output.empty() && result.standard_error.empty();
}
inline struct stat StatOf(const std::string& path) {
  struct stat info = {};
  INFO(path);
  REQUIRE(lstat(path.c_str(), &info) == 0);
  return info;
}
inline std::vector<std::string> Names(const std::string& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

struct State {
  TempDir dir;
  std::unique_ptr<Disks> disks = Open();

  std::unique_ptr<Disks> Open(uid_t uid = 0, gid_t gid = 0) {
    return Value(OpenQcow2Disks({.state_dir = dir.path(), .import_dirs = {}, .qemu_uid = uid, .qemu_gid = gid}));
  }
  std::string operator/(const std::string& name) const { return dir / name; }
  std::string InImport(const std::string& name) const { return dir / ("import/" + name); }
};

inline Image RowOf(const ImportedImage& imported) {
  Image image;
  image.id = kImage;
  image.disk_file = imported.disk_file;
  image.virtual_size_bytes = imported.virtual_size_bytes;
  return image;
}
inline Volume MakeVolume(int64_t size_gib) {
  Volume volume;
  volume.id = kVolume;
  volume.layer_id = kImage.text();
  volume.size_gib = size_gib;
  volume.created = absl::FromUnixSeconds(1767225600);
  return volume;
}

}  // namespace brume::storage
