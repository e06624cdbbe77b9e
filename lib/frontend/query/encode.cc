#include "lib/frontend/query/encode.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "lib/frontend/query/wire.h"
#include "lib/frontend/query/wire_value.h"
#include "lib/frontend/query/xml_text.h"
#include "lib/schema/schema.h"

namespace brume::frontend {
namespace {

using google::protobuf::Message;

constexpr char kDeclaration[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

class Writer {
 public:
  explicit Writer(std::string& xml) : xml_(xml) {}

  void WriteResponse(const WireMessage& wire, const Message& response) {
    // Of an attribute's answer an empty list was asked for only when nothing else was.
    const bool empty_lists =
        !wire.has_attribute_values || !std::any_of(wire.fields.begin(), wire.fields.end(), [&](const WireField& field) {
          return (field.list || field.structure != nullptr) && IsThere(response, field);
        });
    WriteMembers(wire, response, empty_lists);
  }

 private:
  void WriteMembers(const WireMessage& wire, const Message& message, bool empty_lists) {
    for (const WireField& field : wire.fields) {
      if (!IsThere(message, field)) {
        if (field.list && empty_lists) xml_ += field.none;
        continue;
      }
      if (!field.list) {
        WriteElement(message, field, -1, field.open, field.close);
        continue;
      }
      xml_ += field.open;
      const int size = message.GetReflection()->FieldSize(message, field.field);
      for (int i = 0; i < size; ++i) {
        const size_t before = xml_.size();
        WriteElement(message, field, i, field.item_open, field.item_close);
        if (i == 0 && size > 1) ReserveMore(xml_.size() - before, static_cast<size_t>(size - 1));
      }
      xml_ += field.close;
    }
  }

  // `index` is -1 for a field that is not repeated.
  void WriteElement(const Message& message, const WireField& field, int index, absl::string_view open,
                    absl::string_view close) {
    const WireValue value{message, field, index};
    xml_.append(open.data(), open.size());
    switch (field.type) {
      case WireType::kText:
      case WireType::kTimestamp:
      case WireType::kBlob: {
        std::string scratch;
        const std::string& text = value.Text(scratch);
        if (field.type == WireType::kBlob) {
          xml_ += absl::Base64Escape(text);
        } else {
          AppendXmlText(xml_, text);
        }
        break;
      }
      case WireType::kBoolean:
        xml_ += value.Bool() ? "true" : "false";
        break;
      case WireType::kInteger:
        absl::StrAppend(&xml_, value.Integer());
        break;
      case WireType::kLong:
        absl::StrAppend(&xml_, value.Long());
        break;
      case WireType::kDouble:
        WriteDouble(value.Double());
        break;
      case WireType::kStructure:
        WriteMembers(*field.structure, value.Structure(), true);
        break;
    }
    xml_.append(close.data(), close.size());
  }

  // The shortest digits that are read back as the same number.
  void WriteDouble(double value) {
    std::array<char, 32> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    xml_.append(digits.data(), end);
  }

  // Items of a list are much alike: the first tells what room the others take. A long answer that grows by doubling
  // would be copied, and its memory be got from the kernel, several times.
  void ReserveMore(size_t item, size_t count) {
    constexpr size_t kWorthwhile = 64 << 10;
    const size_t more = item * count + item * count / 8;
    if (more > kWorthwhile && xml_.capacity() - xml_.size() < more) xml_.reserve(xml_.size() + more);
  }

  std::string& xml_;
};

}  // namespace

std::string EncodeResponse(const google::protobuf::MethodDescriptor& method, const Message& response,
                           absl::string_view request_id, absl::string_view version) {
  const schema::ApiFamilyInfo& family = schema::Family(*method.service());
  const WireMessage& wire = WireOf(*method.output_type());
  std::string xml = absl::StrCat(kDeclaration, "<", method.name(), "Response");
  if (!family.xml_namespace.empty()) {
    const absl::string_view shown = version.empty() ? absl::string_view(family.api_version) : version;
    absl::StrAppend(&xml, " xmlns=\"", absl::StrReplaceAll(family.xml_namespace, {{family.api_version, shown}}), "\"");
  }
  xml += ">";
  Writer writer(xml);
  if (family.aws_query) {
    // The result is there also where an action has none: some models ask for an empty one, and nobody minds it.
    absl::StrAppend(&xml, "<", method.name(), "Result>");
    writer.WriteResponse(wire, response);
    absl::StrAppend(&xml, "</", method.name(), "Result><ResponseMetadata><RequestId>");
    AppendXmlText(xml, request_id);
    xml += "</RequestId></ResponseMetadata>";
  } else {
    xml += "<requestId>";
    AppendXmlText(xml, request_id);
    xml += "</requestId>";
    if (wire.fields.empty()) xml += "<return>true</return>";
    writer.WriteResponse(wire, response);
  }
  absl::StrAppend(&xml, "</", method.name(), "Response>");
  return xml;
}

}  // namespace brume::frontend
