#include "lib/frontend/query/http_message.h"

#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/verb.hpp>
#include <iterator>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace brume::frontend {
namespace {

namespace http = boost::beast::http;

absl::string_view View(beast::string_view text) { return {text.data(), text.size()}; }

constexpr Refusal kTooLarge{413, "RequestEntityTooLarge", "The body of the request is too large."};
constexpr Refusal kHeadTooLarge{431, "RequestHeaderSectionTooLarge", "The header of the request is too large."};

bool IsForm(absl::string_view content_type) {
  const absl::string_view type = content_type.substr(0, content_type.find(';'));
  return absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(type), "application/x-www-form-urlencoded");
}

}  // namespace

std::optional<Refusal> RefusalOfReadError(error_code error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) return kHeadTooLarge;
  if (error == http::error::body_limit) return kTooLarge;
  if (error == http::error::end_of_stream || error == http::error::partial_message) return std::nullopt;
  if (error.category() == http::make_error_code(http::error::bad_method).category()) {
    return Refusal{400, "InvalidRequest", "This is no HTTP/1.1 request."};
  }
  return std::nullopt;
}

std::optional<Refusal> RefusalOfHead(const HttpMessage& head, bool has_body, const QueryLimits& limits) {
  if (static_cast<size_t>(std::distance(head.begin(), head.end())) > limits.headers) return kHeadTooLarge;
  if (head.method() != http::verb::get && head.method() != http::verb::post) {
    return Refusal{405, "InvalidRequest", "Only GET and POST are served."};
  }
  const absl::string_view target = View(head.target());
  if (target.substr(0, target.find('?')) != "/") {
    return Refusal{404, "InvalidRequest", "The API is served at / alone."};
  }
  if (head.count(http::field::transfer_encoding) > 0 &&
      !absl::EqualsIgnoreCase(View(head[http::field::transfer_encoding]), "chunked")) {
    return Refusal{501, "InvalidRequest", "The only transfer encoding served is chunked."};
  }
  if (head.count(http::field::expect) > 0 && !absl::EqualsIgnoreCase(View(head[http::field::expect]), "100-continue")) {
    return Refusal{417, "InvalidRequest", "The only expectation met is 100-continue."};
  }
  if (!has_body) return std::nullopt;
  if (head.method() == http::verb::get) return Refusal{400, "InvalidRequest", "A GET has no body."};
  if (!IsForm(View(head[http::field::content_type]))) {
    return Refusal{415, "InvalidRequest", "The body must be application/x-www-form-urlencoded."};
  }
  return std::nullopt;
}

SignedRequest ToSigned(const HttpMessage& message) {
  SignedRequest request;
  request.method = View(message.method_string());
  request.target = View(message.target());
  for (const auto& field : message) {
    request.headers.emplace_back(absl::AsciiStrToLower(View(field.name_string())),
                                 std::string(absl::StripAsciiWhitespace(View(field.value()))));
  }
  request.body = message.body();
  return request;
}

}  // namespace brume::frontend
