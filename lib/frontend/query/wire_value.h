// Single values of messages, by the fields of the wire: what all of the front end's protocols read and write.
#pragma once

#include <cstdint>
#include <string>

#include "google/protobuf/message.h"
#include "lib/frontend/query/wire.h"

namespace brume::frontend {

// Sets the field, or adds an item to it where it is a list. The value is of the field's type; texts are those of
// kText, kTimestamp and kBlob.
void PutText(const WireField& wire, std::string text, google::protobuf::Message& message);
void PutBool(const WireField& wire, bool value, google::protobuf::Message& message);
void PutInteger(const WireField& wire, int32_t value, google::protobuf::Message& message);
void PutLong(const WireField& wire, int64_t value, google::protobuf::Message& message);
void PutDouble(const WireField& wire, double value, google::protobuf::Message& message);
// The message that the field is then, or the new item of its list.
google::protobuf::Message& PutStructure(const WireField& wire, google::protobuf::Message& message);

// A field of a message, or an item of one that is a list.
struct WireValue {
  const google::protobuf::Message& message;
  const WireField& wire;
  int item = -1;  // -1: the field, which is no list

  // Each for fields of its type. `scratch` may hold what is returned.
  const std::string& Text(std::string& scratch) const;
  bool Bool() const;
  int32_t Integer() const;
  int64_t Long() const;
  double Double() const;
  const google::protobuf::Message& Structure() const;
};

// Whether the field is set, or of a list whether it has items.
bool IsThere(const google::protobuf::Message& message, const WireField& wire);

}  // namespace brume::frontend
