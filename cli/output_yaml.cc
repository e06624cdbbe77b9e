#include "cli/output_yaml.h"

#include <algorithm>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "cli/output_json.h"
#include "cli/text.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

using Yaml = nlohmann::ordered_json;

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

bool LooksLikeNumber(absl::string_view text) {
  double number = 0;
  const size_t sign = text[0] == '-' || text[0] == '+' ? 1 : 0;
  if (text.size() == sign) return false;
  const absl::string_view rest = text.substr(sign);
  if (absl::StartsWith(rest, ".inf") || absl::StartsWith(rest, ".nan")) return true;
  if (!IsDigit(rest[0]) && rest[0] != '.') return false;
  if (absl::StartsWith(rest, "0x") || absl::StartsWith(rest, "0o") || absl::StartsWith(rest, "0b")) return true;
  return absl::SimpleAtod(absl::StrReplaceAll(text, {{"_", ""}}), &number);
}

bool LooksLikeDate(absl::string_view text) {
  constexpr absl::string_view kShape = "dddd-dd-dd";
  if (text.size() < kShape.size()) return false;
  for (size_t i = 0; i < kShape.size(); ++i) {
    if (kShape[i] == 'd' ? !IsDigit(text[i]) : text[i] != kShape[i]) return false;
  }
  return text.size() == kShape.size() || absl::StrContains("Tt ", text.substr(kShape.size(), 1));
}

// Whether `text`, free of what a terminal would obey, is that text in YAML without quotes.
bool IsPlain(absl::string_view text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ' || text.back() == ':') return false;
  if (absl::StrContains(text, ": ") || absl::StrContains(text, " #")) return false;
  if (absl::StrContains(",[]{}#&*!|>'\"%@`", text.substr(0, 1))) return false;
  const bool indicator = text[0] == '-' || text[0] == '?';
  if (indicator && (text.size() == 1 || text[1] == ' ')) return false;
  if (absl::StartsWith(text, "---") || absl::StartsWith(text, "...") || text == "=" || text == "<<" || text == "~") {
    return false;
  }
  for (const absl::string_view word : {"null", "true", "false"}) {
    if (absl::EqualsIgnoreCase(text, word)) return false;
  }
  return !LooksLikeNumber(text) && !LooksLikeDate(text);
}

std::string DoubleQuoted(const std::string& text) {
  // JSON's escapes are YAML's, but for what is outside of the basic plane, and that JSON leaves as it is here.
  const std::string json = RenderJson(Yaml(text));
  return json.substr(0, json.size() - 1);
}

std::string YamlScalar(const Yaml& value) {
  if (!value.is_string()) return value.dump();
  const std::string& text = value.get_ref<const std::string&>();
  if (Printable(text) != text) return DoubleQuoted(text);
  return IsPlain(text) ? text : absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "''"}}), "'");
}

void Block(const Yaml& value, int indent, std::string* text);

// Behind "key:" or "-". `indent`: of a block on lines of its own.
void Member(const Yaml& value, int indent, std::string* text) {
  if (!value.is_structured() || value.empty()) {
    absl::StrAppend(text, " ", value.is_structured() ? value.dump() : YamlScalar(value), "\n");
    return;
  }
  *text += '\n';
  Block(value, indent, text);
}

void Block(const Yaml& value, int indent, std::string* text) {
  const std::string margin(static_cast<size_t>(indent), ' ');
  if (value.is_object()) {
    std::map<std::string, const Yaml*> members;
    for (const auto& [key, member] : value.items()) members.emplace(key, &member);
    for (const auto& [key, member] : members) {
      absl::StrAppend(text, margin, YamlScalar(Yaml(key)), ":");
      // A list stands right below its key.
      Member(*member, member->is_array() ? indent : indent + 2, text);
    }
    return;
  }
  for (const Yaml& element : value) {
    absl::StrAppend(text, margin, "-");
    if (!element.is_structured() || element.empty()) {
      Member(element, indent, text);
      continue;
    }
    // The first line of a block stands on the line of its "-".
    std::string inner;
    Block(element, indent + 2, &inner);
    absl::StrAppend(text, " ", absl::string_view(inner).substr(static_cast<size_t>(indent) + 2));
  }
}

}  // namespace

std::string RenderYaml(const Yaml& value) {
  if (!value.is_structured()) return RenderJson(value);
  if (value.empty()) return absl::StrCat(value.dump(), "\n");
  std::string text;
  Block(value, 0, &text);
  return text;
}

}  // namespace brume::cli
