#include "cli/shorthand.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

using Json = nlohmann::ordered_json;

bool IsKeyCharacter(char c) {
  return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.' || c == '#' || c == '/';
}

class Parser {
 public:
  explicit Parser(absl::string_view text) : text_(text) {}

  absl::StatusOr<Json> Parse() {
    ASSIGN_OR_RETURN(Json value, ParseMembers(0));
    if (!AtEnd()) return Unexpected("a comma or the end");
    return value;
  }

 private:
  bool AtEnd() const { return at_ == text_.size(); }
  bool Next(char c) const { return !AtEnd() && text_[at_] == c; }
  void SkipSpace() {
    while (!AtEnd() && absl::ascii_isspace(text_[at_])) ++at_;
  }

  absl::Status Unexpected(absl::string_view wanted) const {
    constexpr size_t kShown = 60;
    const size_t from = at_ > kShown ? at_ - kShown : 0;
    return absl::InvalidArgumentError(absl::StrCat("expected ", wanted, " at character ", at_ + 1, ":\n  ",
                                                   text_.substr(from, 2 * kShown), "\n  ", std::string(at_ - from, ' '),
                                                   "^"));
  }

  // True when "key=" starts here: then the comma before it began a new member, not one more value.
  bool AtKey() const {
    size_t i = at_;
    while (i < text_.size() && absl::ascii_isspace(text_[i])) ++i;
    const size_t start = i;
    while (i < text_.size() && IsKeyCharacter(text_[i])) ++i;
    if (i == start) return false;
    while (i < text_.size() && absl::ascii_isspace(text_[i])) ++i;
    return i < text_.size() && text_[i] == '=';
  }

  absl::StatusOr<Json> ParseMembers(int depth) {
    Json object = Json::object();
    while (true) {
      SkipSpace();
      const size_t start = at_;
      while (!AtEnd() && IsKeyCharacter(text_[at_])) ++at_;
      const std::string key(text_.substr(start, at_ - start));
      SkipSpace();
      if (key.empty()) return Unexpected("a key");
      if (!Next('=')) return Unexpected(absl::StrCat("'=' after '", key, "'"));
      if (object.contains(key)) return absl::InvalidArgumentError(absl::StrCat("the key '", key, "' is given twice"));
      ++at_;
      ASSIGN_OR_RETURN(Json value, ParseValue(depth));
      if (Next(',') && !FollowedByKey()) {
        Json list = Json::array({std::move(value)});
        while (Next(',') && !FollowedByKey()) {
          ++at_;
          SkipSpace();
          if (AtEnd() || Next(',') || Next(']') || Next('}')) return Unexpected("a key or a value");
          ASSIGN_OR_RETURN(Json more, ParseValue(depth));
          list.push_back(std::move(more));
        }
        value = std::move(list);
      }
      object[key] = std::move(value);
      if (!Next(',')) return object;
      ++at_;
    }
  }

  bool FollowedByKey() {
    ++at_;
    const bool result = AtKey();
    --at_;
    return result;
  }

  absl::StatusOr<Json> ParseValue(int depth) {
    SkipSpace();
    if (AtEnd()) return Json("");
    if (Next('[') || Next('{')) {
      if (depth == kMaxShorthandDepth) return absl::InvalidArgumentError("brackets are nested too deep");
      ASSIGN_OR_RETURN(Json value, Next('[') ? ParseList(depth + 1) : ParseObject(depth + 1));
      SkipSpace();
      return value;
    }
    if (Next('\'') || Next('"')) return ParseQuoted();
    return ParseWord();
  }

  absl::StatusOr<Json> ParseList(int depth) {
    ++at_;
    Json list = Json::array();
    SkipSpace();
    while (!Next(']')) {
      if (AtEnd()) return Unexpected("']'");
      ASSIGN_OR_RETURN(Json value, ParseValue(depth));
      list.push_back(std::move(value));
      if (Next(',')) {
        ++at_;
        SkipSpace();
        if (Next(']')) return Unexpected("a value");
      } else if (!Next(']')) {
        return Unexpected("',' or ']'");
      }
    }
    ++at_;
    return list;
  }

  absl::StatusOr<Json> ParseObject(int depth) {
    ++at_;
    SkipSpace();
    Json object = Json::object();
    if (!Next('}')) {
      ASSIGN_OR_RETURN(object, ParseMembers(depth));
      if (!Next('}')) return Unexpected("',' or '}'");
    }
    ++at_;
    return object;
  }

  absl::StatusOr<Json> ParseQuoted() {
    const char quote = text_[at_++];
    std::string value;
    while (!Next(quote)) {
      if (AtEnd()) return Unexpected(absl::StrCat("the closing ", std::string(1, quote)));
      if (Next('\\') && at_ + 1 < text_.size() && (text_[at_ + 1] == quote || text_[at_ + 1] == '\\')) ++at_;
      value += text_[at_++];
    }
    ++at_;
    SkipSpace();
    return Json(std::move(value));
  }

  absl::StatusOr<Json> ParseWord() {
    std::string value;
    while (!AtEnd() && !Next(',') && !Next(']') && !Next('}')) {
      if (Next('\\') && at_ + 1 < text_.size() && text_[at_ + 1] == ',') ++at_;
      value += text_[at_++];
    }
    absl::StripTrailingAsciiWhitespace(&value);
    return Json(std::move(value));
  }

  absl::string_view text_;
  size_t at_ = 0;
};

}  // namespace

absl::StatusOr<Json> ParseShorthand(absl::string_view text) { return Parser(text).Parse(); }

absl::StatusOr<Json> ParseJson(absl::string_view text) {
  try {
    return Json::parse(text.begin(), text.end());
  } catch (const nlohmann::json::exception& error) {
    // "[json.exception.parse_error.101] parse error at line 1, column 3: …"
    absl::string_view what = error.what();
    const size_t bracket = what.find("] ");
    if (bracket != absl::string_view::npos) what.remove_prefix(bracket + 2);
    return absl::InvalidArgumentError(absl::StrCat("not JSON: ", what));
  }
}

}  // namespace brume::cli
