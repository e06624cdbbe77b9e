// Tags of any resource. Source of behaviour: EC2 API reference, CreateTags, DeleteTags, DescribeTags.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/tagging/tag_query.h"
#include "lib/resource/tags.h"
#include "lib/store/connection.h"
#include "lib/store/database.h"

namespace brume::tagging {

// Thread-safe, once its kinds are added.
class TagService {
 public:
  explicit TagService(store::Database& database) : database_(database) {}

  // Inside a transaction: OK when the resource is there, else the kind's NotFound.
  template <typename IdType>
  using ExistsFunction = std::function<absl::Status(store::Connection& connection, const IdType& id)>;

  // Resources with ids of this type can be tagged. The area that owns the kind adds it, before the first call:
  //   tags.AddKind<VolumeId>([](store::Connection& c, const VolumeId& id) { return VolumeTable(c).Get(id).status(); });
  template <typename IdType>
  void AddKind(ExistsFunction<IdType> exists) {
    static_assert(!IdType::kKind.tag_type.empty(), "the kind's row in kKinds says that it takes no tags");
    kinds_.push_back([exists = std::move(exists)](store::Connection& connection, const std::string& text) {
      const absl::StatusOr<IdType> id = IdType::Parse(text);
      return id.ok() ? std::optional<absl::Status>(exists(connection, *id)) : std::nullopt;
    });
  }

  // `on_change` is called after a commit of Create and Delete with the resources they named. Set before the first call.
  void OnChange(std::function<void(const std::vector<std::string>& resource_ids)> on_change) {
    on_change_ = std::move(on_change);
  }

  // All or nothing. Errors: InvalidID for an id of no known kind, the kind's NotFound, TagLimitExceeded,
  // InvalidParameterValue.
  absl::Status Create(const std::vector<std::string>& resource_ids, const TagMap& tags);
  // A tag without a value is deleted whatever its value; no tags at all = all of the resource.
  absl::Status Delete(const std::vector<std::string>& resource_ids,
                      const std::vector<std::pair<std::string, std::optional<std::string>>>& tags);
  // Of one resource; none when it is not there.
  absl::StatusOr<TagMap> Of(const std::string& resource_id);
  // Ordered by resource and key.
  absl::StatusOr<std::vector<Tag>> List(const TagQuery& query = {});

 private:
  absl::Status CheckExists(store::Connection& connection, const std::string& resource_id) const;

  store::Database& database_;
  // Each answers for the ids of its kind, and nothing for others.
  std::vector<std::function<std::optional<absl::Status>(store::Connection&, const std::string&)>> kinds_;
  std::function<void(const std::vector<std::string>&)> on_change_;
};

// Inside a transaction of the caller's, who knows that the resource is there and that the tags keep EC2's rules.

// Overwrites the values of keys that are there; other tags stay.
absl::Status SetTags(store::Connection& connection, const std::string& resource_id, const TagMap& tags);
// OK when there is no such tag.
absl::Status DeleteTag(store::Connection& connection, const std::string& resource_id, const std::string& key);
absl::Status DeleteTags(store::Connection& connection, const std::string& resource_id);
absl::StatusOr<TagMap> GetTags(store::Connection& connection, const std::string& resource_id);
// By resource; one without tags has no entry.
absl::StatusOr<std::map<std::string, TagMap>> GetTagsOf(store::Connection& connection,
                                                        absl::Span<const std::string> resource_ids);
// The value of one key, by resource; one without that tag has no entry.
absl::StatusOr<std::map<std::string, std::string>> GetValuesOf(store::Connection& connection,
                                                               absl::Span<const std::string> resource_ids,
                                                               const std::string& key);
// A JSON object of the tags' keys and values.
absl::StatusOr<std::string> GetTagsJson(store::Connection& connection, const std::string& resource_id);
// Gives a resource without tags those of such an object, which is at `path` of a JSON text.
absl::Status InsertTagsJson(store::Connection& connection, const std::string& resource_id, const std::string& json,
                            const std::string& path);
// The resources that have a tag of the query, each once, in order.
absl::StatusOr<std::vector<std::string>> GetTagged(store::Connection& connection, const TagQuery& query);

// The same as ids of the kind, or as texts, where an IdType is one.
template <typename IdType>
absl::StatusOr<std::vector<IdType>> TaggedIds(store::Connection& connection, const TagQuery& query) {
  ASSIGN_OR_RETURN(std::vector<std::string> texts, GetTagged(connection, query));
  if constexpr (std::is_same_v<IdType, std::string>) {
    return texts;
  } else {
    std::vector<IdType> ids;
    ids.reserve(texts.size());
    for (std::string& text : texts) ids.push_back(IdType::FromTrusted(std::move(text)));
    return ids;
  }
}

// The rows that a description is about: those that are named, or have a tag of the query, or all there are. Errors:
// those of `get`, which reads the row of an id, and of `list`.
template <typename IdType, typename Get, typename List>
auto ChooseRows(store::Connection& connection, absl::Span<const IdType> ids, const std::optional<TagQuery>& tags,
                const Get& get, const List& list) -> decltype(list()) {
  if (ids.empty() && !tags.has_value()) return list();
  typename decltype(list())::value_type rows;
  for (const IdType& id : ids) {
    ASSIGN_OR_RETURN(rows.emplace_back(), get(id));
  }
  if (!ids.empty()) return rows;
  ASSIGN_OR_RETURN(const std::vector<IdType> tagged, TaggedIds<IdType>(connection, *tags));
  for (const IdType& id : tagged) {
    ASSIGN_OR_RETURN(rows.emplace_back(), get(id));
  }
  return rows;
}

// The tags of each of a description's rows, in the order of the rows. A row has its id, or its text, in `id`.
template <typename Row>
absl::StatusOr<std::vector<TagMap>> TagsOfRows(store::Connection& connection, const std::vector<Row>& rows) {
  std::vector<std::string> ids;
  ids.reserve(rows.size());
  for (const Row& row : rows) {
    if constexpr (std::is_same_v<decltype(row.id), std::string>) {
      ids.push_back(row.id);
    } else {
      ids.push_back(row.id.text());
    }
  }
  ASSIGN_OR_RETURN(const auto tags, GetTagsOf(connection, ids));
  std::vector<TagMap> of_rows;
  of_rows.reserve(ids.size());
  for (const std::string& id : ids) {
    const auto own = tags.find(id);
    of_rows.push_back(own == tags.end() ? TagMap() : own->second);
  }
  return of_rows;
}

// A view of each row: the row in `member`, and its tags in `tags`.
//
//   return tagging::WithTags(c, std::move(rows), &DhcpOptionsView::options);
template <typename View, typename Row>
absl::StatusOr<std::vector<View>> WithTags(store::Connection& connection, std::vector<Row> rows, Row View::*member) {
  ASSIGN_OR_RETURN(std::vector<TagMap> tags, TagsOfRows(connection, rows));
  std::vector<View> views(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    views[i].*member = std::move(rows[i]);
    views[i].tags = std::move(tags[i]);
  }
  return views;
}

}  // namespace brume::tagging
