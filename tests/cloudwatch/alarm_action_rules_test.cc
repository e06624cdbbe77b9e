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
        "arn:aws:automate:us-east-1:ec2:stop:now", "arn:aws:sns:us-east-1:000000000000:topic", "ftp://example.org/",
        "arn:aws:lambda:us-east-1:000000000000:function:f", "http://", "/bin/sh", "file:///etc/passwd"}) {
    INFO(bad);
    CHECK(ec2::ErrorCode(ParseAction(bad).status()) == "ValidationError");
  }
  CHECK(absl::StrContains(ParseAction("arn:aws:sns:us-east-1:0:t").status().message(), "monitoring.webhooks"));
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
