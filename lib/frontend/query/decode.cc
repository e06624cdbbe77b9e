#include "lib/frontend/query/decode.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "brume/rpc/v1/options.pb.h"
#include "lib/base/status_macros.h"
#include "lib/frontend/query/request_values.h"
#include "lib/frontend/query/wire.h"
#include "lib/frontend/query/wire_value.h"
#include "lib/gateway/validate.h"
#include "lib/resource/ec2_error.h"
#include "lib/schema/schema.h"

namespace brume::frontend {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// No name of the schema has as many parts; a message that holds itself could go on for ever.
constexpr int kMaxParts = 64;

// What the names of a form say before any value is read: a structure's children are its fields by number, a list's are
// its items by index.
struct Node {
  const FormField* value = nullptr;
  absl::flat_hash_map<uint32_t, Node*> children;
};

bool BelongsToTheCall(absl::string_view name) {
  static const auto& names = *new absl::flat_hash_set<absl::string_view>(
      {"Action", "Version", "AWSAccessKeyId", "Signature", "SignatureMethod", "SignatureVersion", "SecurityToken",
       "Timestamp", "Expires"});
  return names.contains(name) || absl::StartsWithIgnoreCase(name, "X-Amz-");
}

absl::Status Unknown(const FormField& field) {
  return ec2::Error("UnknownParameter",
                    absl::StrCat("The parameter ", absl::string_view(field.name).substr(0, 200), " is not recognized"));
}

// A parameter's name as other errors give it: in EC2's each part begins with a small letter.
std::string ShownName(absl::string_view name, bool aws_query) {
  std::string shown(name.substr(0, 200));
  for (size_t i = 0; i < shown.size() && !aws_query; ++i) {
    if (i == 0 || shown[i - 1] == '.') shown[i] = absl::ascii_tolower(shown[i]);
  }
  return shown;
}

// The index of a list's item: digits without zeros before them, which would be a second name for the same item. Some
// clients (fog) number from 0.
std::optional<uint32_t> ParseIndex(absl::string_view text) {
  uint32_t index;
  if (text == "0") return 0;
  if (text.empty() || text[0] < '1' || text[0] > '9' || !absl::SimpleAtoi(text, &index)) return std::nullopt;
  return text.find_first_not_of("0123456789") == absl::string_view::npos ? std::optional(index) : std::nullopt;
}

// The parts of a name, one after another.
class Parts {
 public:
  explicit Parts(absl::string_view name) : rest_(name) {}

  bool AtEnd() const { return at_end_; }
  // Not at the end.
  absl::string_view Next() {
    const size_t dot = rest_.find('.');
    const absl::string_view part = rest_.substr(0, dot);
    at_end_ = dot == absl::string_view::npos;
    if (!at_end_) rest_.remove_prefix(dot + 1);
    return part;
  }

 private:
  absl::string_view rest_;
  bool at_end_ = false;
};

class Decoder {
 public:
  explicit Decoder(const WireMessage& wire) : wire_(wire) {}

  absl::Status Add(const FormField& field) {
    const WireMessage* message = &wire_;
    Node* node = &root_;
    Parts parts(field.name);
    for (int depth = 0; depth < kMaxParts; ++depth) {
      const WireField* wire = message->Find(parts.Next());
      // What is not there and not given either: EC2 has more parameters than are served.
      if (wire == nullptr && !wire_.aws_query && field.value.empty()) return absl::OkStatus();
      if (wire == nullptr) return Unknown(field);
      node = Child(*node, wire->field->number());
      if (wire->list) {
        if (parts.AtEnd()) return AddWithoutNumber(field, *wire, *node);
        const char* const item = wire->map ? "entry" : "member";
        if (wire_.aws_query && (parts.Next() != item || parts.AtEnd())) return Unknown(field);
        const std::optional<uint32_t> index = ParseIndex(parts.Next());
        if (!index) return Unknown(field);
        node = Child(*node, *index);
      }
      if (parts.AtEnd()) return AddValue(field, *wire, *node);
      if (wire->structure == nullptr) return Unknown(field);
      message = wire->structure;
    }
    return Unknown(field);
  }

  absl::Status Fill(Message& request) const { return FillMessage(wire_, root_, request); }

 private:
  Node* Child(Node& parent, uint32_t key) {
    Node*& child = parent.children[key];
    if (child == nullptr) child = &nodes_.emplace_back();
    return child;
  }

  absl::Status Invalid(const FormField& field, const WireField& wire, absl::string_view why) const {
    const absl::string_view shown =
        wire.secret ? absl::string_view("…") : absl::string_view(field.value).substr(0, 100);
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("Value (", shown, ") for parameter ", ShownName(field.name, wire_.aws_query),
                                   " is invalid. ", why));
  }

  absl::Status SetOnce(const FormField& field, Node& node) const {
    if (node.value != nullptr) {
      return ec2::Error("InvalidQueryParameter", absl::StrCat("The parameter ", ShownName(field.name, wire_.aws_query),
                                                              " is given more than once"));
    }
    node.value = &field;
    return absl::OkStatus();
  }

  // An empty list; or in EC2, where some clients (Perl's) send a list of one value so, its one item.
  absl::Status AddWithoutNumber(const FormField& field, const WireField& wire, Node& node) {
    if (field.value.empty()) return SetOnce(field, node);
    if (!wire_.aws_query && wire.structure == nullptr) return AddValue(field, wire, *Child(node, 0));
    const std::string item = schema::ItemName(*wire.field, field.name.substr(0, 200), 1);
    return Invalid(field, wire, absl::StrCat("It is a list: give its first item as ", item, "."));
  }

  absl::Status AddValue(const FormField& field, const WireField& wire, Node& node) const {
    if (wire.structure != nullptr) return Invalid(field, wire, "It is a structure: give its members.");
    return SetOnce(field, node);
  }

  absl::Status FillMessage(const WireMessage& wire, const Node& node, Message& message) const {
    for (const WireField& field : wire.fields) {
      const auto child = node.children.find(field.field->number());
      if (child == node.children.end()) continue;
      if (!field.list) {
        RETURN_IF_ERROR(FillField(field, *child->second, message));
        continue;
      }
      std::vector<std::pair<uint32_t, const Node*>> items(child->second->children.begin(),
                                                          child->second->children.end());
      std::sort(items.begin(), items.end());
      for (const auto& [index, item] : items) RETURN_IF_ERROR(FillField(field, *item, message));
    }
    return absl::OkStatus();
  }

  // Programs that use aws-sdk-go send what is unset as an empty parameter, and EC2 takes it for that. The empty value
  // of an attribute (UserData.Value=), of a tag and of a field with `empty_is_given` is one. To the other services an
  // empty text is a text, and an empty number, time or boolean is not a value.
  bool IsNotGiven(const WireField& wire, const FormField& field, const Message& message) const {
    if (wire.list || wire.empty_is_given || !field.value.empty()) return false;
    if (wire_.aws_query) return wire.type != WireType::kText && wire.type != WireType::kBlob;
    const google::protobuf::Descriptor& type = *message.GetDescriptor();
    return type.name() != "Tag" && !type.options().GetExtension(rpc::v1::attribute_value);
  }

  absl::Status FillStructure(const WireField& wire, const Node& node, Message& message) const {
    Message& structure = PutStructure(wire, message);
    RETURN_IF_ERROR(FillMessage(*wire.structure, node, structure));
    std::vector<const google::protobuf::FieldDescriptor*> given;
    structure.GetReflection()->ListFields(structure, &given);
    // One of nothing but parameters that are not given is not given either: Packer's IamInstanceProfile.Name=
    if (given.empty() && !wire_.aws_query && !wire.list) message.GetReflection()->ClearField(&message, wire.field);
    return absl::OkStatus();
  }

  // Sets the field, or adds an item to it.
  absl::Status FillField(const WireField& wire, const Node& node, Message& message) const {
    if (wire.structure != nullptr) return FillStructure(wire, node, message);
    const FormField& field = *node.value;
    if (IsNotGiven(wire, field, message)) return absl::OkStatus();
    if (wire.type != WireType::kBlob && !gateway::IsUtf8(field.value)) {
      return ec2::Error(
          "InvalidParameterValue",
          absl::StrCat("The value for parameter ", ShownName(field.name, wire_.aws_query), " is not valid UTF-8"));
    }
    switch (wire.type) {
      case WireType::kText:
        PutText(wire, field.value, message);
        return absl::OkStatus();
      case WireType::kTimestamp: {
        std::optional<std::string> time = ParseTimestamp(field.value);
        if (!time) return Invalid(field, wire, "It must be a time such as 2026-01-31T12:00:00Z.");
        PutText(wire, *std::move(time), message);
        return absl::OkStatus();
      }
      case WireType::kBlob: {
        std::optional<std::string> bytes = ParseBase64(field.value);
        if (!bytes) return Invalid(field, wire, "It must be base64.");
        PutText(wire, *std::move(bytes), message);
        return absl::OkStatus();
      }
      case WireType::kBoolean: {
        const std::optional<bool> value = ParseBoolean(field.value);
        if (!value) return Invalid(field, wire, "It must be true or false.");
        PutBool(wire, *value, message);
        return absl::OkStatus();
      }
      case WireType::kInteger: {
        const std::optional<int32_t> value = ParseInteger(field.value);
        if (!value) return Invalid(field, wire, "It must be an integer of 32 bits.");
        PutInteger(wire, *value, message);
        return absl::OkStatus();
      }
      case WireType::kLong: {
        const std::optional<int64_t> value = ParseLong(field.value);
        if (!value) return Invalid(field, wire, "It must be an integer of 64 bits.");
        PutLong(wire, *value, message);
        return absl::OkStatus();
      }
      case WireType::kDouble: {
        const std::optional<double> value = ParseDouble(field.value);
        if (!value) return Invalid(field, wire, "It must be a number.");
        PutDouble(wire, *value, message);
        return absl::OkStatus();
      }
      case WireType::kStructure:
        break;  // above
    }
    return absl::InternalError("a structure without members");
  }

  const WireMessage& wire_;
  std::deque<Node> nodes_;  // whose addresses stay
  Node root_;
};

}  // namespace

absl::Status DecodeRequest(const Form& form, const google::protobuf::MethodDescriptor& method, Message& request) {
  const WireMessage& wire = WireOf(*method.input_type());
  Decoder decoder(wire);
  for (const FormField& field : form) {
    // A parameter of the action's own comes before one that signs with the same name, as in signatures before
    // version 4.
    if (wire.Find(field.name) == nullptr && BelongsToTheCall(field.name)) continue;
    RETURN_IF_ERROR(decoder.Add(field));
  }
  return decoder.Fill(request);
}

}  // namespace brume::frontend
