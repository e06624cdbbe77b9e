// Structs that list their fields (lib/base/fields.h) from and to messages of the schema, by the fields' names.
//
//   compute::LaunchSpec spec;
//   schema::ReadFields(request, spec);      // what the request does not give is unset in spec
//   schema::WriteFields(spec, *data);       // what spec does not give is unset in data
//
// Types must agree: optional bool with bool, int32, double, string or a message, vectors with repeated fields; what
// does not is a mistake in the program and ends it. A field that the message does not have is passed over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "lib/base/fields.h"

namespace brume::schema {

template <HasFields T>
void ReadFields(const google::protobuf::Message& message, T& value);
template <HasFields T>
void WriteFields(const T& value, google::protobuf::Message& message);

namespace internal {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

void ReadOne(const Message& message, const FieldDescriptor& field, std::string& value);
void ReadOne(const Message& message, const FieldDescriptor& field, bool& value);
void ReadOne(const Message& message, const FieldDescriptor& field, int32_t& value);
void ReadOne(const Message& message, const FieldDescriptor& field, double& value);
void ReadItem(const Message& message, const FieldDescriptor& field, int index, std::string& value);
void WriteOne(const std::string& value, const FieldDescriptor& field, Message& message);
void WriteOne(bool value, const FieldDescriptor& field, Message& message);
void WriteOne(int32_t value, const FieldDescriptor& field, Message& message);
void WriteOne(double value, const FieldDescriptor& field, Message& message);
void AddItem(const std::string& value, const FieldDescriptor& field, Message& message);
const Message& MessageOf(const Message& message, const FieldDescriptor& field);
const Message& ItemOf(const Message& message, const FieldDescriptor& field, int index);
Message& MutableMessage(const FieldDescriptor& field, Message& message);
Message& AddMessage(const FieldDescriptor& field, Message& message);
bool IsSet(const Message& message, const FieldDescriptor& field);
int SizeOf(const Message& message, const FieldDescriptor& field);

template <HasFields T>
void ReadOne(const Message& message, const FieldDescriptor& field, T& value) {
  ReadFields(MessageOf(message, field), value);
}
template <HasFields T>
void ReadItem(const Message& message, const FieldDescriptor& field, int index, T& value) {
  ReadFields(ItemOf(message, field, index), value);
}
template <HasFields T>
void WriteOne(const T& value, const FieldDescriptor& field, Message& message) {
  WriteFields(value, MutableMessage(field, message));
}
template <HasFields T>
void AddItem(const T& value, const FieldDescriptor& field, Message& message) {
  WriteFields(value, AddMessage(field, message));
}

template <typename T>
void Read(const Message& message, const FieldDescriptor& field, std::optional<T>& value) {
  value.reset();
  if (IsSet(message, field)) ReadOne(message, field, value.emplace(T{}));
}
template <typename T>
void Read(const Message& message, const FieldDescriptor& field, std::vector<T>& values) {
  values.clear();
  for (int i = 0; i < SizeOf(message, field); ++i) ReadItem(message, field, i, values.emplace_back());
}
template <typename T>
void Write(const std::optional<T>& value, const FieldDescriptor& field, Message& message) {
  if (value.has_value()) WriteOne(*value, field, message);
}
template <typename T>
void Write(const std::vector<T>& values, const FieldDescriptor& field, Message& message) {
  for (const T& value : values) AddItem(value, field, message);
}

}  // namespace internal

template <HasFields T>
void ReadFields(const google::protobuf::Message& message, T& value) {
  ForEachField<T>([&](const auto& field) {
    const auto* found = message.GetDescriptor()->FindFieldByName(field.name);
    if (found != nullptr) internal::Read(message, *found, value.*field.member);
  });
}

template <HasFields T>
void WriteFields(const T& value, google::protobuf::Message& message) {
  ForEachField<T>([&](const auto& field) {
    const auto* found = message.GetDescriptor()->FindFieldByName(field.name);
    if (found == nullptr) return;
    message.GetReflection()->ClearField(&message, found);
    internal::Write(value.*field.member, *found, message);
  });
}

// What the serialized `bytes` of a M say, all of it. Error: DataLoss when they are not those of a M, or say what a T
// has no field for. For databases that earlier versions wrote.
template <HasFields T, typename M>
absl::StatusOr<T> FieldsFromBytes(const std::string& bytes) {
  M message;
  if (!message.ParseFromString(bytes)) return absl::DataLossError("the bytes cannot be read");
  T value;
  ReadFields(message, value);
  M same;
  WriteFields(value, same);
  // Fields that are not known stay in `message`.
  if (same.SerializeAsString() == message.SerializeAsString()) return value;
  return absl::DataLossError("the bytes have fields that are not known");
}

}  // namespace brume::schema
