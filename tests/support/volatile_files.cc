#include "tests/support/volatile_files.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"

namespace brume {
namespace {

VolatileFiles* current_files = nullptr;

std::string Whole(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

uint64_t InodeOf(int directory, const std::string& name) {
  struct stat info = {};
  return fstatat(directory, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 ? info.st_ino : 0;
}

// The directory of a path, open, and the name in it.
class Parent {
 public:
  explicit Parent(const std::string& path) {
    const std::filesystem::path whole(path);
    name_ = whole.filename();
    fd_ = ::open(whole.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  }
  ~Parent() { close(fd_); }
  Parent(const Parent&) = delete;
  Parent& operator=(const Parent&) = delete;
  int fd() const { return fd_; }
  const std::string& name() const { return name_; }

 private:
  int fd_ = -1;
  std::string name_;
};

}  // namespace

VolatileFiles::VolatileFiles(std::string root) {
  root_ = Adopt(root);
  current_files = this;
}

VolatileFiles::~VolatileFiles() { current_files = nullptr; }

VolatileFiles* VolatileFiles::Current() {
  return current_files != nullptr && !current_files->in_call_ ? current_files : nullptr;
}

std::shared_ptr<VolatileFiles::Node> VolatileFiles::Adopt(const std::string& path) {
  struct stat info = {};
  REQUIRE(lstat(path.c_str(), &info) == 0);
  std::shared_ptr<Node>& node = by_inode_[info.st_ino];
  if (node != nullptr) return node;
  node = std::make_shared<Node>();
  const std::shared_ptr<Node> made = node;
  made->is_directory = S_ISDIR(info.st_mode);
  if (!made->is_directory) {
    made->bytes.Sync(Whole(path));
    return made;
  }
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    made->names[entry.path().filename()] = Adopt(entry.path());
  }
  made->durable_names = made->names;
  return made;
}

bool VolatileFiles::Begin(bool is_sync) {
  if (before_change_) {
    in_call_ = true;  // for ever, when the call throws: the test is over
    before_change_();
    in_call_ = false;
  }
  return !is_sync || fails_in_ == 0 || --fails_in_ > 0;
}

VolatileFiles::Node* VolatileFiles::NodeOf(int file) {
  struct stat info = {};
  if (fstat(file, &info) != 0) return nullptr;
  const auto found = by_inode_.find(info.st_ino);
  return found == by_inode_.end() ? nullptr : found->second.get();
}

void VolatileFiles::Put(int directory, const std::string& name, const std::shared_ptr<Node>& node) {
  Node* const parent = NodeOf(directory);
  if (parent == nullptr) return;
  if (node == nullptr) {
    parent->names.erase(name);
  } else {
    parent->names[name] = node;
  }
  parent->unsynced_names[name].push_back(node);
}

void VolatileFiles::Made(int directory, const std::string& name, bool is_directory) {
  if (NodeOf(directory) == nullptr) return;
  auto node = std::make_shared<Node>();
  node->is_directory = is_directory;
  by_inode_[InodeOf(directory, name)] = node;
  Put(directory, name, node);
}

void VolatileFiles::Gone(int directory, const std::string& name) { Put(directory, name, nullptr); }

void VolatileFiles::Named(int directory, const std::string& name, int from_directory, const std::string& from,
                          bool moved) {
  const auto found = by_inode_.find(InodeOf(directory, name));
  if (found == by_inode_.end()) return;
  Put(directory, name, found->second);
  if (moved) Put(from_directory, from, nullptr);
}

void VolatileFiles::Wrote(int file, uint64_t offset, std::string bytes) {
  if (Node* const node = NodeOf(file)) node->bytes.Add({offset, std::move(bytes), false});
}

void VolatileFiles::Truncated(int file, uint64_t size) {
  if (Node* const node = NodeOf(file)) node->bytes.Add({size, "", true});
}

void VolatileFiles::Synced(int file) {
  Node* const node = NodeOf(file);
  if (node == nullptr) return;
  if (node->is_directory) {
    node->durable_names = node->names;
    node->unsynced_names.clear();
  } else {
    node->bytes.Sync(Whole(absl::StrCat("/proc/self/fd/", file)));
  }
}

void VolatileFiles::Write(const Node& node, Random& random, size_t sector_bytes, const std::string& to,
                          std::map<const Node*, std::string>& written) {
  const auto [known, is_new] = written.emplace(&node, to);
  if (!is_new && !node.is_directory) {
    std::filesystem::create_hard_link(known->second, to);
    return;
  }
  if (!node.is_directory) {
    std::ofstream(to, std::ios::binary) << node.bytes.SurvivorOf(random, sector_bytes);
    std::filesystem::permissions(to, std::filesystem::perms(0600));
    return;
  }
  if (!is_new) return;  // a directory that was renamed is kept under one of its names
  std::filesystem::create_directory(to);
  auto names = node.durable_names;
  for (const auto& [name, versions] : node.unsynced_names) {
    const size_t pick = random.Below(versions.size() + 1);
    if (pick > 0) names[name] = versions[pick - 1];
  }
  for (const auto& [name, child] : names) {
    if (child != nullptr) Write(*child, random, sector_bytes, absl::StrCat(to, "/", name), written);
  }
}

void VolatileFiles::Cut(Random& random, size_t sector_bytes, const std::string& to) {
  std::map<const Node*, std::string> written;
  const bool was_in_call = std::exchange(in_call_, true);
  Write(*root_, random, sector_bytes, to, written);
  in_call_ = was_in_call;
}

}  // namespace brume

using brume::Parent;
using brume::VolatileFiles;

// In the place of the C library's, by the linker's --wrap.
extern "C" {

int __real_open(const char* path, int flags, ...);
int __real_openat(int directory, const char* path, int flags, ...);
int __real_mkdirat(int directory, const char* path, mode_t mode);
int __real_unlink(const char* path);
int __real_unlinkat(int directory, const char* path, int flags);
int __real_rename(const char* from, const char* to);
int __real_renameat(int from_directory, const char* from, int directory, const char* to);
int __real_renameat2(int from_directory, const char* from, int directory, const char* to, unsigned flags);
int __real_linkat(int from_directory, const char* from, int directory, const char* to, int flags);
ssize_t __real_write(int file, const void* from, size_t size);
ssize_t __real_pwrite(int file, const void* from, size_t size, off_t offset);
int __real_ftruncate(int file, off_t size);
int __real_fsync(int file);

int __wrap_openat(int directory, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  VolatileFiles* const files = VolatileFiles::Current();
  if (files == nullptr || (flags & O_CREAT) == 0) return __real_openat(directory, path, flags, mode);
  const bool was_there = faccessat(directory, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
  if (!was_there) files->Begin(false);
  const int made = __real_openat(directory, path, flags, mode);
  if (made >= 0 && !was_there) files->Made(directory, path, false);
  return made;
}

int __wrap_open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  if (VolatileFiles::Current() == nullptr || (flags & O_CREAT) == 0) return __real_open(path, flags, mode);
  const Parent parent(path);
  return __wrap_openat(parent.fd(), parent.name().c_str(), flags, mode);
}

int __wrap_mkdirat(int directory, const char* path, mode_t mode) {
  VolatileFiles* const files = VolatileFiles::Current();
  if (files != nullptr) files->Begin(false);
  const int result = __real_mkdirat(directory, path, mode);
  if (result == 0 && files != nullptr) files->Made(directory, path, true);
  return result;
}

int __wrap_unlinkat(int directory, const char* path, int flags) {
  VolatileFiles* const files = VolatileFiles::Current();
  if (files != nullptr) files->Begin(false);
  const int result = __real_unlinkat(directory, path, flags);
  if (result == 0 && files != nullptr) files->Gone(directory, path);
  return result;
}

int __wrap_unlink(const char* path) {
  if (VolatileFiles::Current() == nullptr) return __real_unlink(path);
  const Parent parent(path);
  return __wrap_unlinkat(parent.fd(), parent.name().c_str(), 0);
}

int __wrap_renameat2(int from_directory, const char* from, int directory, const char* to, unsigned flags) {
  VolatileFiles* const files = VolatileFiles::Current();
  if (files != nullptr) files->Begin(false);
  const int result = __real_renameat2(from_directory, from, directory, to, flags);
  if (result == 0 && files != nullptr) files->Named(directory, to, from_directory, from, true);
  return result;
}

int __wrap_renameat(int from_directory, const char* from, int directory, const char* to) {
  return __wrap_renameat2(from_directory, from, directory, to, 0);
}

int __wrap_rename(const char* from, const char* to) {
  if (VolatileFiles::Current() == nullptr) return __real_rename(from, to);
  const Parent source(from), target(to);
  return __wrap_renameat2(source.fd(), source.name().c_str(), target.fd(), target.name().c_str(), 0);
}

int __wrap_linkat(int from_directory, const char* from, int directory, const char* to, int flags) {
  VolatileFiles* const files = VolatileFiles::Current();
  if (files != nullptr) files->Begin(false);
  const int result = __real_linkat(from_directory, from, directory, to, flags);
  if (result == 0 && files != nullptr) files->Named(directory, to, from_directory, from, false);
  return result;
}

ssize_t __wrap_pwrite(int file, const void* from, size_t size, off_t offset) {
  VolatileFiles* const files = VolatileFiles::Current();
  if (files != nullptr) files->Begin(false);
  const ssize_t written = __real_pwrite(file, from, size, offset);
  if (written > 0 && files != nullptr) {
    files->Wrote(file, static_cast<uint64_t>(offset), {static_cast<const char*>(from), static_cast<size_t>(written)});
  }
  return written;
}

ssize_t __wrap_write(int file, const void* from, size_t size) {
  VolatileFiles* const files = VolatileFiles::Current();
  const off_t at = files == nullptr ? -1 : lseek(file, 0, SEEK_CUR);
  if (at < 0) return __real_write(file, from, size);  // a pipe has no place
  files->Begin(false);
  const ssize_t written = __real_write(file, from, size);
  if (written > 0) {
    files->Wrote(file, static_cast<uint64_t>(at), {static_cast<const char*>(from), static_cast<size_t>(written)});
  }
  return written;
}

int __wrap_ftruncate(int file, off_t size) {
  VolatileFiles* const files = VolatileFiles::Current();
  if (files != nullptr) files->Begin(false);
  const int result = __real_ftruncate(file, size);
  if (result == 0 && files != nullptr) files->Truncated(file, static_cast<uint64_t>(size));
  return result;
}

int __wrap_fsync(int file) {
  VolatileFiles* const files = VolatileFiles::Current();
  if (files != nullptr && !files->Begin(true)) {
    errno = EIO;
    return -1;
  }
  const int result = __real_fsync(file);
  if (result == 0 && files != nullptr) files->Synced(file);
  return result;
}

}  // extern "C"
