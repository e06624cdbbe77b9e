#include "cli/table_format.h"

#include <array>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "cli/table_columns.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string PlainCell(const Json& value, const TableStyle&) { return PlainText(value); }

// `steps`: units, each so many times the one before.
struct Unit {
  const char* name;
  double times;  // the unit before
};

std::string Scaled(double value, std::initializer_list<Unit> units) {
  const char* name = "";
  for (const Unit& unit : units) {
    if (*name != '\0' && std::abs(value) < unit.times) break;
    value /= unit.times;
    name = unit.name;
  }
  return absl::StrCat(Rounded(value), " ", name);
}

bool NumberIn(const Json& value, double* number) { return absl::SimpleAtod(PlainText(value), number); }

std::string GibCell(const Json& value, const TableStyle&) {
  double gib = 0;
  return NumberIn(value, &gib) ? Scaled(gib, {{"GiB", 1}, {"TiB", 1024}}) : "";
}

std::string MibCell(const Json& value, const TableStyle&) {
  double mib = 0;
  return NumberIn(value, &mib) ? Scaled(mib, {{"MiB", 1}, {"GiB", 1024}, {"TiB", 1024}}) : "";
}

std::string MicrosCell(const Json& value, const TableStyle&) {
  double micros = 0;
  return NumberIn(value, &micros) ? Scaled(micros, {{"ms", 1000}, {"s", 1000}}) : "";
}

std::string PercentCell(const Json& value, const TableStyle&) {
  std::string text = PlainText(value);
  absl::string_view digits = absl::StripAsciiWhitespace(absl::StripSuffix(text, "%"));
  double percent = 0;
  return absl::SimpleAtod(digits, &percent) ? absl::StrCat(std::llround(percent), " %") : text;
}

std::string SecondsCell(const Json& value, const TableStyle&) {
  double seconds = 0;
  return NumberIn(value, &seconds) ? Span(std::llround(seconds)) : "";
}

std::string AgeCell(const Json& value, const TableStyle& style) {
  const std::string text = PlainText(value);
  absl::Time moment;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &moment, &error)) return text;
  if (style.wide)
    return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(absl::ToUnixSeconds(moment)),
                            absl::UTCTimeZone());
  return Ago(moment, style.now);
}

std::string ArnTailCell(const Json& value, const TableStyle&) {
  const std::string text = PlainText(value);
  if (!absl::StartsWith(text, "arn:")) return text;
  const size_t slash = text.find_last_of("/:");
  return slash + 1 < text.size() ? text.substr(slash + 1) : text;
}

std::string PortsCell(const Json& rule, const TableStyle&) {
  const std::string protocol = Cell(rule, "IpProtocol"), from = Cell(rule, "FromPort"), to = Cell(rule, "ToPort");
  if (protocol == "icmp" || protocol == "icmpv6" || protocol == "1" || protocol == "58") {
    return from.empty() || from == "-1" ? "all" : absl::StrCat("type ", from);
  }
  if (from.empty() || from == "-1" || (from == "0" && to == "65535")) return "all";
  return from == to || to == "-1" || to.empty() ? from : absl::StrCat(from, "-", to);
}

std::string ProtocolCell(const Json& value, const TableStyle&) {
  const std::string protocol = PlainText(value);
  constexpr std::pair<const char*, const char*> kNames[] = {
      {"-1", "all"}, {"1", "icmp"}, {"6", "tcp"}, {"17", "udp"}, {"58", "icmpv6"}};
  for (const auto& [number, name] : kNames) {
    if (protocol == number) return name;
  }
  return protocol;
}

}  // namespace

const CellFormat kPlain{PlainCell};
const CellFormat kState{PlainCell, true};
const CellFormat kNumber{PlainCell, false, true};
const CellFormat kAge{AgeCell};
const CellFormat kGib{GibCell, false, true};
const CellFormat kMib{MibCell, false, true};
const CellFormat kPercent{PercentCell, false, true};
const CellFormat kSeconds{SecondsCell, false, true};
const CellFormat kMicros{MicrosCell, false, true};
const CellFormat kArnTail{ArnTailCell};
const CellFormat kPorts{PortsCell};
const CellFormat kProtocol{ProtocolCell};

std::string PlainText(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_number_float()) return Rounded(value.get<double>());
  return value.is_number() ? value.dump() : "";
}

std::string Rounded(double value) {
  if (!std::isfinite(value)) return absl::StrCat(value);
  // Whole digits are never rounded away.
  if (std::abs(value) >= 1000) return absl::StrFormat("%.0f", value);
  return absl::StrFormat("%.4g", value);
}

std::string Span(int64_t seconds) {
  const auto unit = [](int64_t count, const char* name) { return absl::StrCat(count, " ", name); };
  if (seconds >= 86400 && seconds % 86400 == 0) return unit(seconds / 86400, "d");
  if (seconds >= 3600 && seconds % 3600 == 0) return unit(seconds / 3600, "h");
  if (seconds >= 60 && seconds % 60 == 0) return unit(seconds / 60, "min");
  return unit(seconds, "s");
}

std::string Ago(absl::Time moment, absl::Time now) {
  struct Step {
    absl::Duration below, unit;
    const char* name;
  };
  const Step steps[] = {{absl::Minutes(2), absl::Seconds(1), "s"},
                        {absl::Hours(2), absl::Minutes(1), "min"},
                        {absl::Hours(48), absl::Hours(1), "h"},
                        {absl::Hours(24 * 120), absl::Hours(24), "d"},
                        {absl::Hours(24 * 730), absl::Hours(24 * 30), "months"},
                        {absl::InfiniteDuration(), absl::Hours(24 * 365), "years"}};
  const absl::Duration distance = absl::AbsDuration(now - moment);
  if (distance < absl::Seconds(1)) return "now";
  for (const Step& step : steps) {
    if (distance >= step.below) continue;
    const std::string span = absl::StrCat(distance / step.unit, " ", step.name);
    return moment > now ? absl::StrCat("in ", span) : absl::StrCat(span, " ago");
  }
  return "";
}

StateColor ColorOfState(absl::string_view state) {
  static constexpr std::array<absl::string_view, 23> kGood = {"running",         "available",
                                                              "in-use",          "ok",
                                                              "active",          "inservice",
                                                              "completed",       "attached",
                                                              "associated",      "successful",
                                                              "enabled",         "healthy",
                                                              "allow",           "yes",
                                                              "success",         "associated",
                                                              "complete",        "warmed:running",
                                                              "warmed:stopped",  "optimized",
                                                              "create-complete", "modify-complete",
                                                              "succeeded"};
  static constexpr std::array<absl::string_view, 15> kBad = {
      "failed",      "error",   "alarm",    "impaired", "unhealthy",      "blackhole", "rejected", "deny",
      "unavailable", "expired", "disabled", "inactive", "rollbackfailed", "fault",     "invalid"};
  static constexpr std::array<absl::string_view, 8> kOff = {"stopped", "terminated", "deleted",  "cancelled",
                                                            "no",      "standby",    "detached", "deregistered"};
  const std::string lower = absl::AsciiStrToLower(state);
  const auto in = [&lower](const auto& list) {
    for (const absl::string_view name : list) {
      if (lower == std::string(name)) return true;
    }
    return false;
  };
  if (in(kGood)) return StateColor::kGood;
  if (in(kBad)) return StateColor::kBad;
  if (in(kOff)) return StateColor::kOff;
  for (const char* part : {"pending", "ing", "inprogress", "insufficient", "wait", "queued"}) {
    if (absl::StrContains(lower, part)) return StateColor::kBusy;
  }
  return StateColor::kNone;
}

}  // namespace brume::cli
