// disk_load FILE WHAT DEPTH SECONDS MIB: reads or writes the first MIB of a disk past all caches, for so long.
//
// WHAT: read, write (64 KiB one after the other), rand-read, rand-write (4 KiB anywhere), fill (64 KiB, all of it
// once) or stall (4 KiB, each durable before the next). DEPTH requests are under way at a time. Prints operations a
// second, MiB a second, and the longest operation in ms. Linked statically, so that it runs in any guest.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Load {
  int file = -1;
  bool writes = false, random = false, once = false;
  size_t block = 0;
  uint64_t blocks = 0;
  Clock::time_point end;
  std::atomic<uint64_t> next = 0, done = 0, max_us = 0;
};

// One request after the other until the time is over.
void Drive(Load& load, uint64_t seed) {
  void* memory = nullptr;
  if (posix_memalign(&memory, 4096, load.block) != 0) std::abort();
  std::memset(memory, static_cast<int>(seed), load.block);
  uint64_t state = seed * 0x9E3779B97F4A7C15u + 1;
  while (load.once || Clock::now() < load.end) {
    const uint64_t ordinal = load.next++;
    if (load.once && ordinal >= load.blocks) break;
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    const auto offset = static_cast<off_t>((load.random ? state : ordinal) % load.blocks * load.block);
    const auto began = Clock::now();
    const ssize_t moved =
        load.writes ? pwrite(load.file, memory, load.block, offset) : pread(load.file, memory, load.block, offset);
    if (moved != static_cast<ssize_t>(load.block)) {
      std::perror("disk_load");
      std::exit(1);
    }
    const auto took =
        static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began).count());
    uint64_t max = load.max_us;
    while (took > max && !load.max_us.compare_exchange_weak(max, took)) {
    }
    ++load.done;
  }
  std::free(memory);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: disk_load FILE read|write|rand-read|rand-write|fill|stall DEPTH SECONDS MIB\n");
    return 2;
  }
  const std::string what = argv[2];
  const int depth = std::atoi(argv[3]);
  const double seconds = std::atof(argv[4]);
  Load load;
  load.random = what == "rand-read" || what == "rand-write";
  load.writes = what != "read" && what != "rand-read";
  load.once = what == "fill";
  load.block = load.random || what == "stall" ? 4096 : 65536;
  load.blocks = std::strtoull(argv[5], nullptr, 10) * 1048576 / load.block;
  load.file = open(argv[1], (load.writes ? O_RDWR : O_RDONLY) | O_DIRECT | (what == "stall" ? O_DSYNC : 0));
  if (load.file < 0 || depth < 1 || load.blocks == 0) {
    std::perror("disk_load");
    return 1;
  }
  const auto began = Clock::now();
  load.end = began + std::chrono::microseconds(static_cast<int64_t>(seconds * 1e6));
  std::vector<std::thread> threads;
  for (int i = 0; i < depth; ++i) threads.emplace_back([&load, i] { Drive(load, static_cast<uint64_t>(i) + 1); });
  for (std::thread& thread : threads) thread.join();
  if (load.once && fsync(load.file) != 0) return 1;
  const double took = std::chrono::duration<double>(Clock::now() - began).count();
  const auto operations = static_cast<double>(load.done) / took;
  std::printf("%.1f %.2f %.2f\n", operations, operations * static_cast<double>(load.block) / 1048576,
              static_cast<double>(load.max_us) / 1000);
}
