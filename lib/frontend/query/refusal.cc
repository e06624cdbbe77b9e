#include "lib/frontend/query/refusal.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/str_cat.h"
#include "lib/base/utf8.h"
#include "lib/frontend/query/cbor.h"
#include "lib/frontend/query/encode_error.h"
#include "lib/frontend/query/xml_text.h"
#include "lib/resource/ec2_error.h"

namespace brume::frontend {
namespace {

// An API that is not served, whose XML is that of most.
const schema::ApiFamilyInfo& Another() {
  static const auto& family = *[] {
    auto* another = new schema::ApiFamilyInfo();
    another->aws_query = true;
    return another;
  }();
  return family;
}

// S3's errors stand for themselves.
std::string S3Error(const absl::Status& error, absl::string_view request_id) {
  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>";
  absl::StrAppend(&xml, ec2::ErrorCode(error), "</Code><Message>");
  AppendXmlText(xml, error.message());
  return absl::StrCat(xml, "</Message><RequestId>", request_id, "</RequestId></Error>");
}

// {Message, Reason}: the reason is what stands behind the code's dot, or what the code says of it.
std::string RestError(const ec2::KnownCode& code, const absl::Status& error) {
  nlohmann::json body = {{"Message", ToUtf8(error.message())}};
  const absl::string_view text = code.text();
  const size_t dot = text.find('.');
  if (dot != absl::string_view::npos) body["Reason"] = std::string(text.substr(dot + 1));
  if (text == "AccessDenied") body["Reason"] = "UNAUTHORIZED_ACCOUNT";
  if (text == "Throttling") body["Reason"] = "ACCOUNT_THROTTLED";
  return body.dump();
}

// {__type, message}, and what goes with it.
QueryAnswer ShapedError(const RefusalForm& form, const schema::ApiFamilyInfo& family, const absl::Status& error) {
  const unsigned apis = form.family == nullptr ? ec2::kOthers : ec2::ApiBitOf(family.signing_name);
  const ec2::KnownCode code =
      ec2::KnownCode::Find(ec2::ErrorCode(error)).value_or(ec2::KnownCode("InternalError")).In(apis);
  const int status = HttpStatus(family, error);
  QueryAnswer answer{.status = status};
  std::string type(code.Shape(apis));
  answer.headers.emplace_back("x-amzn-ErrorType", type);
  if (form.family != nullptr && form.protocol != Protocol::kRestJson) {
    answer.headers.emplace_back("x-amzn-query-error",
                                absl::StrCat(code.text(), ";", status < 500 ? "Sender" : "Receiver"));
  }
  if (!family.shape_namespace.empty()) type = absl::StrCat(family.shape_namespace, "#", type);
  if (form.protocol == Protocol::kCbor) {
    CborWriter cbor;
    cbor.Map(2);
    cbor.Text("__type");
    cbor.Text(type);
    cbor.Text("message");
    cbor.Text(ToUtf8(error.message()));
    answer.content_type = "application/cbor";
    answer.headers.emplace_back("smithy-protocol", "rpc-v2-cbor");
    answer.body = cbor.Take();
    return answer;
  }
  if (form.family != nullptr && form.family->rest) {
    answer.content_type = "application/json";
    answer.body = RestError(code, error);
    return answer;
  }
  answer.content_type = form.protocol == Protocol::kRestJson ? "application/json" : form.json_type;
  answer.body = nlohmann::json{{"__type", type}, {"message", ToUtf8(error.message())}}.dump();
  return answer;
}

}  // namespace

std::string XmlType(bool aws_query) { return aws_query ? "text/xml" : "text/xml;charset=UTF-8"; }

RefusalForm RefusalFormOf(const RequestHead& head) {
  RefusalForm form{.protocol = ProtocolOf(head), .service = ClaimedService(head), .json_type = JsonTypeOf(head)};
  form.family = ServedFamily(form.service);
  return form;
}

QueryAnswer RefusedByHttp(const RefusalForm& form, int status, ec2::KnownCode code, absl::string_view message,
                          absl::string_view request_id) {
  QueryAnswer answer = EncodeRefusal(form, ec2::Error(code, message), request_id);
  answer.status = status;
  return answer;
}

QueryAnswer EncodeRefusal(const RefusalForm& form, const absl::Status& error, absl::string_view request_id) {
  const bool foreign = form.family == nullptr && !form.service.empty() && !IsServed(form.service);
  const schema::ApiFamilyInfo unknown;
  const schema::ApiFamilyInfo& family = form.family != nullptr ? *form.family : foreign ? Another() : unknown;
  switch (form.protocol) {
    case Protocol::kJson:
    case Protocol::kCbor:
    case Protocol::kRestJson:
      return ShapedError(form, family, error);
    case Protocol::kRestXml:
      if (absl::string_view(form.service).substr(0, 2) == "s3") {
        return {
            .status = HttpStatus(family, error), .content_type = "application/xml", .body = S3Error(error, request_id)};
      }
      break;
    case Protocol::kQuery:
      break;
  }
  return {.status = HttpStatus(family, error),
          .content_type = XmlType(family.aws_query),
          .body = EncodeError(family, error, request_id)};
}

}  // namespace brume::frontend
