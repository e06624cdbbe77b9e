// What a guest prints, before it reaches the terminal of the person who looks at it.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace brume::cli {

// Lets through text in UTF-8, line ends, colours, cursor movement and erasing, scrolling, and the modes that editors
// and pagers switch (the alternate screen, the cursor, keypad and bracketed paste). Leaves out what acts on more than
// the picture: titles and clipboards (OSC), device strings (DCS, APC, PM, SOS), everything a terminal would answer to
// as if it were typed, resets, window commands, printing, clearing what was scrolled away, and 8-bit controls. Bytes
// that are no UTF-8 become U+FFFD. Sequences may be split over calls: nothing of one is passed on before it is whole.
// Names and meaning of sequences: ECMA-48, and XTerm Control Sequences.
class ConsoleFilter {
 public:
  std::string Filter(absl::string_view bytes);

  // What brings a terminal back from the modes that were let through: for the end of the stream.
  std::string Restore() const;

 private:
  enum class State { kGround, kEscape, kCharset, kControl, kString };

  void Take(unsigned char byte, std::string* passed);
  void TakeGround(unsigned char byte, std::string* passed);
  void TakeEscape(unsigned char byte, std::string* passed);
  void TakeCharset(unsigned char byte, std::string* passed);
  void TakeControl(unsigned char byte, std::string* passed);
  void TakeString(unsigned char byte, std::string* passed);
  void TakeText(unsigned char byte, std::string* passed);
  void FinishControl(char final, std::string* passed);
  bool SetModes(char final);

  State state_ = State::kGround;
  std::string sequence_;      // what was taken of one that is not whole yet
  std::string character_;     // the first bytes of a character in UTF-8
  size_t length_ = 0;         // how many bytes that character or string has, or has had
  bool alternate_ = false;    // screen
  bool hidden_ = false;       // cursor
  bool paste_ = false;        // bracketed
  bool application_ = false;  // cursor keys or keypad
  bool region_ = false;       // of scrolling
  bool line_drawing_ = false;
  bool no_wrap_ = false;
};

}  // namespace brume::cli
