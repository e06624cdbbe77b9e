// How each message of the schema is written in a Query request and in XML, looked up once for all of the schema.
#pragma once

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace brume::frontend {

// The types of EC2's service model.
enum class WireType { kText, kBlob, kTimestamp, kBoolean, kInteger, kLong, kDouble, kStructure };

struct WireMessage;

struct WireField {
  const google::protobuf::FieldDescriptor* field = nullptr;
  WireType type = WireType::kText;
  bool list = false;
  bool map = false;  // a list of messages of a key and a value, which AWS's models have as a map
  bool secret = false;
  bool empty_is_given = false;
  const WireMessage* structure = nullptr;  // of a kStructure

  std::string query;  // "InstanceId"
  // "<instancesSet>", "</instancesSet>", and of an empty list "<instancesSet/>", or nothing where it is left out of
  // answers in any protocol.
  std::string open, close, none;
  std::string item_open, item_close;  // of a list: "<item>", "</item>"
};

struct WireMessage {
  std::vector<WireField> fields;  // in the schema's order
  absl::flat_hash_map<std::string, const WireField*> by_query;
  bool aws_query = false;
  // Of fields some are EC2's {"Value": …}.
  bool has_attribute_values = false;

  // Null when there is none.
  const WireField* Find(absl::string_view query) const;
};

// The request or response of a method of the schema, or a message in one; the reference stays good. Thread-safe.
const WireMessage& WireOf(const google::protobuf::Descriptor& message);

}  // namespace brume::frontend
