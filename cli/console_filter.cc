#include "cli/console_filter.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "cli/text.h"

namespace brume::cli {
namespace {

constexpr unsigned char kEsc = 0x1b;
constexpr size_t kLongestControl = 64;
// A string that nobody ends must not hide the console for ever.
constexpr size_t kLongestString = 4096;
constexpr char kReplacement[] = "\xef\xbf\xbd";  // U+FFFD

bool IsShownControl(unsigned char byte) { return byte == '\a' || (byte >= '\b' && byte <= '\r'); }

// Of a first byte in UTF-8: how many follow; 0 where it is none.
size_t LengthOf(unsigned char lead) {
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

bool IsPlainList(absl::string_view parameters) {
  for (const char c : parameters) {
    if ((c < '0' || c > '9') && c != ';' && c != ':') return false;
  }
  return true;
}

}  // namespace

std::string ConsoleFilter::Filter(absl::string_view bytes) {
  std::string passed;
  for (const char byte : bytes) Take(static_cast<unsigned char>(byte), &passed);
  return passed;
}

void ConsoleFilter::Take(unsigned char byte, std::string* passed) {
  if (state_ == State::kString) return TakeString(byte, passed);
  if (byte == kEsc) {
    if (!character_.empty()) passed->append(kReplacement);
    character_.clear();
    sequence_.clear();
    state_ = State::kEscape;
    return;
  }
  switch (state_) {
    case State::kEscape:
      return TakeEscape(byte, passed);
    case State::kCharset:
      return TakeCharset(byte, passed);
    case State::kControl:
      return TakeControl(byte, passed);
    default:
      return TakeGround(byte, passed);
  }
}

void ConsoleFilter::TakeGround(unsigned char byte, std::string* passed) {
  state_ = State::kGround;
  if (byte >= 0x80 || !character_.empty()) return TakeText(byte, passed);
  if ((byte >= 0x20 && byte != 0x7f) || IsShownControl(byte)) passed->push_back(static_cast<char>(byte));
}

void ConsoleFilter::TakeText(unsigned char byte, std::string* passed) {
  if (character_.empty()) {
    length_ = LengthOf(byte);
    if (length_ == 0) {
      passed->append(kReplacement);
    } else {
      character_.push_back(static_cast<char>(byte));
    }
    return;
  }
  if ((byte & 0xc0) != 0x80) {
    passed->append(kReplacement);
    character_.clear();
    return TakeGround(byte, passed);
  }
  character_.push_back(static_cast<char>(byte));
  if (character_.size() < length_) return;
  // U+0080 to U+009F are what terminals take for sequences' beginnings, too.
  const bool control = length_ == 2 && character_[0] == '\xc2' && static_cast<unsigned char>(character_[1]) < 0xa0;
  if (!IsUtf8(character_)) {
    passed->append(kReplacement);
  } else if (!control) {
    passed->append(character_);
  }
  character_.clear();
}

void ConsoleFilter::TakeEscape(unsigned char byte, std::string* passed) {
  state_ = State::kGround;
  switch (byte) {
    case '[':
      state_ = State::kControl;
      return;
    case ']':  // OSC
    case 'P':  // DCS
    case 'X':  // SOS
    case '^':  // PM
    case '_':  // APC
      state_ = State::kString;
      length_ = 0;
      return;
    case '=':
    case '>':
      application_ = byte == '=';
      break;
    case '7':  // save and restore the cursor
    case '8':
    case 'D':  // a line down, the next line, a line up
    case 'E':
    case 'M':
      break;
    default:
      if (byte >= 0x20 && byte < 0x30) {
        state_ = State::kCharset;
        sequence_ = std::string(1, static_cast<char>(byte));
        return;
      }
      if (byte >= 0x30 && byte < 0x7f) return;
      return TakeGround(byte, passed);
  }
  absl::StrAppend(passed, "\x1b", std::string(1, static_cast<char>(byte)));
}

void ConsoleFilter::TakeCharset(unsigned char byte, std::string* passed) {
  if (byte >= 0x20 && byte < 0x30) {
    sequence_ = "?";  // several such bytes are nothing that passes
    return;
  }
  state_ = State::kGround;
  if (byte < 0x20 || byte > 0x7e) return TakeGround(byte, passed);
  // Line drawing and back; other sets would turn letters into others.
  if (sequence_ != "(" || (byte != '0' && byte != 'B')) return;
  line_drawing_ = byte == '0';
  absl::StrAppend(passed, "\x1b(", std::string(1, static_cast<char>(byte)));
}

void ConsoleFilter::TakeControl(unsigned char byte, std::string* passed) {
  if (byte >= 0x40 && byte <= 0x7e) {
    state_ = State::kGround;
    if (sequence_.size() < kLongestControl) FinishControl(static_cast<char>(byte), passed);
    return;
  }
  if (byte < 0x20 || byte > 0x7e) return TakeGround(byte, passed);
  if (sequence_.size() < kLongestControl) sequence_.push_back(static_cast<char>(byte));
}

void ConsoleFilter::FinishControl(char final, std::string* passed) {
  bool good = IsPlainList(sequence_);
  switch (final) {
    case 'A':
    case 'B':
    case 'C':
    case 'D':
    case 'E':
    case 'F':
    case 'G':
    case 'H':  // where the cursor is
    case 'a':
    case 'd':
    case 'e':
    case 'f':
    case '`':
    case 's':
    case 'u':
    case '@':
    case 'K':
    case 'L':
    case 'M':
    case 'P':
    case 'S':
    case 'T':
    case 'X':  // what stands there
    case 'm':  // how it looks
      break;
    case 'J':
      // 3 would clear what was scrolled away, which is not the guest's.
      good = good && (sequence_.empty() || sequence_ == "0" || sequence_ == "1" || sequence_ == "2");
      break;
    case 'r':
      region_ = region_ || good;
      break;
    case 'h':
    case 'l':
      good = SetModes(final);
      break;
    default:
      good = false;
  }
  if (good) absl::StrAppend(passed, "\x1b[", sequence_, std::string(1, final));
}

bool ConsoleFilter::SetModes(char final) {
  absl::string_view list = sequence_;
  if (!absl::ConsumePrefix(&list, "?")) return list == "4";  // insert
  const bool on = final == 'h';
  const struct {
    absl::string_view number;
    bool* kept;
    bool value;
  } modes[] = {{"1", &application_, on},  {"7", &no_wrap_, !on},     {"25", &hidden_, !on}, {"47", &alternate_, on},
               {"1047", &alternate_, on}, {"1049", &alternate_, on}, {"2004", &paste_, on}};
  for (const absl::string_view wanted : absl::StrSplit(list, ';')) {
    bool known = wanted == "12" || wanted == "1048";  // the cursor's blinking and place
    for (const auto& mode : modes) known = known || mode.number == wanted;
    if (!known) return false;
  }
  for (const absl::string_view wanted : absl::StrSplit(list, ';')) {
    for (const auto& mode : modes) {
      if (mode.number == wanted) *mode.kept = mode.value;
    }
  }
  return true;
}

void ConsoleFilter::TakeString(unsigned char byte, std::string* passed) {
  const bool cancelled = byte == 0x18 || byte == 0x1a || byte == '\a';
  if (cancelled || byte == kEsc) {
    // ESC \ ends it as any other sequence would.
    state_ = cancelled ? State::kGround : State::kEscape;
    sequence_.clear();
    return;
  }
  if (byte != '\n' && ++length_ <= kLongestString) return;
  TakeGround(byte, passed);
}

std::string ConsoleFilter::Restore() const {
  std::string restored = "\x1b[0m";
  if (line_drawing_) restored += "\x1b(B";
  if (region_)
    restored +=
        "\x1b"
        "7\x1b[r\x1b"
        "8";
  if (no_wrap_) restored += "\x1b[?7h";
  if (application_) restored += "\x1b[?1l\x1b>";
  if (paste_) restored += "\x1b[?2004l";
  if (alternate_) restored += "\x1b[?1049l";
  if (hidden_) restored += "\x1b[?25h";
  return restored;
}

}  // namespace brume::cli
