// The main() of a fuzz target that is built without libFuzzer: `NAME_replay DIRECTORY CHANGES` runs each file of the
// directory and, CHANGES times, a copy of it with a few random changes, which are the same at each run.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

std::string running;

// An input that ends the program is named, so that it can be run again.
extern "C" void NameInput(int number) {
  // Nothing is left to do when even this cannot be written.
  if (write(STDERR_FILENO, running.data(), running.size()) < 0) _exit(1);
  signal(number, SIG_DFL);
  raise(number);
}

std::string Changed(std::string input, std::mt19937& random) {
  const auto below = [&](size_t bound) { return random() % bound; };
  for (size_t changes = 1 + below(4); changes > 0; --changes) {
    const size_t at = below(input.size() + 1), length = std::min(below(8) + 1, input.size() - at);
    switch (below(4)) {
      case 0:
        input.erase(at, length);
        break;
      case 1:
        input.insert(at, 1, static_cast<char>(below(256)));
        break;
      case 2:
        input.insert(below(input.size() + 1), input.substr(at, length));
        break;
      default:
        if (at < input.size()) input[at] = static_cast<char>(input[at] ^ (1 << below(8)));
    }
  }
  return input;
}

void Run(const std::string& name, const std::string& input) {
  running = "the input that ended it: " + name + "\n";
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

}  // namespace

int main(int argc, char** argv) {
  const int changes = argc == 3 ? std::atoi(argv[2]) : -1;
  if (changes < 0) {
    std::fprintf(stderr, "usage: %s DIRECTORY CHANGES\n", argv[0]);
    return 2;
  }
  for (const int number : {SIGABRT, SIGSEGV, SIGFPE}) signal(number, NameInput);
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    std::ifstream stream(file, std::ios::binary);
    const std::string input{std::istreambuf_iterator<char>(stream), {}};
    if (!stream) {
      std::fprintf(stderr, "cannot read %s\n", file.c_str());
      return 1;
    }
    Run(file, input);
    std::mt19937 random(1);
    for (int i = 1; i <= changes; ++i) Run(file.string() + ", change " + std::to_string(i), Changed(input, random));
  }
  std::printf("%zu files, %zu inputs\n", files.size(), files.size() * (1 + static_cast<size_t>(changes)));
  return files.empty() ? 1 : 0;
}
