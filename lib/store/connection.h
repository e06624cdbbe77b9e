// One SQLite connection: prepared statements kept by their text, typed binding and reading. For repositories and tests.
//
//   connection.Run("DELETE FROM tags WHERE resource_id = ?", resource_id);
//   connection.All("SELECT key, value FROM tags WHERE resource_id = ?", ReadTag, resource_id);
//
// Exceptions of SQLiteCpp end here. Errors, each with SQLite's own words:
//   AlreadyExists        a UNIQUE constraint or primary key; see Violates
//   FailedPrecondition   a foreign key: the row is still referred to, or refers to one that is not there
//   Unavailable          full disk, I/O error, read-only or locked database: says what to do
//   DataLoss             the file is damaged, or a row holds what its reader cannot read
//   Internal             anything else: a mistake of ours
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/base/status_macros.h"
#include "lib/store/values.h"

namespace brume::store {

// The present row of a query; columns are read from left to right.
class Row {
 public:
  // `columns` are the statement's, of which each shows the row that was stepped to last.
  explicit Row(const std::vector<SQLite::Column>& columns) : columns_(columns) {}

  // The row cannot be read: the query ends with `why`, which must be an error. The first one counts.
  void Fail(absl::Status why) { failure_.Update(std::move(why)); }
  const absl::Status& failure() const { return failure_; }

  // Each argument is a field, or a std::tie of fields.
  template <typename... T>
  void Read(T&&... fields) {
    (ReadOne(fields), ...);
  }

 private:
  template <typename T>
  void ReadOne(T& field) {
    Load(columns_.at(next_++), field);
  }
  template <typename... T>
  void ReadOne(std::tuple<T...>& fields) {
    std::apply([this](auto&... each) { (ReadOne(each), ...); }, fields);
  }

  const std::vector<SQLite::Column>& columns_;
  size_t next_ = 0;
  absl::Status failure_;
};

// An argument of a statement: a value, or a std::tie of values. Must not outlive it.
class BoundValue {
 public:
  template <typename T>
  explicit BoundValue(const T& value) : value_(&value), bind_(&BindAs<T>) {}
  // After the argument number `index`, which it counts on.
  void Bind(SQLite::Statement& statement, int& index) const { bind_(value_, statement, index); }

 private:
  template <typename T>
  static void BindAs(const void* value, SQLite::Statement& statement, int& index) {
    BindOne(statement, index, *static_cast<const T*>(value));
  }
  template <typename T>
  static void BindOne(SQLite::Statement& statement, int& index, const T& value) {
    store::Bind(statement, ++index, value);
  }
  template <typename... T>
  static void BindOne(SQLite::Statement& statement, int& index, const std::tuple<T...>& values) {
    std::apply([&](const auto&... each) { (BindOne(statement, index, each), ...); }, values);
  }

  const void* value_;
  void (*bind_)(const void* value, SQLite::Statement& statement, int& index);
};

// Used by one thread at a time.
class Connection {
 public:
  enum class Mode { kReadWrite, kReadOnly };
  // Opens the file that is there. Errors: as above; Unavailable when it cannot be opened.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const std::string& path, Mode mode);

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Runs one statement that gives no rows. Arguments: values, or std::tie of values; they are bound in order.
  template <typename... Args>
  absl::Status Run(absl::string_view sql, const Args&... args) {
    return QueryBound(sql, nullptr, {BoundValue(args)...});
  }
  // The same with what binds the arguments itself.
  absl::Status RunBound(absl::string_view sql, absl::FunctionRef<void(SQLite::Statement&)> bind);
  // Rows the latest INSERT, UPDATE or DELETE changed.
  int changed_rows() const;
  // The INTEGER PRIMARY KEY that SQLite gave to the row inserted last.
  int64_t inserted_row() const;

  // Calls on_row for each row, until one fails; it must not use the connection.
  template <typename... Args>
  absl::Status Query(absl::string_view sql, absl::FunctionRef<void(Row&)> on_row, const Args&... args) {
    return QueryBound(sql, &on_row, {BoundValue(args)...});
  }

  // What `read` (T(Row&)) makes of each row, or of the first.
  template <typename Read, typename... Args>
  absl::StatusOr<std::vector<std::invoke_result_t<Read, Row&>>> All(absl::string_view sql, Read read,
                                                                    const Args&... args) {
    std::vector<std::invoke_result_t<Read, Row&>> all;
    RETURN_IF_ERROR(Query(
        sql, [&](Row& row) { all.push_back(read(row)); }, args...));
    return all;
  }
  template <typename Read, typename... Args>
  absl::StatusOr<std::optional<std::invoke_result_t<Read, Row&>>> First(absl::string_view sql, Read read,
                                                                        const Args&... args) {
    std::optional<std::invoke_result_t<Read, Row&>> first;
    RETURN_IF_ERROR(Query(
        sql,
        [&](Row& row) {
          if (!first.has_value()) first.emplace(read(row));
        },
        args...));
    return first;
  }

  // Runs several statements as they stand; for migrations.
  absl::Status RunScript(const char* sql);
  // No transaction is open: also when SQLite itself gave one up because of a full disk or an I/O error.
  bool in_autocommit() const;
  bool read_only() const;

 private:
  explicit Connection(SQLite::Database database) : database_(std::move(database)) {}

  using OnRow = absl::FunctionRef<void(Row&)>;
  absl::Status QueryBound(absl::string_view sql, const OnRow* on_row, std::initializer_list<BoundValue> values);
  absl::Status Step(absl::string_view sql, absl::FunctionRef<void(SQLite::Statement&)> bind, const OnRow* on_row);
  struct Prepared {
    SQLite::Statement statement;
    // Empty until it gave a row. Kept, as each counts its references to the statement anew.
    std::vector<SQLite::Column> columns = {};
  };
  Prepared& Prepare(absl::string_view sql);

  SQLite::Database database_;
  // After database_: statements end before their connection.
  absl::flat_hash_map<std::string, std::unique_ptr<Prepared>> statements_;
};

// Whether `status` is the failure of a uniqueness constraint over `what`, "table.column" or an index's name.
bool Violates(const absl::Status& status, absl::string_view what);

// ["a","b"], which json_each reads: one statement for a batch of ids.
class JsonTexts {
 public:
  explicit JsonTexts(size_t count);
  // Each text once. It must live until Finish.
  void Add(absl::string_view text);
  std::string Finish() &&;

 private:
  std::string json_ = "[";
  absl::flat_hash_set<absl::string_view> seen_;
};
std::string JsonArray(const std::vector<std::string>& texts);
// The same of ids.
template <typename Ids>
std::string JsonArrayOfIds(const Ids& ids) {
  JsonTexts json(ids.size());
  for (const auto& id : ids) json.Add(id.text());
  return std::move(json).Finish();
}
// "?, ?, ?"
std::string Placeholders(int count);

}  // namespace brume::store
