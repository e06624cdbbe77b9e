#include "lib/frontend/query/encode_cbor.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "lib/base/utf8.h"
#include "lib/frontend/query/cbor.h"
#include "lib/frontend/query/wire.h"
#include "lib/frontend/query/wire_value.h"

namespace brume::frontend {
namespace {

using google::protobuf::Message;

// Of a time in the schema's form; of any other text, 1970.
int64_t Milliseconds(const std::string& text) {
  absl::Time time;
  return absl::ParseTime(absl::RFC3339_full, text, &time, nullptr) ? absl::ToUnixMillis(time) : 0;
}

class CborSink {
 public:
  void BeginMap(size_t pairs) { cbor_.Map(pairs); }
  void BeginList(size_t items) { cbor_.Array(items); }
  void EndMap() {}
  void EndList() {}
  void Key(const std::string& name) { Text(name); }
  void Text(const std::string& text) { cbor_.Text(ToUtf8(text)); }
  void Blob(const std::string& bytes) { cbor_.Bytes(bytes); }
  void Bool(bool value) { cbor_.Bool(value); }
  void Integer(int64_t value) { cbor_.Integer(value); }
  void Double(double value) { cbor_.Double(value); }
  void Time(int64_t milliseconds) {
    cbor_.Tag(kCborTime);
    if (milliseconds % 1000 == 0) {
      cbor_.Integer(milliseconds / 1000);
    } else {
      cbor_.Double(static_cast<double>(milliseconds) / 1000);
    }
  }
  std::string Take() { return cbor_.Take(); }

 private:
  CborWriter cbor_;
};

class JsonSink {
 public:
  void BeginMap(size_t) { Open('{'); }
  void BeginList(size_t) { Open('['); }
  void EndMap() { Close('}'); }
  void EndList() { Close(']'); }
  void Key(const std::string& name) {
    Separate();
    Quote(name);
    json_ += ':';
    first_ = true;
  }
  void Text(const std::string& text) { Separate(), Quote(text); }
  void Blob(const std::string& bytes) { Text(absl::Base64Escape(bytes)); }
  void Bool(bool value) { Separate(), json_ += value ? "true" : "false"; }
  void Integer(int64_t value) { Separate(), absl::StrAppend(&json_, value); }
  void Double(double value) {
    if (!std::isfinite(value)) return Text(std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
    Separate();
    std::array<char, 32> digits;
    json_.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
  }
  void Time(int64_t milliseconds) {
    milliseconds % 1000 == 0 ? Integer(milliseconds / 1000) : Double(static_cast<double>(milliseconds) / 1000);
  }
  std::string Take() { return std::move(json_); }

 private:
  void Separate() {
    if (!first_) json_ += ',';
    first_ = false;
  }
  void Open(char bracket) {
    Separate();
    json_ += bracket;
    first_ = true;
  }
  void Close(char bracket) {
    json_ += bracket;
    first_ = false;
  }
  void Quote(const std::string& text) {
    json_ += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }

  std::string json_;
  bool first_ = true;  // nothing stands before in this list or structure
};

template <typename Sink>
class StructureWriter {
 public:
  void Structure(const WireMessage& wire, const Message& message) {
    size_t members = 0;
    for (const WireField& field : wire.fields) members += IsWritten(field, message) ? 1 : 0;
    sink_.BeginMap(members);
    for (const WireField& field : wire.fields) {
      if (!IsWritten(field, message)) continue;
      sink_.Key(field.query);
      if (field.map) {
        Map(field, message);
      } else if (field.list) {
        List(field, message);
      } else {
        Value({message, field});
      }
    }
    sink_.EndMap();
  }

  std::string Take() { return sink_.Take(); }

 private:
  // An empty list is written unless the schema says that it is left out.
  static bool IsWritten(const WireField& field, const Message& message) {
    return IsThere(message, field) || (field.list && !field.none.empty());
  }

  void List(const WireField& field, const Message& message) {
    const int size = message.GetReflection()->FieldSize(message, field.field);
    sink_.BeginList(static_cast<size_t>(size));
    for (int i = 0; i < size; ++i) Value({message, field, i});
    sink_.EndList();
  }

  void Map(const WireField& field, const Message& message) {
    const int size = message.GetReflection()->FieldSize(message, field.field);
    sink_.BeginMap(static_cast<size_t>(size));
    for (int i = 0; i < size; ++i) {
      const Message& entry = WireValue{message, field, i}.Structure();
      std::string scratch;
      sink_.Key(WireValue{entry, field.structure->fields[0]}.Text(scratch));
      Value({entry, field.structure->fields[1]});
    }
    sink_.EndMap();
  }

  void Value(const WireValue& value) {
    std::string scratch;
    switch (value.wire.type) {
      case WireType::kText:
        return sink_.Text(value.Text(scratch));
      case WireType::kTimestamp:
        return sink_.Time(Milliseconds(value.Text(scratch)));
      case WireType::kBlob:
        return sink_.Blob(value.Text(scratch));
      case WireType::kBoolean:
        return sink_.Bool(value.Bool());
      case WireType::kInteger:
        return sink_.Integer(value.Integer());
      case WireType::kLong:
        return sink_.Integer(value.Long());
      case WireType::kDouble:
        return sink_.Double(value.Double());
      case WireType::kStructure:
        return Structure(*value.wire.structure, value.Structure());
    }
  }

  Sink sink_;
};

template <typename Sink>
std::string EncodeBy(const google::protobuf::MethodDescriptor& method, const Message& response) {
  StructureWriter<Sink> writer;
  writer.Structure(WireOf(*method.output_type()), response);
  return writer.Take();
}

}  // namespace

std::string EncodeCbor(const google::protobuf::MethodDescriptor& method, const Message& response) {
  return EncodeBy<CborSink>(method, response);
}

std::string EncodeJson(const google::protobuf::MethodDescriptor& method, const Message& response) {
  return EncodeBy<JsonSink>(method, response);
}

}  // namespace brume::frontend
