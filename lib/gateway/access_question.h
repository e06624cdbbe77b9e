// What is asked of policies: may this caller do this to these?
#pragma once

#include <map>
#include <string>
#include <vector>

namespace brume {

struct AccessQuestion {
  std::string action;  // "ec2:RunInstances"
  // ARNs, each of which must be allowed. {"*"} where the action names none.
  std::vector<std::string> resources;
  // Condition keys in lower case, such as "aws:sourceip", with their values.
  std::map<std::string, std::vector<std::string>> context;
};

}  // namespace brume
