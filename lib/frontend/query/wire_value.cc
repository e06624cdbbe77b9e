#include "lib/frontend/query/wire_value.h"

#include <utility>

namespace brume::frontend {

using google::protobuf::Message;

void PutText(const WireField& wire, std::string text, Message& message) {
  const auto& reflection = *message.GetReflection();
  wire.list ? reflection.AddString(&message, wire.field, std::move(text))
            : reflection.SetString(&message, wire.field, std::move(text));
}

void PutBool(const WireField& wire, bool value, Message& message) {
  const auto& reflection = *message.GetReflection();
  wire.list ? reflection.AddBool(&message, wire.field, value) : reflection.SetBool(&message, wire.field, value);
}

void PutInteger(const WireField& wire, int32_t value, Message& message) {
  const auto& reflection = *message.GetReflection();
  wire.list ? reflection.AddInt32(&message, wire.field, value) : reflection.SetInt32(&message, wire.field, value);
}

void PutLong(const WireField& wire, int64_t value, Message& message) {
  const auto& reflection = *message.GetReflection();
  wire.list ? reflection.AddInt64(&message, wire.field, value) : reflection.SetInt64(&message, wire.field, value);
}

void PutDouble(const WireField& wire, double value, Message& message) {
  const auto& reflection = *message.GetReflection();
  wire.list ? reflection.AddDouble(&message, wire.field, value) : reflection.SetDouble(&message, wire.field, value);
}

Message& PutStructure(const WireField& wire, Message& message) {
  const auto& reflection = *message.GetReflection();
  return wire.list ? *reflection.AddMessage(&message, wire.field) : *reflection.MutableMessage(&message, wire.field);
}

const std::string& WireValue::Text(std::string& scratch) const {
  const auto& reflection = *message.GetReflection();
  return item >= 0 ? reflection.GetRepeatedStringReference(message, wire.field, item, &scratch)
                   : reflection.GetStringReference(message, wire.field, &scratch);
}

bool WireValue::Bool() const {
  const auto& reflection = *message.GetReflection();
  return item >= 0 ? reflection.GetRepeatedBool(message, wire.field, item) : reflection.GetBool(message, wire.field);
}

int32_t WireValue::Integer() const {
  const auto& reflection = *message.GetReflection();
  return item >= 0 ? reflection.GetRepeatedInt32(message, wire.field, item) : reflection.GetInt32(message, wire.field);
}

int64_t WireValue::Long() const {
  const auto& reflection = *message.GetReflection();
  return item >= 0 ? reflection.GetRepeatedInt64(message, wire.field, item) : reflection.GetInt64(message, wire.field);
}

double WireValue::Double() const {
  const auto& reflection = *message.GetReflection();
  return item >= 0 ? reflection.GetRepeatedDouble(message, wire.field, item)
                   : reflection.GetDouble(message, wire.field);
}

const Message& WireValue::Structure() const {
  const auto& reflection = *message.GetReflection();
  return item >= 0 ? reflection.GetRepeatedMessage(message, wire.field, item)
                   : reflection.GetMessage(message, wire.field);
}

bool IsThere(const Message& message, const WireField& wire) {
  const auto& reflection = *message.GetReflection();
  return wire.list ? reflection.FieldSize(message, wire.field) > 0 : reflection.HasField(message, wire.field);
}

}  // namespace brume::frontend
