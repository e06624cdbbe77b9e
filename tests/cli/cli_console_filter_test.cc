#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "cli/console_filter.h"
#include "cli/console_history.h"

namespace brume::cli {
namespace {

std::string Filtered(const std::string& bytes) { return ConsoleFilter().Filter(bytes); }

}  // namespace

TEST_CASE("a console's colours, cursor movement and text reach the terminal", "[cli][console]") {
  for (const std::string kept : {"plain\r\n\ttext \b\a", "\x1b[1;31mred\x1b[0m", "\x1b[38:2:1:2:3m", "\x1b[2J\x1b[H",
                                 "\x1b[10;20H", "\x1b[K", "\x1b[?25l\x1b[?25h", "\x1b[?1049h\x1b[?1049l",
                                 "\x1b"
                                 "7\x1b"
                                 "8",
                                 "\x1bM", "\x1b(0qqq\x1b(B", "\x1b[2;10r", "größe → 語 🙂"}) {
    INFO(kept);
    CHECK(Filtered(kept) == kept);
  }
}

TEST_CASE("what a console would do to its reader's terminal is left out", "[cli][console]") {
  for (const std::string dropped : {"\x1b]0;a title\a",
                                    "\x1b]52;c;Y3VybCBldmls\a",
                                    "\x1b]52;c;Y3VybCBldmls\x1b\\",
                                    "\x1bP+q544e\x1b\\",
                                    "\x1b_G\x1b\\",
                                    "\x1b^p\x1b\\",
                                    "\x1bXs\x1b\\",
                                    "\x1b[c",
                                    "\x1b[>c",
                                    "\x1b[6n",
                                    "\x1b[?6n",
                                    "\x1b[21t",
                                    "\x1b[8;1;1t",
                                    "\x1b[5i",
                                    "\x1b[3J",
                                    "\x1b"
                                    "c",
                                    "\x1b#8",
                                    "\x1b%G",
                                    "\x1b[!p",
                                    "\x1b[?1000h",
                                    "\x1b[?1006;1000h",
                                    "\x1b[>4;2m",
                                    "\x1b[99999b",
                                    "\x1b[1 q",
                                    "\x05",
                                    "\x0e",
                                    "\x0f",
                                    "\x7f",
                                    "\xc2\x9b",
                                    "\x1b(A",
                                    "\x1b[?25;1000h"}) {
    INFO(dropped.substr(1));
    CHECK(Filtered(dropped).empty());
  }
  CHECK(Filtered("\xc2\x9d"
                 "52;c;YQ==\a") == "52;c;YQ==\a");  // text without its beginning
  CHECK(Filtered("\x9b"
                 "31m") ==
        "\xef\xbf\xbd"
        "31m");
}

TEST_CASE("a sequence that is split over reads is judged whole", "[cli][console]") {
  const std::string stream = "a\x1b[31mred\x1b]0;title\x1b\\b\xe2\x86\x92\x1b[0m\x1b[6nc\x1b(Bd";
  const std::string whole = Filtered(stream);
  CHECK(whole == "a\x1b[31mredb\xe2\x86\x92\x1b[0mc\x1b(Bd");
  for (size_t split = 0; split <= stream.size(); ++split) {
    ConsoleFilter filter;
    const std::string first = filter.Filter(stream.substr(0, split));
    CHECK(first + filter.Filter(stream.substr(split)) == whole);
  }
}

TEST_CASE("a broken sequence hides no more than itself", "[cli][console]") {
  CHECK(Filtered("\x1b[31\nnext") == "\nnext");
  CHECK(Filtered("\x1b]0;no end\nnext") == "\nnext");
  CHECK(Filtered("\x1b[\x1b[1mbold") == "\x1b[1mbold");
  CHECK(Filtered("\x1b]0;" + std::string(5000, 'x')).size() < 1000);
  CHECK(Filtered("\x1b[" + std::string(100, '1') + "mafter") == "after");
  CHECK(Filtered("\xe2\x86text") == "\xef\xbf\xbdtext");
  CHECK(Filtered("\xed\xa0\x80") == "\xef\xbf\xbd");
  CHECK(Filtered("\xff\xc0") == "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST_CASE("a terminal is brought back from the modes that a guest left it in", "[cli][console]") {
  ConsoleFilter filter;
  CHECK(filter.Restore() == "\x1b[0m");
  filter.Filter("\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[1;5r\x1b(0\x1b=");
  const std::string restored = filter.Restore();
  for (const char* part : {"\x1b[?1049l", "\x1b[?25h", "\x1b[?2004l", "\x1b[r", "\x1b(B", "\x1b>"}) {
    CHECK(absl::StrContains(restored, part));
  }
  filter.Filter("\x1b[?1049l\x1b[?25h\x1b[?2004l");
  CHECK_FALSE(absl::StrContains(filter.Restore(), "1049"));
}

TEST_CASE("of a console's past the last lines are shown", "[cli][console]") {
  CHECK(LastLines("", 3).empty());
  CHECK(LastLines("a\nb", 3) == "a\nb");
  CHECK(LastLines("a\nb\nc\nd\n", 2) == "c\nd\n");
  CHECK(LastLines("a\nb\nprompt# ", 2) == "b\nprompt# ");
  CHECK(LastLines(std::string(100000, 'x'), 2).size() == 4096);
}

}  // namespace brume::cli
