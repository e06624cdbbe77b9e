#include "lib/gateway/unsaid_needs.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "brume/rpc/v1/options.pb.h"

namespace brume::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

class Finder {
 public:
  Finder(const Action& action, std::string request) : action_(action), request_(std::move(request)) {}

  void Walk(const Descriptor& message) {
    if (!seen_.insert(&message).second) return;
    for (int i = 0; i < message.field_count(); ++i) {
      const FieldDescriptor& field = *message.field(i);
      if (field.options().GetExtension(rpc::v1::kept)) continue;
      Judge(field);
      if (field.message_type() != nullptr) Walk(*field.message_type());
    }
  }

  std::vector<std::string> Take() && { return std::move(unsaid_); }

 private:
  void Judge(const FieldDescriptor& field) {
    const rpc::v1::HandsOn handed = field.options().GetExtension(rpc::v1::hands_on);
    // Who is asked about a later launch is asked about its role too.
    const bool launch = handed == rpc::v1::LAUNCH && !action_.calls;
    if ((launch || handed == rpc::v1::ROLE) && !action_.passed_roles) Add(field, "may pass a role");
    // Policies see of a launch template what is in it, or nothing.
    if (launch && !action_.complete) Add(field, "names what is launched");
    if (handed == rpc::v1::CALLS && !action_.implied) Add(field, "has calls made");
    const bool named = !field.options().GetExtension(rpc::v1::name_of).empty();
    if (named && !action_.complete) Add(field, "names a resource otherwise than by its id");
  }

  void Add(const FieldDescriptor& field, absl::string_view what) {
    unsaid_.push_back(absl::StrCat(request_, ": ", field.full_name(), " ", what,
                                   ", and the registration of its action does not say"));
  }

  const Action& action_;
  const std::string request_;
  std::set<const Descriptor*> seen_;
  std::vector<std::string> unsaid_;
};

}  // namespace

std::vector<std::string> UnsaidNeeds(const Descriptor& request, const Action& action) {
  Finder finder(action, request.name());
  finder.Walk(request);
  return std::move(finder).Take();
}

}  // namespace brume::gateway
