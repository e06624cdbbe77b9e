#include "lib/resource/error_codes.h"

namespace brume::ec2 {
namespace {

constexpr bool IsSortedAndConsistent() {
  for (size_t i = 1; i < std::size(kErrorRows); ++i) {
    const ErrorRow& before = kErrorRows[i - 1];
    const ErrorRow& row = kErrorRows[i];
    if (row.code < before.code) return false;
    if (row.code == before.code && (row.status != before.status || (row.apis & before.apis) != 0)) return false;
  }
  return true;
}
static_assert(IsSortedAndConsistent(), "kErrorRows is sorted, and the rows of one code differ in their APIs alone");

constexpr bool EachOtherNameHasARow() {
  for (const ErrorRow& row : kErrorRows) {
    if (!row.elsewhere.empty() && IndexOfErrorRow(row.elsewhere) < 0) return false;
  }
  return true;
}
static_assert(EachOtherNameHasARow());

}  // namespace

unsigned ApiBitOf(absl::string_view signing_name) {
  if (signing_name == "ec2") return kEc2;
  if (signing_name == "sts") return kSts;
  if (signing_name == "iam") return kIam;
  if (signing_name == "autoscaling") return kAutoscaling;
  if (signing_name == "monitoring") return kCloudwatch;
  if (signing_name == "ebs") return kEbs;
  return kEvery;
}

std::optional<KnownCode> KnownCode::Find(absl::string_view code) {
  const int index = IndexOfErrorRow(code);
  return index < 0 ? std::nullopt : std::optional<KnownCode>(KnownCode(&kErrorRows[index]));
}

KnownCode KnownCode::In(unsigned apis) const {
  if ((apis & kEc2) != 0 || row_->elsewhere.empty()) return *this;
  return KnownCode(&kErrorRows[IndexOfErrorRow(row_->elsewhere)]);
}

const ErrorRow* KnownCode::RowOf(unsigned apis) const {
  for (const ErrorRow* row = row_; row != std::end(kErrorRows) && row->code == row_->code; ++row) {
    if ((row->apis & apis) != 0) return row;
  }
  return nullptr;
}

absl::string_view KnownCode::Shape(unsigned apis) const {
  const ErrorRow* const row = RowOf(apis);
  return row == nullptr || row->shape.empty() ? row_->code : row->shape;
}

int KnownCode::HttpStatus(unsigned apis) const {
  const ErrorRow* const row = RowOf(apis);
  return row == nullptr ? 400 : row->http_status;
}

}  // namespace brume::ec2
