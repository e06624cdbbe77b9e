// Whose resources these are, and in which region: what ARNs, policies and answers name.
#pragma once

#include <string>

namespace brume {

struct Account {
  std::string region = "us-east-1";
  std::string id = "000000000000";  // twelve digits
};

}  // namespace brume
