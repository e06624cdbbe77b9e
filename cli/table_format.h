// How a value of an answer is put into a cell of a table.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "nlohmann/json_fwd.hpp"

namespace brume::cli {

struct TableStyle {
  int width = 0;             // of the terminal; 0 = no limit
  bool wide = false;         // every column however long the lines get, times as moments
  bool color = false;        // states are coloured
  bool to_terminal = false;  // a terminal shows it, and obeys what is in it
  absl::Time now = absl::UnixEpoch();
};

struct CellFormat {
  // The cell's text, not yet made printable; "" for nothing to show.
  std::string (*text)(const nlohmann::ordered_json& value, const TableStyle& style);
  bool state = false;  // never cut, coloured by what it says
  bool right = false;  // numbers stand below one another
};

// A string as it is, "yes" or "no", a number with four digits that count.
extern const CellFormat kPlain;
extern const CellFormat kState;
extern const CellFormat kNumber;  // as kPlain, at the right edge
extern const CellFormat kAge;     // a moment: "3 h ago", and as it is in a wide table
extern const CellFormat kGib;     // GiB: "8 GiB", "1.5 TiB"
extern const CellFormat kMib;
extern const CellFormat kPercent;   // "40 %"; the value may end in % already
extern const CellFormat kSeconds;   // "5 min"
extern const CellFormat kMicros;    // "1.2 ms"
extern const CellFormat kArnTail;   // what an ARN ends in: "alice"; any other text as it is
extern const CellFormat kPorts;     // of a thing with FromPort, ToPort and IpProtocol: "80-81", "all"
extern const CellFormat kProtocol;  // "tcp", "all"; numbers by their names

std::string PlainText(const nlohmann::ordered_json& value);

// "3 h ago", "in 2 d", "now".
std::string Ago(absl::Time moment, absl::Time now);
// At most four digits that count, no zeros behind the point.
std::string Rounded(double value);
// "90 s", "5 min", "2 h"
std::string Span(int64_t seconds);

enum class StateColor { kNone, kGood, kBusy, kBad, kOff };
StateColor ColorOfState(absl::string_view state);

}  // namespace brume::cli
