#include "cli/jmespath_syntax.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cli/jmespath_functions.h"
#include "lib/base/status_macros.h"

namespace brume::cli {
namespace {

using JmesJson = nlohmann::ordered_json;
using NodeKind = JmesNode::Kind;

enum class TokenKind {
  kEnd,
  kName,
  kQuotedName,
  kLiteral,
  kNumber,
  kCloseBracket,
  kCloseParenthesis,
  kCloseBrace,
  kComma,
  kColon,
  kAt,
  kAmpersand,
  kPipe,
  kOr,
  kAnd,
  kComparator,
  kFlatten,
  kStar,
  kFilter,
  kDot,
  kNot,
  kOpenBrace,
  kOpenBracket,
  kOpenParenthesis,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  size_t at = 0;
  std::string text = {};
  JmesJson literal = {};
};

// How strongly a token binds what stands on its left.
int BindingPower(TokenKind kind) {
  switch (kind) {
    case TokenKind::kPipe:
      return 1;
    case TokenKind::kOr:
      return 2;
    case TokenKind::kAnd:
      return 3;
    case TokenKind::kComparator:
      return 5;
    case TokenKind::kFlatten:
      return 9;
    case TokenKind::kStar:
      return 20;
    case TokenKind::kFilter:
      return 21;
    case TokenKind::kDot:
      return 40;
    case TokenKind::kNot:
      return 45;
    case TokenKind::kOpenBrace:
      return 50;
    case TokenKind::kOpenBracket:
      return 55;
    case TokenKind::kOpenParenthesis:
      return 60;
    default:
      return 0;
  }
}
constexpr int kProjectionStop = 10;  // what binds less ends a projection
constexpr int kMaxNesting = 250;

absl::Status SyntaxError(size_t at, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(what, " at character ", at + 1));
}

class JmesLexer {
 public:
  explicit JmesLexer(absl::string_view text) : text_(text) {}

  absl::StatusOr<std::vector<Token>> Run() {
    std::vector<Token> tokens;
    while (true) {
      while (at_ < text_.size() && absl::ascii_isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
      if (at_ == text_.size()) break;
      const size_t start = at_;
      ASSIGN_OR_RETURN(Token token, Next());
      token.at = start;
      tokens.push_back(std::move(token));
    }
    tokens.push_back({.kind = TokenKind::kEnd, .at = text_.size()});
    return tokens;
  }

 private:
  bool Take(absl::string_view wanted) {
    if (text_.substr(at_, wanted.size()) != wanted) return false;
    at_ += wanted.size();
    return true;
  }

  absl::StatusOr<Token> Next() {
    // The longer first.
    static constexpr std::pair<absl::string_view, TokenKind> kFixed[] = {{"[?", TokenKind::kFilter},
                                                                         {"[]", TokenKind::kFlatten},
                                                                         {"[", TokenKind::kOpenBracket},
                                                                         {"]", TokenKind::kCloseBracket},
                                                                         {"||", TokenKind::kOr},
                                                                         {"|", TokenKind::kPipe},
                                                                         {"&&", TokenKind::kAnd},
                                                                         {"&", TokenKind::kAmpersand},
                                                                         {"==", TokenKind::kComparator},
                                                                         {"!=", TokenKind::kComparator},
                                                                         {"<=", TokenKind::kComparator},
                                                                         {">=", TokenKind::kComparator},
                                                                         {"<", TokenKind::kComparator},
                                                                         {">", TokenKind::kComparator},
                                                                         {"!", TokenKind::kNot},
                                                                         {".", TokenKind::kDot},
                                                                         {"*", TokenKind::kStar},
                                                                         {",", TokenKind::kComma},
                                                                         {":", TokenKind::kColon},
                                                                         {"@", TokenKind::kAt},
                                                                         {"(", TokenKind::kOpenParenthesis},
                                                                         {")", TokenKind::kCloseParenthesis},
                                                                         {"{", TokenKind::kOpenBrace},
                                                                         {"}", TokenKind::kCloseBrace}};
    for (const auto& [spelled, kind] : kFixed) {
      if (Take(spelled)) return Token{.kind = kind, .text = std::string(spelled)};
    }
    const char c = text_[at_];
    if (absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_') return Name();
    if (absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '-') return Number();
    if (c == '"') return QuotedName();
    if (c == '\'') {
      ASSIGN_OR_RETURN(std::string raw, Until('\''));
      return Token{.kind = TokenKind::kLiteral, .literal = absl::StrReplaceAll(raw, {{"\\'", "'"}})};
    }
    if (c == '`') return Literal();
    return SyntaxError(at_, absl::StrCat("unexpected '", text_.substr(at_, 1), "'"));
  }

  Token Name() {
    const size_t start = at_;
    while (at_ < text_.size() && (absl::ascii_isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_')) {
      ++at_;
    }
    return {.kind = TokenKind::kName, .text = std::string(text_.substr(start, at_ - start))};
  }

  absl::StatusOr<Token> Number() {
    const size_t start = at_++;
    while (at_ < text_.size() && absl::ascii_isdigit(static_cast<unsigned char>(text_[at_]))) ++at_;
    const absl::string_view text = text_.substr(start, at_ - start);
    int64_t number = 0;
    if (!absl::SimpleAtoi(text, &number)) return SyntaxError(start, absl::StrCat("'", text, "' is no number"));
    return Token{.kind = TokenKind::kNumber, .text = std::string(text), .literal = number};
  }

  // What stands up to the next `delimiter` that no backslash is before; escapes as they are.
  absl::StatusOr<std::string> Until(char delimiter) {
    const size_t start = at_++;
    while (at_ < text_.size() && text_[at_] != delimiter) at_ += text_[at_] == '\\' ? 2 : 1;
    if (at_ >= text_.size()) return SyntaxError(start, absl::StrCat("nothing closes the ", std::string(1, delimiter)));
    return std::string(text_.substr(start + 1, at_++ - start - 1));
  }

  absl::StatusOr<Token> QuotedName() {
    const size_t start = at_;
    ASSIGN_OR_RETURN(std::string inner, Until('"'));
    const JmesJson parsed = JmesJson::parse(absl::StrCat("\"", inner, "\""), nullptr, false);
    if (!parsed.is_string()) return SyntaxError(start, "the name in quotes is no JSON string");
    return Token{.kind = TokenKind::kQuotedName, .text = parsed.get<std::string>()};
  }

  absl::StatusOr<Token> Literal() {
    const size_t start = at_;
    ASSIGN_OR_RETURN(std::string inner, Until('`'));
    inner = absl::StrReplaceAll(inner, {{"\\`", "`"}});
    JmesJson parsed = JmesJson::parse(inner, nullptr, false);
    if (parsed.is_discarded()) {
      parsed = JmesJson::parse(absl::StrCat("\"", absl::StripLeadingAsciiWhitespace(inner), "\""), nullptr, false);
    }
    if (parsed.is_discarded()) return SyntaxError(start, "the literal is no JSON");
    return Token{.kind = TokenKind::kLiteral, .literal = std::move(parsed)};
  }

  const absl::string_view text_;
  size_t at_ = 0;
};

JmesTree Make(NodeKind kind, std::vector<JmesTree> children = {}) {
  return std::make_shared<JmesNode>(JmesNode{.kind = kind, .children = std::move(children)});
}

// Top-down operator precedence: a token either begins an expression (Begin) or goes on from what is on its left (Go).
class JmesParser {
 public:
  explicit JmesParser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  absl::StatusOr<JmesTree> Run() {
    ASSIGN_OR_RETURN(JmesTree tree, Expression(0));
    if (Kind() != TokenKind::kEnd) return Unexpected();
    return tree;
  }

 private:
  TokenKind Kind(size_t ahead = 0) const { return tokens_[std::min(next_ + ahead, tokens_.size() - 1)].kind; }
  Token Take() {
    const size_t at = std::min(next_, tokens_.size() - 1);
    ++next_;
    return tokens_[at];
  }
  bool TakeIf(TokenKind kind) {
    if (Kind() != kind) return false;
    ++next_;
    return true;
  }
  absl::Status Unexpected() const {
    const Token& token = tokens_[std::min(next_, tokens_.size() - 1)];
    if (token.kind == TokenKind::kEnd) return SyntaxError(token.at, "the expression ends too early,");
    const std::string text =
        token.text.empty() ? token.literal.dump(-1, ' ', false, JmesJson::error_handler_t::replace) : token.text;
    return SyntaxError(token.at, absl::StrCat("unexpected '", text, "'"));
  }
  absl::Status Expect(TokenKind kind) { return TakeIf(kind) ? absl::OkStatus() : Unexpected(); }

  absl::StatusOr<JmesTree> Expression(int power) {
    if (++depth_ > kMaxNesting) return absl::InvalidArgumentError("the expression is nested too deeply");
    ASSIGN_OR_RETURN(JmesTree left, Begin());
    while (power < BindingPower(Kind())) {
      ASSIGN_OR_RETURN(left, Go(left));
    }
    --depth_;
    return left;
  }

  absl::StatusOr<JmesTree> Begin() {
    const JmesTree current = Make(NodeKind::kCurrent);
    switch (Kind()) {
      case TokenKind::kLiteral:
        return std::make_shared<JmesNode>(JmesNode{.kind = NodeKind::kLiteral, .literal = Take().literal});
      case TokenKind::kName:
        return std::make_shared<JmesNode>(JmesNode{.kind = NodeKind::kField, .name = Take().text});
      case TokenKind::kQuotedName: {
        const Token token = Take();
        if (Kind() == TokenKind::kOpenParenthesis) return SyntaxError(token.at, "a function's name has no quotes,");
        return std::make_shared<JmesNode>(JmesNode{.kind = NodeKind::kField, .name = token.text});
      }
      case TokenKind::kStar: {
        Take();
        if (Kind() == TokenKind::kCloseBracket) return Make(NodeKind::kValueProjection, {current, current});
        ASSIGN_OR_RETURN(JmesTree right, AfterProjection(TokenKind::kStar));
        return Make(NodeKind::kValueProjection, {current, right});
      }
      case TokenKind::kFilter:
      case TokenKind::kFlatten:
        return Go(current);
      case TokenKind::kOpenBrace:
        Take();
        return Object();
      case TokenKind::kOpenParenthesis: {
        Take();
        ASSIGN_OR_RETURN(JmesTree inner, Expression(0));
        RETURN_IF_ERROR(Expect(TokenKind::kCloseParenthesis));
        // In parentheses a name is no function's, and a projection ends.
        return Make(NodeKind::kChain, {inner});
      }
      case TokenKind::kNot: {
        Take();
        ASSIGN_OR_RETURN(JmesTree inner, Expression(BindingPower(TokenKind::kNot)));
        return Make(NodeKind::kNot, {inner});
      }
      case TokenKind::kOpenBracket:
        Take();
        if (Kind() == TokenKind::kNumber || Kind() == TokenKind::kColon) return Index(current);
        if (Kind() == TokenKind::kStar && Kind(1) == TokenKind::kCloseBracket) return ListProjection(current);
        return List();
      case TokenKind::kAt:
        Take();
        return current;
      case TokenKind::kAmpersand: {
        Take();
        ASSIGN_OR_RETURN(JmesTree inner, Expression(BindingPower(TokenKind::kAmpersand)));
        return Make(NodeKind::kExpression, {inner});
      }
      default:
        return Unexpected();
    }
  }

  absl::StatusOr<JmesTree> Go(const JmesTree& left) {
    const Token token = Take();
    switch (token.kind) {
      case TokenKind::kDot: {
        if (TakeIf(TokenKind::kStar)) {
          ASSIGN_OR_RETURN(JmesTree right, AfterProjection(TokenKind::kDot));
          return Make(NodeKind::kValueProjection, {left, right});
        }
        ASSIGN_OR_RETURN(JmesTree right, AfterDot(TokenKind::kDot));
        return Make(NodeKind::kChain, {left, right});
      }
      case TokenKind::kPipe:
        return Binary(NodeKind::kChain, left, token.kind);
      case TokenKind::kOr:
        return Binary(NodeKind::kOr, left, token.kind);
      case TokenKind::kAnd:
        return Binary(NodeKind::kAnd, left, token.kind);
      case TokenKind::kComparator: {
        ASSIGN_OR_RETURN(JmesTree right, Expression(BindingPower(token.kind)));
        return std::make_shared<JmesNode>(
            JmesNode{.kind = NodeKind::kComparison, .name = token.text, .children = {left, right}});
      }
      case TokenKind::kOpenParenthesis:
        return Call(left, token.at);
      case TokenKind::kFilter: {
        ASSIGN_OR_RETURN(JmesTree condition, Expression(0));
        RETURN_IF_ERROR(Expect(TokenKind::kCloseBracket));
        JmesTree right = Make(NodeKind::kCurrent);
        if (Kind() != TokenKind::kFlatten) {
          ASSIGN_OR_RETURN(right, AfterProjection(TokenKind::kFilter));
        }
        return Make(NodeKind::kFilter, {left, right, condition});
      }
      case TokenKind::kFlatten: {
        ASSIGN_OR_RETURN(JmesTree right, AfterProjection(TokenKind::kFlatten));
        return Make(NodeKind::kProjection, {Make(NodeKind::kFlatten, {left}), right});
      }
      case TokenKind::kOpenBracket:
        if (Kind() == TokenKind::kNumber || Kind() == TokenKind::kColon) return Index(left);
        return ListProjection(left);
      default:
        --next_;
        return Unexpected();
    }
  }

  absl::StatusOr<JmesTree> Binary(NodeKind kind, const JmesTree& left, TokenKind token) {
    ASSIGN_OR_RETURN(JmesTree right, Expression(BindingPower(token)));
    return Make(kind, {left, right});
  }

  // Behind "[" of "[0]" or "[1:2]".
  absl::StatusOr<JmesTree> Index(const JmesTree& left) {
    if (Kind() == TokenKind::kNumber && Kind(1) != TokenKind::kColon) {
      JmesTree index =
          std::make_shared<JmesNode>(JmesNode{.kind = NodeKind::kIndex, .number = Take().literal.get<int64_t>()});
      RETURN_IF_ERROR(Expect(TokenKind::kCloseBracket));
      return Make(NodeKind::kChain, {left, index});
    }
    auto slice = std::make_shared<JmesNode>(JmesNode{.kind = NodeKind::kSlice});
    for (int part = 0; Kind() != TokenKind::kCloseBracket;) {
      if (Kind() == TokenKind::kColon) {
        if (++part == 3) return Unexpected();
        Take();
      } else if (Kind() == TokenKind::kNumber && !slice->slice[part].has_value()) {
        slice->slice[part] = Take().literal.get<int64_t>();
      } else {
        return Unexpected();
      }
    }
    Take();
    ASSIGN_OR_RETURN(JmesTree right, AfterProjection(TokenKind::kStar));
    return Make(NodeKind::kProjection, {Make(NodeKind::kChain, {left, slice}), right});
  }

  // Behind "[" of "[*]".
  absl::StatusOr<JmesTree> ListProjection(const JmesTree& left) {
    RETURN_IF_ERROR(Expect(TokenKind::kStar));
    RETURN_IF_ERROR(Expect(TokenKind::kCloseBracket));
    ASSIGN_OR_RETURN(JmesTree right, AfterProjection(TokenKind::kStar));
    return Make(NodeKind::kProjection, {left, right});
  }

  absl::StatusOr<JmesTree> AfterDot(TokenKind binding) {
    switch (Kind()) {
      case TokenKind::kName:
      case TokenKind::kQuotedName:
      case TokenKind::kStar:
        return Expression(BindingPower(binding));
      case TokenKind::kOpenBracket:
        Take();
        return List();
      case TokenKind::kOpenBrace:
        Take();
        return Object();
      default:
        return Unexpected();
    }
  }

  // What is asked of each element.
  absl::StatusOr<JmesTree> AfterProjection(TokenKind binding) {
    if (BindingPower(Kind()) < kProjectionStop) return Make(NodeKind::kCurrent);
    if (Kind() == TokenKind::kOpenBracket || Kind() == TokenKind::kFilter) return Expression(BindingPower(binding));
    if (!TakeIf(TokenKind::kDot)) return Unexpected();
    return AfterDot(binding);
  }

  absl::StatusOr<JmesTree> List() {
    std::vector<JmesTree> elements;
    do {
      ASSIGN_OR_RETURN(JmesTree element, Expression(0));
      elements.push_back(std::move(element));
    } while (TakeIf(TokenKind::kComma));
    RETURN_IF_ERROR(Expect(TokenKind::kCloseBracket));
    return Make(NodeKind::kList, std::move(elements));
  }

  absl::StatusOr<JmesTree> Object() {
    auto object = std::make_shared<JmesNode>(JmesNode{.kind = NodeKind::kObject});
    do {
      if (Kind() != TokenKind::kName && Kind() != TokenKind::kQuotedName) return Unexpected();
      object->names.push_back(Take().text);
      RETURN_IF_ERROR(Expect(TokenKind::kColon));
      ASSIGN_OR_RETURN(JmesTree member, Expression(0));
      object->children.push_back(std::move(member));
    } while (TakeIf(TokenKind::kComma));
    RETURN_IF_ERROR(Expect(TokenKind::kCloseBrace));
    return object;
  }

  absl::StatusOr<JmesTree> Call(const JmesTree& left, size_t at) {
    if (left->kind != NodeKind::kField) return SyntaxError(at, "unexpected '('");
    auto call = std::make_shared<JmesNode>(JmesNode{.kind = NodeKind::kCall, .name = left->name});
    while (Kind() != TokenKind::kCloseParenthesis) {
      if (!call->children.empty()) RETURN_IF_ERROR(Expect(TokenKind::kComma));
      ASSIGN_OR_RETURN(JmesTree argument, Expression(0));
      call->children.push_back(std::move(argument));
    }
    Take();
    RETURN_IF_ERROR(CheckJmesCall(call->name, call->children.size()));
    return call;
  }

  const std::vector<Token> tokens_;
  size_t next_ = 0;
  int depth_ = 0;
};

}  // namespace

absl::StatusOr<JmesTree> ParseJmesPath(absl::string_view expression) {
  ASSIGN_OR_RETURN(std::vector<Token> tokens, JmesLexer(expression).Run());
  return JmesParser(std::move(tokens)).Run();
}

}  // namespace brume::cli
