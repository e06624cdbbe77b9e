#include "lib/frontend/query/encode_error.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "lib/frontend/query/xml_text.h"
#include "lib/resource/ec2_error.h"

namespace brume::frontend {
namespace {

ec2::KnownCode CodeOf(const schema::ApiFamilyInfo& family, const absl::Status& error) {
  const std::optional<ec2::KnownCode> code = ec2::KnownCode::Find(ec2::ErrorCode(error));
  return code.value_or(ec2::KnownCode("InternalError")).In(ec2::ApiBitOf(family.signing_name));
}

void AppendElement(std::string& xml, absl::string_view name, absl::string_view text) {
  absl::StrAppend(&xml, "<", name, ">");
  AppendXmlText(xml, text);
  absl::StrAppend(&xml, "</", name, ">");
}

}  // namespace

std::string EncodeError(const schema::ApiFamilyInfo& family, const absl::Status& error, absl::string_view request_id) {
  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  if (!family.aws_query) {
    xml += "<Response><Errors><Error>";
    AppendElement(xml, "Code", CodeOf(family, error).text());
    AppendElement(xml, "Message", error.message());
    xml += "</Error></Errors>";
    AppendElement(xml, "RequestID", request_id);
    return xml + "</Response>";
  }
  xml += "<ErrorResponse";
  if (!family.xml_namespace.empty()) absl::StrAppend(&xml, " xmlns=\"", family.xml_namespace, "\"");
  xml += "><Error>";
  AppendElement(xml, "Type", HttpStatus(family, error) < 500 ? "Sender" : "Receiver");
  AppendElement(xml, "Code", CodeOf(family, error).text());
  AppendElement(xml, "Message", error.message());
  xml += "</Error>";
  AppendElement(xml, "RequestId", request_id);
  return xml + "</ErrorResponse>";
}

int HttpStatus(const schema::ApiFamilyInfo& family, const absl::Status& error) {
  return CodeOf(family, error).HttpStatus(ec2::ApiBitOf(family.signing_name));
}

}  // namespace brume::frontend
