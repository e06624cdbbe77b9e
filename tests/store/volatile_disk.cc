#include "tests/store/volatile_disk.h"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <new>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace brume::store {
namespace {

// Those that are there, by directory.
std::mutex disks_mutex;
std::map<std::string, VolatileDisk*>& Disks() {
  static auto* const disks = new std::map<std::string, VolatileDisk*>();
  return *disks;
}

VolatileDisk* DiskOf(absl::string_view path) {
  const std::lock_guard lock(disks_mutex);
  const auto found = Disks().find(std::string(path.substr(0, path.rfind('/'))));
  return found == Disks().end() ? nullptr : found->second;
}

}  // namespace

// SQLite's handle of a file. Its first member is what SQLite sees of it.
struct VolatileFile {
  sqlite3_file base;
  VolatileDisk* disk;
  std::shared_ptr<VolatileDisk::Node> node;
  int level;  // of its lock
  bool has_shared_memory;

  static VolatileFile& Of(sqlite3_file* file) { return *reinterpret_cast<VolatileFile*>(file); }

  static int Close(sqlite3_file* file) {
    VolatileFile& self = Of(file);
    {
      const std::lock_guard lock(self.disk->mutex_);
      std::erase(self.node->open, &self);
    }
    self.~VolatileFile();
    return SQLITE_OK;
  }
  static int Read(sqlite3_file* file, void* to, int size, sqlite3_int64 offset) {
    VolatileFile& self = Of(file);
    const std::lock_guard lock(self.disk->mutex_);
    const std::string& content = self.node->bytes.content;
    const auto from = std::min<size_t>(static_cast<size_t>(offset), content.size());
    const size_t have = std::min<size_t>(static_cast<size_t>(size), content.size() - from);
    memcpy(to, content.data() + from, have);
    if (have == static_cast<size_t>(size)) return SQLITE_OK;
    memset(static_cast<char*>(to) + have, 0, static_cast<size_t>(size) - have);
    return SQLITE_IOERR_SHORT_READ;
  }
  int Change(UnsyncedBytes::Change change) {
    if (!disk->Changes()) return SQLITE_IOERR_WRITE;
    const std::lock_guard lock(disk->mutex_);
    node->bytes.Add(std::move(change));
    return SQLITE_OK;
  }
  static int Write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
    return Of(file).Change(
        {static_cast<uint64_t>(offset), {static_cast<const char*>(from), static_cast<size_t>(size)}, false});
  }
  static int Truncate(sqlite3_file* file, sqlite3_int64 size) {
    return Of(file).Change({static_cast<uint64_t>(size), "", true});
  }
  static int Sync(sqlite3_file* file, int) {
    VolatileFile& self = Of(file);
    if (!self.disk->Changes()) return SQLITE_IOERR_FSYNC;
    if (self.disk->ignores_syncs_) return SQLITE_OK;
    const std::lock_guard lock(self.disk->mutex_);
    self.node->bytes.Sync(self.node->bytes.content);
    if (std::exchange(self.node->syncs_directory, false)) self.disk->SyncDirectory();
    return SQLITE_OK;
  }
  static int Size(sqlite3_file* file, sqlite3_int64* size) {
    VolatileFile& self = Of(file);
    const std::lock_guard lock(self.disk->mutex_);
    *size = static_cast<sqlite3_int64>(self.node->bytes.content.size());
    return SQLITE_OK;
  }
  // The highest lock of all other handles.
  int LevelOfOthers() const {
    int highest = SQLITE_LOCK_NONE;
    for (const VolatileFile* other : node->open) {
      if (other != this) highest = std::max(highest, other->level);
    }
    return highest;
  }
  static int Lock(sqlite3_file* file, int wanted) {
    VolatileFile& self = Of(file);
    const std::lock_guard lock(self.disk->mutex_);
    if (self.level >= wanted) return SQLITE_OK;
    const int others = self.LevelOfOthers();
    const bool free = wanted == SQLITE_LOCK_SHARED     ? others < SQLITE_LOCK_PENDING
                      : wanted == SQLITE_LOCK_RESERVED ? others < SQLITE_LOCK_RESERVED
                                                       : others == SQLITE_LOCK_NONE;
    if (!free) return SQLITE_BUSY;
    self.level = wanted;
    return SQLITE_OK;
  }
  static int Unlock(sqlite3_file* file, int wanted) {
    VolatileFile& self = Of(file);
    const std::lock_guard lock(self.disk->mutex_);
    self.level = std::min(self.level, wanted);
    return SQLITE_OK;
  }
  static int CheckReserved(sqlite3_file* file, int* reserved) {
    VolatileFile& self = Of(file);
    const std::lock_guard lock(self.disk->mutex_);
    *reserved = std::max(self.LevelOfOthers(), self.level) >= SQLITE_LOCK_RESERVED ? 1 : 0;
    return SQLITE_OK;
  }
  static int Control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
  static int SectorSize(sqlite3_file*) { return 4096; }
  // What SQLite's VFS for Unix says by default.
  static int Characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

  static int MapSharedMemory(sqlite3_file* file, int region, int size, int extend, void volatile** mapped) {
    VolatileFile& self = Of(file);
    const std::lock_guard lock(self.disk->mutex_);
    self.has_shared_memory = true;
    auto& regions = self.node->shared_memory;
    *mapped = nullptr;
    while (regions.size() <= static_cast<size_t>(region)) {
      if (extend == 0) return SQLITE_OK;
      regions.push_back(std::make_unique<char[]>(static_cast<size_t>(size)));
    }
    *mapped = regions[static_cast<size_t>(region)].get();
    return SQLITE_OK;
  }
  static int LockSharedMemory(sqlite3_file* file, int first, int count, int flags) {
    VolatileFile& self = Of(file);
    const std::lock_guard lock(self.disk->mutex_);
    auto& locks = self.node->shared_memory_locks;
    const bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
    for (int i = first; i < first + count; ++i) {
      auto& [owner, sharers] = locks[i];
      if ((flags & SQLITE_SHM_UNLOCK) != 0) {
        exclusive ? void(owner = nullptr) : void(--sharers);
      } else if (owner != nullptr || (exclusive && sharers > 0)) {
        for (int taken = first; taken < i; ++taken) {
          exclusive ? void(locks[taken].first = nullptr) : void(--locks[taken].second);
        }
        return SQLITE_BUSY;
      } else {
        exclusive ? void(owner = &self) : void(++sharers);
      }
    }
    return SQLITE_OK;
  }
  static void Barrier(sqlite3_file*) { std::atomic_thread_fence(std::memory_order_seq_cst); }
  static int UnmapSharedMemory(sqlite3_file* file, int) {
    VolatileFile& self = Of(file);
    const std::lock_guard lock(self.disk->mutex_);
    self.has_shared_memory = false;
    const auto& open = self.node->open;
    if (std::any_of(open.begin(), open.end(), [](const VolatileFile* each) { return each->has_shared_memory; })) {
      return SQLITE_OK;
    }
    self.node->shared_memory.clear();
    self.node->shared_memory_locks.clear();
    return SQLITE_OK;
  }
};

namespace {

constexpr sqlite3_io_methods kMethods = {
    .iVersion = 2,
    .xClose = VolatileFile::Close,
    .xRead = VolatileFile::Read,
    .xWrite = VolatileFile::Write,
    .xTruncate = VolatileFile::Truncate,
    .xSync = VolatileFile::Sync,
    .xFileSize = VolatileFile::Size,
    .xLock = VolatileFile::Lock,
    .xUnlock = VolatileFile::Unlock,
    .xCheckReservedLock = VolatileFile::CheckReserved,
    .xFileControl = VolatileFile::Control,
    .xSectorSize = VolatileFile::SectorSize,
    .xDeviceCharacteristics = VolatileFile::Characteristics,
    .xShmMap = VolatileFile::MapSharedMemory,
    .xShmLock = VolatileFile::LockSharedMemory,
    .xShmBarrier = VolatileFile::Barrier,
    .xShmUnmap = VolatileFile::UnmapSharedMemory,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

}  // namespace

// The VFS; what is below no VolatileDisk's directory goes to the one that was SQLite's default.
struct VolatileVfs {
  static sqlite3_vfs* Host(sqlite3_vfs* vfs) { return static_cast<sqlite3_vfs*>(vfs->pAppData); }

  static int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* opened) {
    VolatileDisk* const disk = name == nullptr ? nullptr : DiskOf(name);
    if (disk == nullptr) return Host(vfs)->xOpen(Host(vfs), name, file, flags, opened);
    file->pMethods = nullptr;
    std::unique_lock lock(disk->mutex_);
    auto found = disk->names_.find(name);
    if (found == disk->names_.end()) {
      const bool is_database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
      if ((flags & SQLITE_OPEN_CREATE) == 0 && !is_database) return SQLITE_CANTOPEN;
      if (!is_database) {
        lock.unlock();
        if (!disk->Changes()) return SQLITE_CANTOPEN;
        lock.lock();
      }
      auto node = std::make_shared<VolatileDisk::Node>();
      found = disk->names_.emplace(name, node).first;
      if (is_database) {
        disk->durable_names_.emplace(name, node);  // the store makes the file itself, and syncs its directory
      } else {
        node->syncs_directory = true;
        disk->unsynced_names_[name].push_back(node);
      }
    }
    auto* const made = new (file) VolatileFile{{&kMethods}, disk, found->second, SQLITE_LOCK_NONE, false};
    found->second->open.push_back(made);
    if (opened != nullptr) *opened = flags;
    return SQLITE_OK;
  }
  static int Delete(sqlite3_vfs* vfs, const char* name, int sync_directory) {
    VolatileDisk* const disk = DiskOf(name);
    if (disk == nullptr) return Host(vfs)->xDelete(Host(vfs), name, sync_directory);
    if (!disk->Changes()) return SQLITE_IOERR_DELETE;
    const std::lock_guard lock(disk->mutex_);
    if (disk->names_.erase(name) == 0) return SQLITE_IOERR_DELETE_NOENT;
    disk->unsynced_names_[name].push_back(nullptr);
    if (sync_directory != 0 && !disk->ignores_syncs_) disk->SyncDirectory();
    return SQLITE_OK;
  }
  static int Access(sqlite3_vfs* vfs, const char* name, int flags, int* result) {
    VolatileDisk* const disk = DiskOf(name);
    if (disk == nullptr) return Host(vfs)->xAccess(Host(vfs), name, flags, result);
    const std::lock_guard lock(disk->mutex_);
    const auto found = disk->names_.find(name);
    *result =
        found != disk->names_.end() && (flags != SQLITE_ACCESS_EXISTS || !found->second->bytes.content.empty()) ? 1 : 0;
    return SQLITE_OK;
  }
  static int FullPath(sqlite3_vfs* vfs, const char* name, int size, char* path) {
    if (DiskOf(name) == nullptr) return Host(vfs)->xFullPathname(Host(vfs), name, size, path);
    sqlite3_snprintf(size, path, "%s", name);
    return SQLITE_OK;
  }

  static void EnsureRegistered() {
    static sqlite3_vfs* const registered = [] {
      sqlite3_vfs* const host = sqlite3_vfs_find(nullptr);
      auto* const vfs = new sqlite3_vfs(*host);
      vfs->zName = "volatile";
      vfs->pNext = nullptr;
      vfs->pAppData = host;
      vfs->szOsFile = std::max<int>(host->szOsFile, sizeof(VolatileFile));
      vfs->xOpen = Open;
      vfs->xDelete = Delete;
      vfs->xAccess = Access;
      vfs->xFullPathname = FullPath;
      sqlite3_vfs_register(vfs, 1);
      return vfs;
    }();
    static_cast<void>(registered);
  }
};

VolatileDisk::VolatileDisk(std::string directory, const Image& image) : directory_(std::move(directory)) {
  VolatileVfs::EnsureRegistered();
  for (const auto& [name, content] : image) {
    auto node = std::make_shared<Node>();
    node->bytes.Sync(content);
    durable_names_.emplace(name, node);
    names_.emplace(name, std::move(node));
  }
  const std::lock_guard lock(disks_mutex);
  Disks()[directory_] = this;
}

VolatileDisk::~VolatileDisk() {
  const std::lock_guard lock(disks_mutex);
  Disks().erase(directory_);
}

void VolatileDisk::SyncDirectory() {
  durable_names_ = names_;
  unsynced_names_.clear();
}

VolatileDisk::Image VolatileDisk::Cut(Random& random, size_t sector_bytes) {
  const std::lock_guard lock(mutex_);
  Names names = durable_names_;
  for (const auto& [name, versions] : unsynced_names_) {
    const size_t pick = random.Below(versions.size() + 1);
    if (pick > 0) names[name] = versions[pick - 1];
  }
  Image image;
  for (const auto& [name, node] : names) {
    if (node != nullptr) image.emplace(name, node->bytes.SurvivorOf(random, sector_bytes));
  }
  return image;
}

VolatileDisk::Image VolatileDisk::Now() {
  const std::lock_guard lock(mutex_);
  Image image;
  for (const auto& [name, node] : names_) image.emplace(name, node->bytes.content);
  return image;
}

}  // namespace brume::store
