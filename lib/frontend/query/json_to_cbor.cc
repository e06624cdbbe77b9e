#include "lib/frontend/query/json_to_cbor.h"

#include <cstdint>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "lib/frontend/query/cbor.h"
#include "lib/resource/ec2_error.h"

namespace brume::frontend {
namespace {

constexpr int kMaxJsonDepth = 128;

// nlohmann's parser calls these for one value after another, and stops where one says false. Its own stack is a bit for
// each level.
class Transcoder {
 public:
  using number_integer_t = nlohmann::json::number_integer_t;
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  using number_float_t = nlohmann::json::number_float_t;
  using string_t = nlohmann::json::string_t;
  using binary_t = nlohmann::json::binary_t;

  bool null() { return cbor_.Null(), true; }
  bool boolean(bool value) { return cbor_.Bool(value), true; }
  bool number_integer(number_integer_t value) { return cbor_.Integer(value), true; }
  bool number_unsigned(number_unsigned_t value) { return cbor_.Unsigned(value), true; }
  bool number_float(number_float_t value, const string_t&) { return cbor_.Double(value), true; }
  bool string(string_t& value) { return cbor_.Text(value), true; }
  bool key(string_t& value) { return string(value); }
  bool binary(binary_t&) { return false; }  // JSON has none
  bool start_object(size_t) { return cbor_.EndlessMap(), ++depth_ <= kMaxJsonDepth; }
  bool start_array(size_t) { return cbor_.EndlessArray(), ++depth_ <= kMaxJsonDepth; }
  bool end_object() { return cbor_.Break(), --depth_, true; }
  bool end_array() { return end_object(); }
  bool parse_error(size_t position, const std::string&, const nlohmann::json::exception&) {
    error_at_ = position;
    return false;
  }

  std::string Take() { return cbor_.Take(); }
  size_t error_at() const { return error_at_; }

 private:
  CborWriter cbor_;
  int depth_ = 0;
  size_t error_at_ = 0;
};

}  // namespace

absl::StatusOr<std::string> JsonToCbor(absl::string_view json) {
  if (absl::StripAsciiWhitespace(json).empty()) return std::string();
  Transcoder transcoder;
  if (nlohmann::json::sax_parse(json.begin(), json.end(), &transcoder)) return transcoder.Take();
  return ec2::Error("SerializationException",
                    absl::StrCat("The body is not JSON that can be read, at byte ", transcoder.error_at(), "."));
}

}  // namespace brume::frontend
