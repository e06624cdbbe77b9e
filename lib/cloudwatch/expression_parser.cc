#include "lib/cloudwatch/expression_parser.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/status_macros.h"

namespace brume::cloudwatch {
namespace {

using Node = ExpressionNode;
using NodeKind = Node::Kind;

// Each level of brackets takes a few frames of the stack.
constexpr int kDeepest = 50;

// How operators are written, by what they bind: the loosest level first. Longer ones before those they begin with.
struct Sign {
  size_t level;
  absl::string_view text;
  Operator op;
};
constexpr Sign kSigns[] = {
    {0, "||", Operator::kOr},          {0, "OR", Operator::kOr},
    {1, "&&", Operator::kAnd},         {1, "AND", Operator::kAnd},
    {2, "==", Operator::kEqual},       {2, "!=", Operator::kNotEqual},
    {2, "<=", Operator::kLessOrEqual}, {2, ">=", Operator::kGreaterOrEqual},
    {2, "<", Operator::kLess},         {2, ">", Operator::kGreater},
    {3, "+", Operator::kAdd},          {3, "-", Operator::kSubtract},
    {4, "*", Operator::kMultiply},     {4, "/", Operator::kDivide},
};
constexpr size_t kLevels = 5;

// What FILL and SORT take besides values.
constexpr absl::string_view kWords[] = {"REPEAT", "LINEAR", "ASC", "DESC", "AVG", "SUM", "MIN", "MAX", "STDDEV"};

class Parser {
 public:
  explicit Parser(absl::string_view text) : text_(text), rest_(text) {}

  absl::StatusOr<Node> Parse() {
    ASSIGN_OR_RETURN(Node root, Level(0));
    Skip();
    if (!rest_.empty()) return Error("an operator is expected");
    return root;
  }

 private:
  absl::Status Error(absl::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat(what, " at character ", text_.size() - rest_.size() + 1));
  }

  void Skip() { rest_ = absl::StripLeadingAsciiWhitespace(rest_); }

  bool Take(absl::string_view token) {
    Skip();
    return absl::ConsumePrefix(&rest_, token);
  }

  static bool IsWord(char c) { return absl::ascii_isalnum(c) || c == '_'; }

  // A word, as long as it is.
  absl::string_view Word() const {
    return rest_.substr(0, static_cast<size_t>(std::find_if_not(rest_.begin(), rest_.end(), IsWord) - rest_.begin()));
  }

  std::optional<Operator> TakeOperator(size_t level) {
    Skip();
    for (const Sign& sign : kSigns) {
      const bool is_word = absl::ascii_isalpha(sign.text.front());
      if (sign.level == level && (!is_word || Word() == sign.text) && Take(sign.text)) return sign.op;
    }
    return std::nullopt;
  }

  absl::StatusOr<Node> Level(size_t level) {
    if (level == kLevels) return Unary();
    ASSIGN_OR_RETURN(Node left, Level(level + 1));
    for (std::optional<Operator> op = TakeOperator(level); op.has_value(); op = TakeOperator(level)) {
      ASSIGN_OR_RETURN(Node right, Level(level + 1));
      left = Operation(*op, std::move(left), std::move(right));
    }
    return left;
  }

  static Node Operation(Operator op, Node left, Node right) {
    Node node{.kind = NodeKind::kOperator, .op = op};
    node.operands.push_back(std::move(left));
    node.operands.push_back(std::move(right));
    return node;
  }

  // -a ^ b is -(a ^ b).
  absl::StatusOr<Node> Unary() {
    if (!Take("-")) return Power();
    ASSIGN_OR_RETURN(const Depth deeper, Enter());
    ASSIGN_OR_RETURN(Node operand, Unary());
    return Operation(Operator::kSubtract, {.number = 0}, std::move(operand));
  }

  absl::StatusOr<Node> Power() {
    ASSIGN_OR_RETURN(Node base, Primary());
    if (!Take("^")) return base;
    ASSIGN_OR_RETURN(const Depth deeper, Enter());
    ASSIGN_OR_RETURN(Node exponent, Unary());
    return Operation(Operator::kPower, std::move(base), std::move(exponent));
  }

  absl::StatusOr<Node> Primary() {
    ASSIGN_OR_RETURN(const Depth deeper, Enter());
    Skip();
    if (Take("(")) {
      ASSIGN_OR_RETURN(Node inner, Level(0));
      if (!Take(")")) return Error("a ) is missing");
      return inner;
    }
    if (Take("[")) {
      Node list{.kind = NodeKind::kList};
      RETURN_IF_ERROR(Operands("]", list));
      return list;
    }
    if (rest_.empty()) return Error("the expression ends too early: a value is missing");
    const char first = rest_.front();
    if (absl::ascii_isdigit(first) || first == '.') return Number();
    if (first == '"' || first == '\'') return Text(first);
    if (absl::ascii_isalpha(first)) return Name();
    return Error("a value is expected");
  }

  absl::StatusOr<Node> Number() {
    size_t length = rest_.find_first_not_of("0123456789.");
    length = std::min(length, rest_.size());
    // 1e3, 1E-3
    if (length < rest_.size() && absl::ascii_tolower(rest_[length]) == 'e') {
      size_t end = length + 1;
      if (end < rest_.size() && (rest_[end] == '-' || rest_[end] == '+')) ++end;
      if (end < rest_.size() && absl::ascii_isdigit(rest_[end])) {
        length = std::min(rest_.find_first_not_of("0123456789", end), rest_.size());
      }
    }
    Node node;
    if (!absl::SimpleAtod(rest_.substr(0, length), &node.number)) return Error("this is no number,");
    rest_.remove_prefix(length);
    return node;
  }

  absl::StatusOr<Node> Text(char quote) {
    const size_t end = rest_.find(quote, 1);
    if (end == absl::string_view::npos) return Error("the quotation mark is not closed that stands");
    Node node{.kind = NodeKind::kText, .text = std::string(rest_.substr(1, end - 1))};
    rest_.remove_prefix(end + 1);
    return node;
  }

  absl::StatusOr<Node> Name() {
    const std::string name(Word());
    rest_.remove_prefix(name.size());
    if (absl::ascii_islower(name.front())) return Node{.kind = NodeKind::kId, .text = name};
    if (!Take("(")) {
      if (std::find(std::begin(kWords), std::end(kWords), name) != std::end(kWords)) {
        return Node{.kind = NodeKind::kWord, .text = name};
      }
      return Error(absl::StrCat(name, " is neither an id, which begins with a small letter, nor followed by a (,"));
    }
    Node call{.kind = NodeKind::kCall, .text = name};
    RETURN_IF_ERROR(Operands(")", call));
    return call;
  }

  // Up to `end`, separated by commas.
  absl::Status Operands(absl::string_view end, Node& node) {
    if (Take(end)) return absl::OkStatus();
    while (true) {
      ASSIGN_OR_RETURN(Node operand, Level(0));
      node.operands.push_back(std::move(operand));
      if (Take(end)) return absl::OkStatus();
      if (!Take(",")) return Error(absl::StrCat("a , or a ", end, " is missing"));
    }
  }

  // One level of brackets, left at the end of its scope.
  class Depth {
   public:
    explicit Depth(int* depth) : depth_(depth) { ++*depth_; }
    Depth(Depth&& other) noexcept : depth_(std::exchange(other.depth_, nullptr)) {}
    ~Depth() {
      if (depth_ != nullptr) --*depth_;
    }

   private:
    int* depth_;
  };
  absl::StatusOr<Depth> Enter() {
    if (depth_ >= kDeepest) return Error("the expression is nested too deeply");
    return Depth(&depth_);
  }

  const absl::string_view text_;
  absl::string_view rest_;
  int depth_ = 0;
};

}  // namespace

absl::StatusOr<ExpressionNode> ParseExpression(absl::string_view text) { return Parser(text).Parse(); }

}  // namespace brume::cloudwatch
