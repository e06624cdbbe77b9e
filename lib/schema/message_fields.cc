#include "lib/schema/message_fields.h"

namespace brume::schema::internal {

void ReadOne(const Message& message, const FieldDescriptor& field, std::string& value) {
  value = message.GetReflection()->GetString(message, &field);
}
void ReadOne(const Message& message, const FieldDescriptor& field, bool& value) {
  value = message.GetReflection()->GetBool(message, &field);
}
void ReadOne(const Message& message, const FieldDescriptor& field, int32_t& value) {
  value = message.GetReflection()->GetInt32(message, &field);
}
void ReadOne(const Message& message, const FieldDescriptor& field, double& value) {
  value = message.GetReflection()->GetDouble(message, &field);
}
void ReadItem(const Message& message, const FieldDescriptor& field, int index, std::string& value) {
  value = message.GetReflection()->GetRepeatedString(message, &field, index);
}

void WriteOne(const std::string& value, const FieldDescriptor& field, Message& message) {
  message.GetReflection()->SetString(&message, &field, value);
}
void WriteOne(bool value, const FieldDescriptor& field, Message& message) {
  message.GetReflection()->SetBool(&message, &field, value);
}
void WriteOne(int32_t value, const FieldDescriptor& field, Message& message) {
  message.GetReflection()->SetInt32(&message, &field, value);
}
void WriteOne(double value, const FieldDescriptor& field, Message& message) {
  message.GetReflection()->SetDouble(&message, &field, value);
}
void AddItem(const std::string& value, const FieldDescriptor& field, Message& message) {
  message.GetReflection()->AddString(&message, &field, value);
}

const Message& MessageOf(const Message& message, const FieldDescriptor& field) {
  return message.GetReflection()->GetMessage(message, &field);
}
const Message& ItemOf(const Message& message, const FieldDescriptor& field, int index) {
  return message.GetReflection()->GetRepeatedMessage(message, &field, index);
}
Message& MutableMessage(const FieldDescriptor& field, Message& message) {
  return *message.GetReflection()->MutableMessage(&message, &field);
}
Message& AddMessage(const FieldDescriptor& field, Message& message) {
  return *message.GetReflection()->AddMessage(&message, &field);
}
bool IsSet(const Message& message, const FieldDescriptor& field) {
  return message.GetReflection()->HasField(message, &field);
}
int SizeOf(const Message& message, const FieldDescriptor& field) {
  return message.GetReflection()->FieldSize(message, &field);
}

}  // namespace brume::schema::internal
