#include "lib/frontend/query/decode_cbor.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "lib/base/status_macros.h"
#include "lib/frontend/query/cbor.h"
#include "lib/frontend/query/json_to_cbor.h"
#include "lib/frontend/query/request_values.h"
#include "lib/frontend/query/wire.h"
#include "lib/frontend/query/wire_value.h"
#include "lib/resource/ec2_error.h"

namespace brume::frontend {
namespace {

using google::protobuf::Message;

enum class BodyKind { kCbor, kJson };

// Deeper than any message of the schema; one that holds itself could go on for ever.
constexpr int kMaxStructureDepth = 64;

absl::Status Unreadable(absl::string_view why) { return ec2::Error("SerializationException", why); }

// The number is no integer of the type's where it has a fraction or is out of range. Clients whose numbers are all
// doubles send integers as such.
template <typename Integer>
std::optional<Integer> ToInteger(const CborItem& item) {
  if (item.type == CborType::kInteger) {
    if (item.integer < std::numeric_limits<Integer>::min() || item.integer > std::numeric_limits<Integer>::max()) {
      return std::nullopt;
    }
    return static_cast<Integer>(item.integer);
  }
  // What a double holds exactly.
  constexpr double kMax = int64_t{1} << 53;
  const bool whole = item.type == CborType::kDouble && std::floor(item.number) == item.number;
  if (!whole || std::abs(item.number) > kMax) return std::nullopt;
  return ToInteger<Integer>({.type = CborType::kInteger, .integer = static_cast<int64_t>(item.number)});
}

std::optional<double> ToDouble(const CborItem& item) {
  if (item.type == CborType::kInteger) return static_cast<double>(item.integer);
  if (item.type == CborType::kDouble) return item.number;
  return std::nullopt;
}

// In the schema's form; nothing beyond the years of four digits.
std::optional<std::string> ToTimestamp(double seconds) {
  constexpr double kMaxSeconds = 253402300800;  // 10000-01-01
  if (!(std::abs(seconds) < kMaxSeconds)) return std::nullopt;
  const absl::Time time = absl::FromUnixMillis(std::llround(seconds * 1000));
  return ParseTimestamp(absl::FormatTime("%Y-%m-%d%ET%H:%M:%E3SZ", time, absl::UTCTimeZone()));
}

class CborDecoder {
 public:
  CborDecoder(absl::string_view body, BodyKind kind) : reader_(body), kind_(kind) {}

  absl::Status Run(const WireMessage& wire, Message& request) {
    if (reader_.AtEnd()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const CborItem item, reader_.Next());
    if (item.type != CborType::kMap) return Unreadable("The body must be a structure.");
    RETURN_IF_ERROR(Structure(wire, item, request, 0));
    return reader_.AtEnd() ? absl::OkStatus() : Unreadable("The body has something after the request.");
  }

 private:
  // Whether another item follows in `container`, of which `count` have been read; the break is read.
  struct Next {
    bool more = false;
    CborItem item = {};
  };
  absl::StatusOr<Next> NextOf(const CborItem& container, uint64_t count) {
    if (!container.endless && count == container.size) return Next{};
    ASSIGN_OR_RETURN(CborItem item, reader_.Next());
    const bool is_break = item.type == CborType::kBreak;
    if (is_break && !container.endless) return Unreadable("The body ends a list or structure that has more in it.");
    return Next{.more = !is_break, .item = std::move(item)};
  }

  absl::Status Count() {
    if (++values_ <= kMaxCborValues) return absl::OkStatus();
    return Unreadable(absl::StrCat("The request has more than ", kMaxCborValues, " values."));
  }

  static absl::Status WrongType(const WireField& wire, absl::string_view wanted) {
    return Unreadable(absl::StrCat("The value of ", wire.query, " must be ", wanted, "."));
  }
  static absl::Status Invalid(const WireField& wire, absl::string_view why) {
    return ec2::Error("InvalidParameterValue", absl::StrCat("The value of ", wire.query, " is invalid. ", why));
  }

  absl::Status Structure(const WireMessage& wire, const CborItem& map, Message& message, int depth) {
    if (depth > kMaxStructureDepth) return Unreadable("The request is too deep.");
    RETURN_IF_ERROR(Count());
    absl::flat_hash_set<const WireField*> seen;
    for (uint64_t count = 0;; ++count) {
      ASSIGN_OR_RETURN(const Next key, NextOf(map, count));
      if (!key.more) return absl::OkStatus();
      if (key.item.type != CborType::kText) return Unreadable("The name of a member must be a text.");
      const WireField* const field = wire.Find(key.item.text);
      if (field == nullptr) {
        return ec2::Error("UnknownParameter",
                          absl::StrCat("The parameter ", key.item.text.substr(0, 200), " is not recognized"));
      }
      if (!seen.insert(field).second) {
        return Unreadable(absl::StrCat("The member ", field->query, " is given more than once."));
      }
      ASSIGN_OR_RETURN(const CborItem value, reader_.Next());
      RETURN_IF_ERROR(Member(*field, value, message, depth));
    }
  }

  absl::Status Member(const WireField& wire, const CborItem& item, Message& message, int depth) {
    if (item.type == CborType::kNull) return absl::OkStatus();
    if (wire.map) return MapOf(wire, item, message, depth);
    if (!wire.list) return Value(wire, item, message, depth);
    if (item.type != CborType::kArray) return WrongType(wire, "a list");
    for (uint64_t count = 0;; ++count) {
      ASSIGN_OR_RETURN(const Next next, NextOf(item, count));
      if (!next.more) return absl::OkStatus();
      RETURN_IF_ERROR(Value(wire, next.item, message, depth));
    }
  }

  // A map is a list of messages of a key and a value in the schema.
  absl::Status MapOf(const WireField& wire, const CborItem& map, Message& message, int depth) {
    if (map.type != CborType::kMap) return WrongType(wire, "a map");
    absl::flat_hash_set<std::string> seen;
    for (uint64_t count = 0;; ++count) {
      ASSIGN_OR_RETURN(const Next key, NextOf(map, count));
      if (!key.more) return absl::OkStatus();
      RETURN_IF_ERROR(Count());
      Message& entry = PutStructure(wire, message);
      RETURN_IF_ERROR(Value(wire.structure->fields[0], key.item, entry, depth));
      if (!seen.insert(key.item.text).second) return Unreadable(absl::StrCat(wire.query, " has a key twice."));
      ASSIGN_OR_RETURN(const CborItem value, reader_.Next());
      RETURN_IF_ERROR(Value(wire.structure->fields[1], value, entry, depth));
    }
  }

  absl::Status Value(const WireField& wire, const CborItem& item, Message& message, int depth) {
    switch (wire.type) {
      case WireType::kStructure:
        if (item.type != CborType::kMap) return WrongType(wire, "a structure");
        return Structure(*wire.structure, item, PutStructure(wire, message), depth + 1);
      case WireType::kText:
        if (item.type != CborType::kText) return WrongType(wire, "a text");
        PutText(wire, item.text, message);
        return Count();
      case WireType::kTimestamp:
        RETURN_IF_ERROR(Timestamp(wire, item, message));
        return Count();
      case WireType::kBlob:
        RETURN_IF_ERROR(Blob(wire, item, message));
        return Count();
      default:
        return Scalar(wire, item, message);
    }
  }

  absl::Status Scalar(const WireField& wire, const CborItem& item, Message& message) {
    if (wire.type == WireType::kBoolean) {
      if (item.type != CborType::kBool) return WrongType(wire, "true or false");
      PutBool(wire, item.truth, message);
    } else if (wire.type == WireType::kInteger) {
      const std::optional<int32_t> value = ToInteger<int32_t>(item);
      if (!value) return WrongType(wire, "an integer of 32 bits");
      PutInteger(wire, *value, message);
    } else if (wire.type == WireType::kLong) {
      const std::optional<int64_t> value = ToInteger<int64_t>(item);
      if (!value) return WrongType(wire, "an integer of 64 bits");
      PutLong(wire, *value, message);
    } else {
      const std::optional<double> value = ToDouble(item);
      if (!value) return WrongType(wire, "a number");
      if (!std::isfinite(*value)) return Invalid(wire, "It must be a number.");
      PutDouble(wire, *value, message);
    }
    return absl::OkStatus();
  }

  absl::Status Timestamp(const WireField& wire, const CborItem& item, Message& message) {
    std::optional<double> seconds;
    if (kind_ == BodyKind::kJson) {
      seconds = ToDouble(item);
    } else if (item.type == CborType::kTag && item.integer == kCborTime) {
      ASSIGN_OR_RETURN(const CborItem tagged, reader_.Next());
      seconds = ToDouble(tagged);
    }
    if (!seconds) return WrongType(wire, "a time in seconds since 1970");
    std::optional<std::string> time = ToTimestamp(*seconds);
    if (!time) return Invalid(wire, "It must be a time in seconds since 1970.");
    PutText(wire, *std::move(time), message);
    return absl::OkStatus();
  }

  absl::Status Blob(const WireField& wire, const CborItem& item, Message& message) const {
    std::optional<std::string> bytes;
    if (kind_ == BodyKind::kCbor && item.type == CborType::kBytes) bytes = item.text;
    if (kind_ == BodyKind::kJson && item.type == CborType::kText) bytes = ParseBase64(item.text);
    if (!bytes) return WrongType(wire, kind_ == BodyKind::kCbor ? "bytes" : "base64");
    PutText(wire, *std::move(bytes), message);
    return absl::OkStatus();
  }

  CborReader reader_;
  const BodyKind kind_;
  int values_ = 0;
};

}  // namespace

absl::Status DecodeCbor(absl::string_view body, const google::protobuf::MethodDescriptor& method, Message& request) {
  return CborDecoder(body, BodyKind::kCbor).Run(WireOf(*method.input_type()), request);
}

absl::Status DecodeJson(absl::string_view body, const google::protobuf::MethodDescriptor& method, Message& request) {
  ASSIGN_OR_RETURN(const std::string cbor, JsonToCbor(body));
  return CborDecoder(cbor, BodyKind::kJson).Run(WireOf(*method.input_type()), request);
}

}  // namespace brume::frontend
