// The real store on a disk that loses its power at any moment: what was acknowledged is there, and nothing is partial.
// BRUME_POWER_CUTS says how many cuts are made, BRUME_POWER_SEED repeats the run of one seed.
#include <stdlib.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "lib/base/seeded_random.h"
#include "tests/store/store_fixture.h"
#include "tests/store/volatile_disk.h"

namespace brume::store {
namespace {

using Rows = std::map<std::string, std::string>;

uint64_t Setting(const char* name, uint64_t otherwise) {
  const char* set = getenv(name);
  if (set != nullptr) REQUIRE(absl::SimpleAtoi(set, &otherwise));
  return otherwise;
}

// What one client writes, one transaction after the other: some rows more, one changed, those of an older one gone.
class Client {
 public:
  Client(uint64_t seed, int number) : seed_(seed), prefix_(absl::StrCat("client ", number, " ")) {}

  std::string NameOf(uint64_t n, uint64_t part) const { return absl::StrCat(prefix_, "row ", n, ".", part); }
  std::string Last() const { return prefix_ + "last"; }
  uint64_t PartsOf(uint64_t n) const { return 1 + Mixed(n, 0) % 4; }
  std::string ContentOf(uint64_t n, uint64_t part) const {
    const uint64_t mixed = Mixed(n, part + 1);
    const size_t size = mixed % 8 == 0 ? 4000 + mixed % 12000 : 10 + mixed % 500;
    std::string content;
    while (content.size() < size) content += absl::StrCat(mixed, "/", content.size(), " ");
    return content;
  }

  absl::Status Run(Connection& c, uint64_t n) const {
    for (uint64_t part = 0; part < PartsOf(n); ++part) {
      RETURN_IF_ERROR(ValueTable(c).Set(NameOf(n, part), ContentOf(n, part)));
    }
    if (n > kKept) {
      for (uint64_t part = 0; part < PartsOf(n - kKept); ++part) {
        RETURN_IF_ERROR(c.Run("DELETE FROM installation WHERE name = ?", NameOf(n - kKept, part)));
      }
    }
    return ValueTable(c).Set(Last(), absl::StrCat(n));
  }
  // What must be there after transaction `n`, and nothing else of this client's.
  Rows After(uint64_t n) const {
    Rows rows;
    if (n == 0) return rows;
    for (uint64_t each = n > kKept ? n - kKept + 1 : 1; each <= n; ++each) {
      for (uint64_t part = 0; part < PartsOf(each); ++part) rows[NameOf(each, part)] = ContentOf(each, part);
    }
    rows[Last()] = absl::StrCat(n);
    return rows;
  }
  const std::string& prefix() const { return prefix_; }

  std::atomic<uint64_t> begun = 0;
  std::atomic<uint64_t> acknowledged = 0;

 private:
  static constexpr uint64_t kKept = 5;
  uint64_t Mixed(uint64_t n, uint64_t part) const {
    uint64_t x = seed_ * 0x9e3779b97f4a7c15 + n * 0xbf58476d1ce4e5b9 + part * 0x94d049bb133111eb;
    x ^= x >> 31;
    x *= 0xd6e8feb86659fd93;
    return x ^ (x >> 29);
  }

  const uint64_t seed_;
  const std::string prefix_;
};

// The directory is there for the store, which makes an empty file itself; what is in it lies on volatile disks.
struct Place {
  TempDir directory;
  const std::string path = directory / "brume.db";

  VolatileDisk::Image New() {
    VolatileDisk disk(directory.path());
    OpenOk(path);
    return disk.Now();
  }
};

struct Cut {
  VolatileDisk::Image image;
  std::vector<uint64_t> acknowledged;
  std::vector<uint64_t> begun;
};

// Opens the store on what a cut left, which checks the file's pages, and looks at it. Empty = all is well.
std::string WhatIsLost(Place& place, const Cut& cut, const std::vector<std::unique_ptr<Client>>& clients) {
  auto opened = Database::Open(place.path);
  if (!opened.ok()) return absl::StrCat("the database does not open: ", std::string(opened.status().ToString()));
  Database& db = **opened;
  Rows rows;
  // By the connection that writes: another would read the whole schema again.
  const absl::Status read = db.Write([&](Connection& c) {
    RETURN_IF_ERROR(ValueTable(c).Set("after", "the cut"));
    return c.Query("SELECT name, value FROM installation WHERE name LIKE 'client %'", [&](Row& row) {
      std::string name, value;
      row.Read(name, value);
      rows[name] = value;
    });
  });
  if (!read.ok()) return absl::StrCat("it cannot be used: ", std::string(read.ToString()));
  for (size_t i = 0; i < clients.size(); ++i) {
    const Client& client = *clients[i];
    uint64_t last = 0;
    const auto found = rows.find(client.Last());
    if (found != rows.end() && !absl::SimpleAtoi(found->second, &last)) return "a row is damaged";
    if (last < cut.acknowledged[i]) {
      return absl::StrCat(client.prefix(), "was told of transaction ", cut.acknowledged[i], " and has ", last);
    }
    if (last > cut.begun[i]) return absl::StrCat(client.prefix(), "has a transaction that did not begin");
    const Rows wanted = client.After(last);
    const auto first = rows.lower_bound(client.prefix()), end = rows.lower_bound(client.prefix() + "~");
    if (Rows(first, end) != wanted) return absl::StrCat(client.prefix(), "has part of a transaction after ", last);
  }
  return "";
}

struct Load {
  uint64_t seed = 1;
  int clients = 1;
  uint64_t transactions = 30;  // of each
  uint64_t cut_one_of = 1;     // changes of the disk
  bool disk_lies = false;
};

class Run {
 public:
  Run(Place& place, const VolatileDisk::Image& start, const Load& load)
      : place_(place), load_(load), random_(load.seed), sector_bytes_(random_.Below(2) == 0 ? 512 : 4096) {
    for (int n = 0; n < load.clients; ++n) clients_.push_back(std::make_unique<Client>(load.seed, n));
    VolatileDisk disk(place.directory.path(), start);
    if (load.disk_lies) disk.IgnoreSyncs();
    disk.BeforeEachChange([&] { CutNow(disk); });
    auto db = OpenOk(place.path);
    // A small log, so that it is checkpointed, begun anew and cut back many times.
    const uint64_t pages = 4 + random_.Below(60), limit = 16384 + random_.Below(3) * 65536;
    REQUIRE_OK(db->Write([&](Connection& c) {
      RETURN_IF_ERROR(c.RunScript(absl::StrCat("PRAGMA wal_autocheckpoint = ", pages).c_str()));
      return c.RunScript(absl::StrCat("PRAGMA journal_size_limit = ", limit).c_str());
    }));
    std::vector<std::thread> threads;
    for (size_t i = 1; i < clients_.size(); ++i) threads.emplace_back([&, i] { Write(*db, *clients_[i]); });
    Write(*db, *clients_[0]);
    for (std::thread& thread : threads) thread.join();
    REQUIRE(failed_ == 0);
    db.reset();  // the last connection empties and removes the log
    CutNow(disk);
  }

  // How many cuts there were; of the first that lost something, what.
  size_t Check(std::string& lost) {
    size_t checked = 0;
    for (const Cut& cut : cuts_) {
      std::vector<VolatileDisk::Image> again;
      {
        VolatileDisk disk(place_.directory.path(), cut.image);
        if (load_.disk_lies) disk.IgnoreSyncs();
        // The power may go again while the store recovers.
        uint64_t until_next = random_.Below(3) == 0 ? 1 + random_.Below(12) : 0;
        disk.BeforeEachChange([&] {
          if (until_next > 0 && --until_next == 0) again.push_back(disk.Cut(random_, sector_bytes_));
        });
        lost = WhatIsLost(place_, cut, clients_);
      }
      ++checked;
      for (size_t n = 0; lost.empty() && n < again.size(); ++n, ++checked) {
        VolatileDisk disk(place_.directory.path(), again[n]);
        lost = WhatIsLost(place_, cut, clients_);
        if (!lost.empty()) lost = "after a second cut: " + lost;
      }
      if (!lost.empty()) break;
    }
    return checked;
  }

 private:
  void Write(Database& db, Client& client) {
    for (uint64_t n = 1; n <= load_.transactions; ++n) {
      // One that fails leaves nothing behind.
      if (n % 7 == 0) {
        const absl::Status refused = db.Write([&](Connection& c) {
          RETURN_IF_ERROR(ValueTable(c).Set(client.Last(), "refused"));
          return absl::AbortedError("refused");
        });
        if (!absl::IsAborted(refused)) ++failed_;
      }
      client.begun = n;
      if (!db.Write([&](Connection& c) { return client.Run(c, n); }).ok()) ++failed_;
      client.acknowledged = n;
    }
  }
  void CutNow(VolatileDisk& disk) {
    if (random_.Below(load_.cut_one_of) != 0) return;
    Cut cut;
    for (const auto& client : clients_) cut.acknowledged.push_back(client->acknowledged);
    cut.image = disk.Cut(random_, sector_bytes_);
    for (const auto& client : clients_) cut.begun.push_back(client->begun);
    cuts_.push_back(std::move(cut));
  }

  Place& place_;
  const Load load_;
  SeededRandom random_;
  const size_t sector_bytes_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::atomic<int> failed_ = 0;
  std::vector<Cut> cuts_;
};

}  // namespace

TEST_CASE("no acknowledged transaction is lost and none is partial, whenever the power goes", "[power_loss]") {
  Place place;
  const VolatileDisk::Image start = place.New();
  const uint64_t cuts = Setting("BRUME_POWER_CUTS", 250), first = Setting("BRUME_POWER_SEED", 1);
  size_t made = 0;
  uint64_t seed = first;
  for (; made < cuts && (seed == first || getenv("BRUME_POWER_SEED") == nullptr); ++seed) {
    INFO("repeat it with BRUME_POWER_SEED=" << seed);
    // One client's run is the same each time; of several, groups are committed as the threads happen to meet.
    Run run(place, start, {.seed = seed, .clients = seed % 2 == 0 ? 3 : 1, .cut_one_of = 12});
    std::string lost;
    made += run.Check(lost);
    REQUIRE(lost == "");
  }
  if (getenv("BRUME_POWER_CUTS") != nullptr) WARN(made << " cuts of " << seed - first << " runs");
}

TEST_CASE("a cut before each single change of the disk loses nothing", "[power_loss]") {
  Place place;
  Run run(place, place.New(), {.seed = 7, .transactions = 5});
  std::string lost;
  const size_t made = run.Check(lost);
  CHECK(lost == "");
  CHECK(made > 20);
}

TEST_CASE("a database that is cut while it is made is made whole by the next start", "[power_loss]") {
  Place place;
  SeededRandom random(3);
  std::vector<VolatileDisk::Image> images;
  {
    VolatileDisk disk(place.directory.path());
    disk.BeforeEachChange([&] {
      if (random.Below(60) == 0) images.push_back(disk.Cut(random, 512));
    });
    OpenOk(place.path);
  }
  REQUIRE(images.size() > 2);
  for (const VolatileDisk::Image& image : images) {
    VolatileDisk disk(place.directory.path(), image);
    CHECK(WhatIsLost(place, {}, {}) == "");
  }
}

TEST_CASE("a disk that only says it synced is caught", "[power_loss]") {
  Place place;
  const VolatileDisk::Image start = place.New();
  std::string lost;
  for (uint64_t seed = 1; seed <= 20 && lost.empty(); ++seed) {
    Run run(place, start, {.seed = seed, .cut_one_of = 12, .disk_lies = true});
    run.Check(lost);
  }
  CHECK(lost != "");
}

}  // namespace brume::store
