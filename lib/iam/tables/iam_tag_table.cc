#include "lib/iam/tables/iam_tag_table.h"

#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ec2_error.h"
#include "lib/store/connection.h"
#include "lib/store/table.h"

namespace brume::iam {
namespace {

constexpr size_t kMaxTags = 50;

struct TagRow {
  std::string owner, key, value;
};
const auto& Tags() {
  static const auto table =
      store::DescribeTable<TagRow>("iam_tags", "tag of IAM's", store::Key("owner", &TagRow::owner),
                                   store::Key("key", &TagRow::key), store::Column("value", &TagRow::value));
  return table;
}

absl::Status CheckIamTags(const TagMap& tags) {
  std::set<std::string> seen;
  for (const auto& [key, value] : tags) {
    if (const absl::Status checked = CheckTag(key, value); !checked.ok()) {
      return ec2::Error("ValidationError", checked.message());
    }
    if (absl::StartsWithIgnoreCase(key, "aws:")) {
      return ec2::Error("ValidationError", absl::StrCat("The tag key '", absl::CHexEscape(key), "' begins with aws:"));
    }
    if (!seen.insert(absl::AsciiStrToLower(key)).second) {
      return ec2::Error("InvalidInput",
                        absl::StrCat("The tag key '", absl::CHexEscape(key), "' is given twice; keys know no case"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

store::TableDescription IamTagTable::Describe() { return Tags().Describe(); }

absl::StatusOr<TagMap> IamTagTable::Of(const std::string& owner) {
  ASSIGN_OR_RETURN(const std::vector<TagRow> rows, Tags().Select(connection_, "iam_tags WHERE owner = ?", owner));
  TagMap tags;
  for (const TagRow& row : rows) tags.emplace(row.key, row.value);
  return tags;
}

absl::Status IamTagTable::Set(const std::string& owner, const TagMap& tags) {
  RETURN_IF_ERROR(CheckIamTags(tags));
  for (const auto& [key, value] : tags) {
    RETURN_IF_ERROR(connection_.Run("DELETE FROM iam_tags WHERE owner = ? AND key = ?", owner, key));
    RETURN_IF_ERROR(Tags().Insert(connection_, {owner, key, value}));
  }
  ASSIGN_OR_RETURN(const TagMap all, Of(owner));
  if (all.size() <= kMaxTags) return absl::OkStatus();
  return ec2::Error("LimitExceeded", absl::StrCat("The number of tags has reached the maximum limit of ", kMaxTags));
}

absl::Status IamTagTable::Delete(const std::string& owner, const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    RETURN_IF_ERROR(connection_.Run("DELETE FROM iam_tags WHERE owner = ? AND key = ?", owner, key));
  }
  return absl::OkStatus();
}

absl::Status IamTagTable::DeleteAll(const std::string& owner) {
  return connection_.Run("DELETE FROM iam_tags WHERE owner = ?", owner);
}

}  // namespace brume::iam
