// A user with one policy, over the whole API: what policies protect.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "brume/iam/v1/user.pb.h"
#include "brume/iam/v1/user_policy.pb.h"
#include "google/protobuf/text_format.h"
#include "tests/fakes/api_world.h"

namespace brume {

// What EC2 answers a dry run.
inline constexpr char kDenied[] = "UnauthorizedOperation", kWouldPass[] = "DryRunOperation";

class PolicyWorld : public ApiWorld {
 public:
  PolicyWorld() {
    const auto made = CallText("iam:CreateUser", "user_name: 'ada'");
    REQUIRE(made.ok());
    const iam::v1::User& user = static_cast<const iam::v1::CreateUserResponse&>(**made).user();
    ada_ = {.principal = user.arn(),
            .request_id = "r",
            .arn = user.arn(),
            .principal_id = user.user_id(),
            .user_name = "ada"};
  }

  // `statements` of the policy language, between commas.
  void SetPolicy(const std::string& statements) {
    iam::v1::PutUserPolicyRequest put;
    put.set_user_name("ada");
    put.set_policy_name("p");
    put.set_policy_document(absl::StrCat(R"({"Version":"2012-10-17","Statement":[)", statements, "]}"));
    REQUIRE(CallByName("iam:PutUserPolicy", put).ok());
  }
  // All is allowed but what names `arn`.
  void Protect(const std::string& arn) {
    SetPolicy(absl::StrCat(R"({"Effect":"Allow","Action":"*","Resource":"*"},)",
                           R"({"Effect":"Deny","Action":"*","Resource":")", arn, R"("})"));
  }

  // EC2's code of the user's call; "" when it is served.
  std::string Try(const std::string& action, const std::string& text) {
    const auto* method = FindRpc(action);
    REQUIRE(method != nullptr);
    std::unique_ptr<google::protobuf::Message> request(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(method->input_type())->New());
    INFO(action << " " << text);
    REQUIRE(google::protobuf::TextFormat::ParseFromString(text, request.get()));
    return Try(*method, *request);
  }
  std::string Try(const google::protobuf::MethodDescriptor& method, const google::protobuf::Message& request) {
    const auto answer = dispatcher.Call(method, request, ada_);
    return answer.ok() ? "" : ec2::ErrorCode(answer.status());
  }

  const Caller& ada() const { return ada_; }

  // What the user is answered.
  template <typename Response, typename Request>
  Response AsUser(const Request& request) {
    const auto answer = CallAs(request, ada_);
    REQUIRE(answer.ok());
    return static_cast<const Response&>(**answer);
  }

  std::string Ec2Arn(const std::string& resource) const {
    return absl::StrCat("arn:aws:ec2:", settings.region, ":", settings.account_id, ":", resource);
  }

 private:
  Caller ada_;
};

}  // namespace brume
