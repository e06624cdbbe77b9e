// What an alarm may name as an action, and where a webhook may go.
#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "lib/cloudwatch/model/alarm.h"
#include "lib/cloudwatch/model/alarm_action.h"
#include "lib/resource/ec2_error.h"

namespace brume::alarm {

TEST_CASE("an action is on an instance, a scaling policy or a URL, and nothing else", "[alarm]") {
  CHECK(ParseAction("arn:aws:automate:us-east-1:ec2:stop").value() == ActionKind::kStop);
  CHECK(ParseAction("arn:aws:automate:eu-west-3:ec2:terminate").value() == ActionKind::kTerminate);
  CHECK(ParseAction("arn:aws:automate:us-east-1:ec2:reboot").value() == ActionKind::kReboot);
  CHECK(ParseAction("arn:aws:automate:us-east-1:ec2:recover").value() == ActionKind::kRecover);
  CHECK(ParseAction("arn:aws:autoscaling:us-east-1:0:scalingPolicy:1:autoScalingGroupName/g:policyName/p").value() ==
        ActionKind::kScalingPolicy);
  CHECK(ParseAction("https://hooks.example.org").value() == ActionKind::kWebhook);
  for (const char* bad :
       {"", "stop", "arn", "arn:aws:automate:us-east-1:ec2", "arn:aws:automate:us-east-1:ec2:start",
        "arn:aws:automate:us-east-1:ec2:stop:now", "ftp://example.org/", "http://", "/bin/sh", "file:///etc/passwd",
        "arn:aws:sqs:us-east-1:000000000000:queue", "arn:aws:s3:::bucket", "arn:aws:iam::000000000000:role/admin"}) {
    INFO(bad);
    CHECK(ec2::ErrorCode(ParseAction(bad).status()) == "ValidationError");
  }
}

TEST_CASE("the workflows by which instances were told before are the same as what tells them now", "[alarm]") {
  const auto swf = [](const std::string& verb) {
    return ParseAction("arn:aws:swf:us-east-1:000000000000:action/actions/AWS_EC2.InstanceId." + verb);
  };
  CHECK(swf("Stop/1.0").value() == ActionKind::kStop);
  CHECK(swf("Terminate/1.0").value() == ActionKind::kTerminate);
  CHECK(swf("Reboot/1.0").value() == ActionKind::kReboot);
  CHECK(swf("Recover/1.0").value() == ActionKind::kRecover);
  for (const char* bad : {"Start/1.0", "Stop/2.0", "Stop", ""}) {
    CHECK(ec2::ErrorCode(swf(bad).status()) == "ValidationError");
  }
  CHECK_FALSE(ParseAction("arn:aws:swf:us-east-1::action/actions/AWS_EC2.InstanceId.Stop/1.0").ok());
}

TEST_CASE("what CloudWatch tells services that are not here is kept, and what is malformed of it refused", "[alarm]") {
  for (const char* good :
       {"arn:aws:sns:us-east-1:123456789012:topic", "arn:aws:sns:eu-west-3:123456789012:a_topic-1.fifo",
        "arn:aws:lambda:us-east-1:123456789012:function:f", "arn:aws:lambda:us-east-1:123456789012:function:f:prod",
        "arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST", "arn:aws:ssm:us-east-1:123456789012:opsitem:1",
        "arn:aws:ssm:us-east-1:123456789012:opsitem:3#CATEGORY=Security",
        "arn:aws:ssm-incidents::123456789012:response-plan/plan",
        "arn:aws:aiops:us-east-1:123456789012:investigation-group:g1"}) {
    INFO(good);
    REQUIRE(ParseAction(good).ok());
    CHECK(*ParseAction(good) == ActionKind::kUndelivered);
    CHECK_FALSE(IsOnInstance(*ParseAction(good)));
  }
  for (const char* bad :
       {"arn:aws:sns:us-east-1:0:topic", "arn:aws:sns::123456789012:topic",
        "arn:aws:sns:us-east-1:123456789012:", "arn:aws:sns:us-east-1:123456789012:a topic",
        "arn:aws:sns:us-east-1:123456789012:t:5", "arn:aws:sns:us-east-1:12345678901x:topic",
        "arn:aws:lambda:us-east-1:123456789012:f", "arn:aws:lambda:us-east-1:123456789012:function:",
        "arn:aws:lambda:us-east-1:123456789012:function:f:", "arn:aws:ssm:us-east-1:123456789012:opsitem:5",
        "arn:aws:ssm:us-east-1:123456789012:opsitem:3#", "arn:aws:ssm:us-east-1:123456789012:document/d",
        "arn:aws:ssm-incidents:us-east-1:123456789012:response-plan/p", "arn:aws:aiops:us-east-1:123456789012:g1"}) {
    INFO(bad);
    CHECK(ec2::ErrorCode(ParseAction(bad).status()) == "ValidationError");
  }
}

TEST_CASE("a URL is taken apart as its host will be asked", "[alarm]") {
  const Url url = ParseUrl("https://Hooks.Example.org:8443/a/b?c=d&e").value();
  CHECK(url.tls);
  CHECK(url.host == "hooks.example.org");
  CHECK(url.port == "8443");
  CHECK(url.target == "/a/b?c=d&e");
  CHECK(url.authority() == "hooks.example.org:8443");
  CHECK(ParseUrl("http://example.org").value().target == "/");
  CHECK(ParseUrl("http://example.org?x").value().target == "/?x");
  CHECK(ParseUrl("http://example.org").value().authority() == "example.org");
  CHECK(ParseUrl("http://[::1]:80/").value().host == "::1");
  CHECK(ParseUrl("http://[::1]:81/").value().authority() == "[::1]:81");
}

TEST_CASE("a URL that could be read in two ways is refused", "[alarm]") {
  for (const char* bad : {"http:/example.org/",
                          "http://user@example.org/",
                          "http://user:word@example.org/",
                          "http://example.org@evil/",
                          "http://example.org#x",
                          "http://example.org/#x",
                          "http://exam ple.org/",
                          "http://example.org/\r\nHost: x",
                          "http://example.org:0/",
                          "http://example.org:65536/",
                          "http://example.org:80x/",
                          "http://example.org:/",
                          "http://[::1/",
                          "http://[evil]/",
                          "http://[::1]x/",
                          "http://example.org/a/../b",
                          "http://example.org/./b",
                          "http://example.org/a/%2e%2E/b",
                          "http://example.org/a/.%2e",
                          "http://example.org/..%2fb",
                          "http://example.org\\@evil/",
                          "http://ex\xc3\xa4mple.org/",
                          "http://example.org/\xc3\xa4",
                          "HTTP://example.org/"}) {
    INFO(bad);
    CHECK_FALSE(ParseUrl(bad).ok());
  }
  CHECK_FALSE(ParseUrl("http://example.org/" + std::string(1024, 'a')).ok());
}

TEST_CASE("a webhook goes only where the setting's beginnings lead", "[alarm]") {
  const auto allowed = [](const char* url, std::vector<std::string> prefixes) {
    return IsAllowed(ParseUrl(url).value(), prefixes);
  };
  CHECK(allowed("http://example.org/a", {"http://example.org"}));
  CHECK(allowed("http://EXAMPLE.org:80/a", {"http://example.org/"}));
  CHECK(allowed("http://example.org/a?b", {"https://other.example.org/", "http://example.org/a"}));
  CHECK(allowed("http://example.org/a/b", {"http://example.org/a"}));
  CHECK(allowed("http://example.org/a/b", {"http://example.org/a/"}));
  CHECK_FALSE(allowed("http://example.org/a", {}));
  CHECK_FALSE(allowed("http://example.org.evil.example/a", {"http://example.org"}));
  CHECK_FALSE(allowed("http://evil.example/?http://example.org/", {"http://example.org/"}));
  CHECK_FALSE(allowed("https://example.org/a", {"http://example.org/"}));
  CHECK_FALSE(allowed("http://example.org:8080/a", {"http://example.org/"}));
  CHECK_FALSE(allowed("http://example.org/ab", {"http://example.org/a"}));
  CHECK_FALSE(allowed("http://example.org/b", {"http://example.org/a"}));
}

TEST_CASE("an alarm's name is found in its ARN, colons and all", "[alarm]") {
  CHECK(NameInArn(AlarmArn(Account{}, "a:b c")) == "a:b c");
  for (const char* bad : {"", "busy", "arn:aws:cloudwatch:us-east-1:0:alarm:", "arn:aws:cloudwatch:us-east-1:0:alarm",
                          "arn:aws:ec2:us-east-1:0:alarm:x", "arn:aws:cloudwatch:us-east-1:0:dashboard:x"}) {
    CHECK_FALSE(NameInArn(bad).has_value());
  }
}

}  // namespace brume::alarm
