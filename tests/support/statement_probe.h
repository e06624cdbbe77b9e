// What SQLite's statements read, as SQLite itself counts it.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace brume {

// Sees the statements that its own thread runs on connections opened while it lives. One at a time; it outlives them.
class StatementProbe {
 public:
  StatementProbe() {
    instance_ = this;
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(&StatementProbe::Attach));
  }
  ~StatementProbe() {
    sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(&StatementProbe::Attach));
    instance_ = nullptr;
  }
  StatementProbe(const StatementProbe&) = delete;
  StatementProbe& operator=(const StatementProbe&) = delete;

  void Reset() { statements_.clear(); }

  struct Reads {
    int64_t rows = 0;          // that the statements returned
    int64_t scanned_rows = 0;  // that they stepped over without an index
    int runs = 0;              // how often they ran
  };
  // Of all finished statements whose text has `text`.
  Reads ReadsOf(absl::string_view text) const {
    Reads sum;
    for (const auto& [sql, reads] : statements_) {
      if (!absl::StrContains(sql, text)) continue;
      sum.rows += reads.rows;
      sum.scanned_rows += reads.scanned_rows;
      sum.runs += reads.runs;
    }
    return sum;
  }

 private:
  static int Attach(sqlite3* connection, const char**, const void*) {
    return sqlite3_trace_v2(connection, SQLITE_TRACE_ROW | SQLITE_TRACE_PROFILE, &StatementProbe::OnEvent, nullptr);
  }

  static int OnEvent(unsigned event, void*, void* what, void*) {
    if (instance_ == nullptr || std::this_thread::get_id() != instance_->thread_) return 0;
    auto* statement = static_cast<sqlite3_stmt*>(what);
    const char* sql = sqlite3_sql(statement);
    if (sql == nullptr) return 0;  // one of SQLite's own
    Reads& reads = instance_->statements_[sql];
    if (event == SQLITE_TRACE_ROW) {
      ++reads.rows;
    } else {
      ++reads.runs;
      reads.scanned_rows += sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_FULLSCAN_STEP, /*resetFlg=*/1);
    }
    return 0;
  }

  static inline StatementProbe* instance_ = nullptr;
  const std::thread::id thread_ = std::this_thread::get_id();
  std::map<std::string, Reads> statements_;
};

}  // namespace brume
