#include "lib/frontend/query/wire.h"

#include <cstdlib>
#include <memory>

#include "absl/strings/str_cat.h"
#include "brume/rpc/v1/options.pb.h"
#include "lib/base/log.h"
#include "lib/schema/schema.h"

namespace brume::frontend {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// A mistake in the program.
[[noreturn]] void Die(const std::string& what) {
  log::Error("{}", what);
  std::abort();
}

WireType TypeOf(const FieldDescriptor& field) {
  if (field.is_map()) Die(absl::StrCat(field.full_name(), " is a map"));
  switch (field.type()) {
    case FieldDescriptor::TYPE_STRING:
      return field.options().GetExtension(rpc::v1::timestamp) ? WireType::kTimestamp : WireType::kText;
    case FieldDescriptor::TYPE_BYTES:
      return WireType::kBlob;
    case FieldDescriptor::TYPE_BOOL:
      return WireType::kBoolean;
    case FieldDescriptor::TYPE_INT32:
      return WireType::kInteger;
    case FieldDescriptor::TYPE_INT64:
      return WireType::kLong;
    case FieldDescriptor::TYPE_DOUBLE:
      return WireType::kDouble;
    case FieldDescriptor::TYPE_MESSAGE:
      return WireType::kStructure;
    default:
      Die(absl::StrCat(field.full_name(), " has a type that the Query API does not have"));
  }
}

class Schema {
 public:
  Schema() {
    for (const auto* service : schema::Services()) {
      for (int i = 0; i < service->method_count(); ++i) {
        Add(*service->method(i)->input_type());
        Add(*service->method(i)->output_type());
      }
    }
  }

  const WireMessage& Get(const Descriptor& message) const {
    const auto found = messages_.find(&message);
    if (found == messages_.end()) Die(absl::StrCat(message.full_name(), " is not in the schema"));
    return *found->second;
  }

 private:
  const WireMessage* Add(const Descriptor& message) {
    auto& wire = messages_[&message];
    if (wire != nullptr) return wire.get();
    WireMessage& added = *(wire = std::make_unique<WireMessage>());  // before its fields: a message may hold itself
    added.aws_query = schema::IsAwsQuery(*message.file());
    for (int i = 0; i < message.field_count(); ++i) {
      const FieldDescriptor& field = *message.field(i);
      const std::string xml = schema::XmlName(field);
      const bool omitted = field.options().GetExtension(rpc::v1::omit_empty);
      added.fields.push_back({.field = &field,
                              .type = TypeOf(field),
                              .list = field.is_repeated(),
                              .map = schema::XmlItemName(field) == "entry",
                              .secret = field.options().GetExtension(rpc::v1::secret),
                              .empty_is_given = field.options().GetExtension(rpc::v1::empty_is_given),
                              .query = schema::QueryName(field),
                              .open = absl::StrCat("<", xml, ">"),
                              .close = absl::StrCat("</", xml, ">"),
                              .none = omitted ? "" : absl::StrCat("<", xml, "/>"),
                              .item_open = absl::StrCat("<", schema::XmlItemName(field), ">"),
                              .item_close = absl::StrCat("</", schema::XmlItemName(field), ">")});
      if (field.message_type() == nullptr) continue;
      added.fields.back().structure = Add(*field.message_type());
      added.has_attribute_values |= field.message_type()->options().GetExtension(rpc::v1::attribute_value);
    }
    for (const WireField& field : added.fields) {
      if (!added.by_query.emplace(field.query, &field).second) {
        Die(absl::StrCat(message.full_name(), " has two parameters ", field.query));
      }
    }
    return &added;
  }

  absl::flat_hash_map<const Descriptor*, std::unique_ptr<WireMessage>> messages_;
};

}  // namespace

const WireField* WireMessage::Find(absl::string_view query) const {
  const auto found = by_query.find(query);
  return found == by_query.end() ? nullptr : found->second;
}

const WireMessage& WireOf(const Descriptor& message) {
  static const Schema& schema = *new Schema();
  return schema.Get(message);
}

}  // namespace brume::frontend
