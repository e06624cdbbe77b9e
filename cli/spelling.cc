#include "cli/spelling.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace brume::cli {
namespace {

// Levenshtein's distance with swapped neighbours as one edit, letters compared without case.
size_t Distance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> before_last, last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), 0);
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool same = absl::ascii_tolower(a[i - 1]) == absl::ascii_tolower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last = last;
    last = row;
  }
  return last[b.size()];
}

}  // namespace

std::string KebabFromSnake(absl::string_view snake) { return absl::StrReplaceAll(snake, {{"_", "-"}}); }

std::string KebabFromCamel(absl::string_view camel) {
  std::string kebab;
  for (size_t i = 0; i < camel.size(); ++i) {
    const bool upper = absl::ascii_isupper(camel[i]);
    // A word begins at a capital after a small letter, and at the last capital of a run that small letters follow; the
    // "s" of a plural acronym (VPCs) is not a word.
    const bool after_lower = i > 0 && !absl::ascii_isupper(camel[i - 1]);
    const bool before_word = i > 0 && i + 1 < camel.size() && absl::ascii_islower(camel[i + 1]) &&
                             !(camel[i + 1] == 's' && i + 2 == camel.size());
    if (upper && (after_lower || before_word)) kebab += '-';
    kebab += absl::ascii_tolower(camel[i]);
  }
  return kebab;
}

std::string CamelFromSnake(absl::string_view snake) {
  std::string camel;
  bool start = true;
  for (char c : snake) {
    if (c == '_') {
      start = true;
      continue;
    }
    camel += start ? absl::ascii_toupper(c) : c;
    start = false;
  }
  return camel;
}

std::string NearestName(absl::string_view word, const std::vector<std::string>& candidates) {
  if (word.empty() || word.size() > 100) return "";
  std::string best;
  size_t best_distance = std::max<size_t>(word.size() / 3, 1) + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = Distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  if (!best.empty()) return best;
  // A beginning is a guess too: "describe-inst".
  for (const std::string& candidate : candidates) {
    if (word.size() >= 3 && absl::StartsWithIgnoreCase(candidate, word)) return candidate;
  }
  return "";
}

std::string DidYouMean(absl::string_view word, const std::vector<std::string>& candidates) {
  const std::string nearest = NearestName(word, candidates);
  return nearest.empty() ? "" : absl::StrCat(" Did you mean '", nearest, "'?");
}

}  // namespace brume::cli
