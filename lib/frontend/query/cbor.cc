#include "lib/frontend/query/cbor.h"

#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/gateway/validate.h"
#include "lib/resource/ec2_error.h"

namespace brume::frontend {
namespace {

// The types of an item's first byte (RFC 8949, 3.1).
enum Major { kUnsigned, kNegative, kByteString, kTextString, kArray, kMap, kTag, kSimple };
constexpr int kEndless = 31;
constexpr uint64_t kMaxInteger = std::numeric_limits<int64_t>::max();

absl::Status NotCbor(absl::string_view why) {
  return ec2::Error("SerializationException", absl::StrCat("The body is not CBOR that can be read: ", why, "."));
}

// RFC 8949, appendix D.
double FromHalf(uint64_t bits) {
  constexpr int kFractionBits = 10, kBias = 15, kAllOnes = 31;
  const int exponent = static_cast<int>(bits >> kFractionBits) & kAllOnes;
  const auto fraction = static_cast<double>(bits & ((1 << kFractionBits) - 1));
  double value = std::numeric_limits<double>::infinity();
  if (exponent == 0) {
    value = std::ldexp(fraction, 1 - kBias - kFractionBits);
  } else if (exponent != kAllOnes) {
    value = std::ldexp(fraction + (1 << kFractionBits), exponent - kBias - kFractionBits);
  } else if (fraction != 0) {
    value = std::numeric_limits<double>::quiet_NaN();
  }
  return (bits & 0x8000) == 0 ? value : -value;
}

}  // namespace

absl::StatusOr<absl::string_view> CborReader::Take(uint64_t size) {
  if (size > rest_.size()) return NotCbor("it ends too soon");
  const absl::string_view taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

absl::StatusOr<CborReader::Head> CborReader::NextHead() {
  ASSIGN_OR_RETURN(const absl::string_view first, Take(1));
  const auto byte = static_cast<unsigned char>(first[0]);
  Head head{.major = byte >> 5, .info = byte & 31};
  if (head.info < 24) {
    head.argument = static_cast<uint64_t>(head.info);
    return head;
  }
  if (head.info == kEndless) {
    head.endless = true;
    if (head.major == kUnsigned || head.major == kNegative || head.major == kTag) return NotCbor("a number has no end");
    return head;
  }
  if (head.info > 27) return NotCbor("a length is of a reserved kind");
  ASSIGN_OR_RETURN(const absl::string_view digits, Take(uint64_t{1} << (head.info - 24)));
  for (const char digit : digits) head.argument = head.argument << 8 | static_cast<unsigned char>(digit);
  return head;
}

absl::StatusOr<std::string> CborReader::Content(const Head& head) {
  if (!head.endless) {
    ASSIGN_OR_RETURN(const absl::string_view content, Take(head.argument));
    return std::string(content);
  }
  std::string content;
  while (true) {
    ASSIGN_OR_RETURN(const Head piece, NextHead());
    if (piece.major == kSimple && piece.endless) return content;
    if (piece.major != head.major || piece.endless) return NotCbor("a piece of a text is of another type");
    ASSIGN_OR_RETURN(const absl::string_view more, Take(piece.argument));
    content.append(more.data(), more.size());
  }
}

absl::StatusOr<CborItem> CborReader::Simple(const Head& head) {
  const auto number = [](double value) { return CborItem{.type = CborType::kDouble, .number = value}; };
  switch (head.info) {
    case 20:
    case 21:
      return CborItem{.type = CborType::kBool, .truth = head.info == 21};
    case 22:
    case 23:  // undefined: what is not given, as null is
      return CborItem{.type = CborType::kNull};
    case 25:
      return number(FromHalf(head.argument));
    case 26:
      return number(std::bit_cast<float>(static_cast<uint32_t>(head.argument)));
    case 27:
      return number(std::bit_cast<double>(head.argument));
    case kEndless:
      return CborItem{.type = CborType::kBreak};
    default:
      return NotCbor("a simple value is not known");
  }
}

absl::StatusOr<CborItem> CborReader::Next() {
  ASSIGN_OR_RETURN(const Head head, NextHead());
  CborItem item;
  switch (head.major) {
    case kUnsigned:
    case kNegative:
      if (head.argument > kMaxInteger) {
        item.type = CborType::kDouble;
        item.number =
            head.major == kUnsigned ? static_cast<double>(head.argument) : -1.0 - static_cast<double>(head.argument);
        return item;
      }
      item.type = CborType::kInteger;
      item.integer = static_cast<int64_t>(head.argument);
      if (head.major == kNegative) item.integer = -1 - item.integer;
      return item;
    case kByteString:
    case kTextString: {
      item.type = head.major == kTextString ? CborType::kText : CborType::kBytes;
      ASSIGN_OR_RETURN(item.text, Content(head));
      if (item.type == CborType::kText && !gateway::IsUtf8(item.text)) return NotCbor("a text is not UTF-8");
      return item;
    }
    case kArray:
    case kMap:
      item.type = head.major == kArray ? CborType::kArray : CborType::kMap;
      item.size = head.argument;
      item.endless = head.endless;
      return item;
    case kTag:
      if (head.argument > kMaxInteger) return NotCbor("a tag is not known");
      item.type = CborType::kTag;
      item.integer = static_cast<int64_t>(head.argument);
      return item;
    default:
      return Simple(head);
  }
}

void CborWriter::Head(int major, uint64_t argument) {
  const auto first = [&](int info) { bytes_ += static_cast<char>(major << 5 | info); };
  int size = 0;
  if (argument < 24) return first(static_cast<int>(argument));
  if (argument <= std::numeric_limits<uint8_t>::max()) {
    first(24), size = 1;
  } else if (argument <= std::numeric_limits<uint16_t>::max()) {
    first(25), size = 2;
  } else if (argument <= std::numeric_limits<uint32_t>::max()) {
    first(26), size = 4;
  } else {
    first(27), size = 8;
  }
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) bytes_ += static_cast<char>(argument >> shift & 0xff);
}

void CborWriter::Text(absl::string_view text) {
  Head(kTextString, text.size());
  bytes_.append(text.data(), text.size());
}

void CborWriter::Bytes(absl::string_view bytes) {
  Head(kByteString, bytes.size());
  bytes_.append(bytes.data(), bytes.size());
}

void CborWriter::Integer(int64_t value) {
  value >= 0 ? Head(kUnsigned, static_cast<uint64_t>(value)) : Head(kNegative, static_cast<uint64_t>(-1 - value));
}

void CborWriter::Double(double value) {
  bytes_ += '\xfb';
  const auto bits = std::bit_cast<uint64_t>(value);
  for (int shift = 56; shift >= 0; shift -= 8) bytes_ += static_cast<char>(bits >> shift & 0xff);
}

}  // namespace brume::frontend
