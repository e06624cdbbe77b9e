#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "lib/base/reconcile_loop.h"

namespace brume {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(20);

// What looks happened, to wait for and to count.
class Journal {
 public:
  void Note(const std::string& key) {
    std::lock_guard lock(mutex_);
    ++counts_[key];
    times_[key].push_back(absl::Now());
    changed_.notify_all();
  }
  bool WaitFor(const std::string& key, int count) {
    return WaitUntil([&] { return counts_[key] >= count; });
  }
  int Count(const std::string& key) {
    std::lock_guard lock(mutex_);
    return counts_[key];
  }
  std::vector<absl::Time> Times(const std::string& key) {
    std::lock_guard lock(mutex_);
    return times_[key];
  }

  // A door that looks wait at until the test opens it.
  void Open() {
    std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  bool WaitAtDoor() {
    return WaitUntil([&] { return open_; });
  }

 private:
  template <typename Condition>
  bool WaitUntil(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, absl::ToChronoMilliseconds(kPatience), condition);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  std::map<std::string, int> counts_;
  std::map<std::string, std::vector<absl::Time>> times_;
};

const absl::StatusOr<absl::Duration> kUntilWoken = absl::InfiniteDuration();

}  // namespace

TEST_CASE("wakes before the start are kept, and many of one key are one look", "[base]") {
  Journal journal;
  ReconcileLoop<std::string> loop({.name = "test"}, [&](const std::string& key) {
    journal.Note(key);
    return kUntilWoken;
  });
  for (int i = 0; i < 100; ++i) loop.Wake("a");
  loop.Wake("b");
  CHECK(journal.Count("a") == 0);
  loop.Start();
  CHECK(journal.WaitFor("a", 1));
  CHECK(journal.WaitFor("b", 1));
  loop.Stop();
  CHECK(journal.Count("a") == 1);
}

TEST_CASE("wakes while a key is looked at make one more look, after it", "[base]") {
  Journal journal;
  std::atomic<int> at_once = 0, max_at_once = 0;
  ReconcileLoop<std::string> loop({.name = "test", .threads = 4}, [&](const std::string& key) {
    // Of "a" alone: "b" may be reconciled while the last reconcile of "a" is on its way out.
    if (key == "a") max_at_once = std::max<int>(max_at_once, ++at_once);
    journal.Note(key);
    journal.WaitAtDoor();
    if (key == "a") --at_once;
    return kUntilWoken;
  });
  loop.Start();
  loop.Wake("a");
  REQUIRE(journal.WaitFor("a", 1));
  for (int i = 0; i < 50; ++i) loop.Wake("a");
  journal.Open();
  CHECK(journal.WaitFor("a", 2));
  loop.Wake("b");  // behind it in every queue
  CHECK(journal.WaitFor("b", 1));
  loop.Stop();
  CHECK(journal.Count("a") == 2);
  CHECK(max_at_once == 1);
}

TEST_CASE("a key is looked at by one thread at a time while others go on", "[base]") {
  Journal journal;
  std::mutex mutex;
  std::set<std::string> running;
  std::atomic<bool> twice = false;
  std::atomic<int> done = 0;
  ReconcileLoop<std::string> loop({.name = "test", .threads = 8}, [&](const std::string& key) {
    {
      std::lock_guard lock(mutex);
      if (!running.insert(key).second) twice = true;
    }
    std::this_thread::yield();
    {
      std::lock_guard lock(mutex);
      running.erase(key);
    }
    ++done;
    journal.Note(key);
    return kUntilWoken;
  });
  loop.Start();
  std::vector<std::thread> wakers;
  for (int t = 0; t < 4; ++t) {
    wakers.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) loop.Wake(absl::StrCat(i % 5));
    });
  }
  for (std::thread& waker : wakers) waker.join();
  for (int i = 0; i < 5; ++i) {
    const int seen = journal.Count(absl::StrCat(i));
    loop.Wake(absl::StrCat(i));
    CHECK(journal.WaitFor(absl::StrCat(i), seen + 1));
  }
  loop.Stop();
  CHECK_FALSE(twice);
}

TEST_CASE("a slow look does not keep other keys waiting while a thread is free", "[base]") {
  for (int round = 0; round < 30; ++round) {
    Journal journal;
    ReconcileLoop<std::string> loop({.name = "test", .threads = 2}, [&](const std::string& key) {
      journal.Note(key);
      if (key == "slow") journal.WaitAtDoor();
      return kUntilWoken;
    });
    loop.Start();
    loop.WakeAfter("slow", absl::Milliseconds(5));
    loop.WakeAfter("quick", absl::Milliseconds(10));
    CHECK(journal.WaitFor("quick", 1));
    journal.Open();
    CHECK(journal.WaitFor("slow", 1));
  }
}

TEST_CASE("a look comes when it was asked for, and an earlier wake comes first", "[base]") {
  Journal journal;
  ReconcileLoop<std::string> loop({.name = "test", .threads = 1}, [&](const std::string& key) {
    journal.Note(key);
    return kUntilWoken;
  });
  const absl::Time begin = absl::Now();
  loop.Start();
  loop.WakeAfter("later", absl::Milliseconds(200));
  loop.WakeAfter("later", absl::Hours(1));  // does not put off the one that waits
  loop.WakeAfter("never", absl::InfiniteDuration());
  loop.WakeAfter("in a thousand years", absl::Hours(24 * 365 * 1000));
  loop.WakeAfter("soon", absl::Hours(1));
  loop.Wake("soon");
  loop.WakeAfter("past", -absl::Hours(1));
  CHECK(journal.WaitFor("soon", 1));
  CHECK(journal.WaitFor("past", 1));
  CHECK(journal.WaitFor("later", 1));
  CHECK(journal.Times("later")[0] - begin >= absl::Milliseconds(200));
  loop.Stop();
  CHECK(journal.Count("never") == 0);
  CHECK(journal.Count("in a thousand years") == 0);
  CHECK(journal.Count("later") == 1);
}

TEST_CASE("a look that asks to be made again is, without a wake", "[base]") {
  Journal journal;
  ReconcileLoop<std::string> loop({.name = "test"}, [&](const std::string& key) -> absl::StatusOr<absl::Duration> {
    journal.Note(key);
    return journal.Count(key) < 5 ? absl::Milliseconds(1) : absl::InfiniteDuration();
  });
  loop.Start();
  loop.Wake("a");
  CHECK(journal.WaitFor("a", 5));
  loop.Stop();
  CHECK(journal.Count("a") == 5);
}

TEST_CASE("a failing key is looked at again after waits that double up to the longest", "[base]") {
  Journal journal;
  const ReconcileOptions options = {
      .name = "test", .threads = 2, .first_backoff = absl::Milliseconds(20), .max_backoff = absl::Milliseconds(80)};
  ReconcileLoop<std::string> loop(options, [&](const std::string& key) -> absl::StatusOr<absl::Duration> {
    journal.Note(key);
    if (key == "bad" && journal.Count(key) < 7) return absl::UnavailableError("not yet");
    return absl::InfiniteDuration();
  });
  loop.Start();
  loop.Wake("bad");
  loop.Wake("good");
  REQUIRE(journal.WaitFor("good", 1));
  REQUIRE(journal.WaitFor("bad", 7));
  loop.Stop();
  const std::vector<absl::Time> times = journal.Times("bad");
  const int kExpectedMs[] = {20, 40, 80, 80, 80, 80};
  for (int i = 0; i < 6; ++i) {
    INFO("wait " << i);
    CHECK(times[i + 1] - times[i] >= absl::Milliseconds(kExpectedMs[i]));
  }
  CHECK(journal.Count("bad") == 7);
}

TEST_CASE("a wake cuts a failing key's wait short, and success forgets the failures", "[base]") {
  Journal journal;
  const ReconcileOptions options = {
      .name = "test", .threads = 1, .first_backoff = absl::Hours(1), .max_backoff = absl::Hours(1)};
  ReconcileLoop<std::string> loop(options, [&](const std::string& key) -> absl::StatusOr<absl::Duration> {
    journal.Note(key);
    if (journal.Count(key) == 1) return absl::UnavailableError("not yet");
    return absl::InfiniteDuration();
  });
  loop.Start();
  loop.Wake("a");
  REQUIRE(journal.WaitFor("a", 1));
  // The look may still be under way, or waiting for an hour: either way this is the next one.
  loop.Wake("a");
  CHECK(journal.WaitFor("a", 2));
  loop.Wake("a");
  CHECK(journal.WaitFor("a", 3));
}

TEST_CASE("stop waits for looks under way and lets none begin", "[base]") {
  Journal journal;
  std::atomic<bool> finished = false;
  ReconcileLoop<std::string> loop({.name = "test", .threads = 1}, [&](const std::string& key) {
    journal.Note(key);
    journal.WaitAtDoor();
    finished = true;
    return kUntilWoken;
  });
  loop.Start();
  loop.Wake("a");
  loop.Wake("b");
  REQUIRE(journal.WaitFor("a", 1));
  std::thread opener([&] { journal.Open(); });
  loop.Stop();
  CHECK(finished);
  opener.join();
  const int after = journal.Count("b");
  loop.Wake("b");
  loop.Stop();
  loop.Start();
  CHECK(journal.Count("b") == after);
}

TEST_CASE("keys of several types are told apart and handed back as they were", "[base]") {
  struct Number {
    int value;
    std::string text() const { return absl::StrCat(value); }
    bool operator<(const Number& other) const { return value < other.value; }
  };
  using Key = std::variant<Sweep, Number, std::string>;
  Journal journal;
  ReconcileLoop<Key> loop({.name = "test", .threads = 1}, [&](const Key& key) {
    if (const Number* const number = std::get_if<Number>(&key)) {
      journal.Note(absl::StrCat("number ", number->value));
    } else {
      journal.Note(std::holds_alternative<Sweep>(key) ? "sweep" : "name " + std::get<std::string>(key));
    }
    return kUntilWoken;
  });
  loop.Wake(Sweep());
  loop.Wake(Sweep());
  loop.Wake(Number{7});
  loop.Wake(std::string("sweep"));
  loop.Start();
  CHECK(journal.WaitFor("sweep", 1));
  CHECK(journal.WaitFor("number 7", 1));
  CHECK(journal.WaitFor("name sweep", 1));
  loop.Stop();
  CHECK(journal.Count("sweep") == 1);
}

}  // namespace brume
