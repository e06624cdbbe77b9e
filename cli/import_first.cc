#include "cli/import_first.h"

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/fill.h"
#include "cli/wait.h"
#include "lib/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const FieldDescriptor* ImageField(const google::protobuf::Descriptor& request) {
  return request.FindFieldByName("image_id");
}

}  // namespace

bool TakesImport(const ApiAction& action) {
  const google::protobuf::Descriptor& request = *action.method->input_type();
  return ImageField(request) != nullptr && request.FindFieldByName("min_count") != nullptr;
}

absl::Status CallWithImport(const Schema& schema, Client& client, const Message& request,
                            const std::function<absl::Status()>& call) {
  absl::Status called = call();
  const std::string image = request.GetReflection()->GetString(request, ImageField(*request.GetDescriptor()));
  const bool by_name = !image.empty() && !absl::StartsWith(image, "ami-") && !absl::StrContains(image, ':');
  if (ApiErrorCode(called) != "InvalidAMIID.NotFound" || !by_name) return called;
  const ApiAction* import = schema.FindAction("import-image");
  if (import == nullptr) return absl::InternalError("the schema has no import-image");
  std::unique_ptr<Message> wanted = schema.NewMessage(import->method->input_type());
  RETURN_IF_ERROR(FillMessage(
      nlohmann::ordered_json({{"DiskContainers", {{{"Url", absl::StrCat("catalogue:", image)}}}}}), "", wanted.get()));
  std::unique_ptr<Message> task = schema.NewMessage(import->method->output_type());
  RETURN_IF_ERROR(client.Call(*import->method, *wanted, task.get()));
  RETURN_IF_ERROR(WaitAfterAction(schema, client, *import, DefaultTimeout(*import), task.get()));
  return call();
}

}  // namespace brume::cli
