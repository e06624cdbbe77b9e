#!/usr/bin/env python3
"""The lints find what they are for, and nothing in what is right: each runs over small trees made for it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


class Lints(unittest.TestCase):
    def run_lint(self, name, files, env=None):
        """Exit code and output lines of a lint over a tree of these files."""
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text.replace("@ROOT@", root))
            if name == "thread_safety":
                # It asks the build directory how files are compiled, and the locks are the real ones.
                units = [path for path in files if path.endswith(".cxx")]
                compiled = [{"file": os.path.join(root, path), "command": f"g++ -std=c++20 -I{root} -c {path}"}
                            for path in units or files if path.endswith((".cc", ".cxx"))]
                with open(os.path.join(root, "compile_commands.json"), "w", encoding="utf-8") as file:
                    json.dump(compiled, file)
                os.makedirs(os.path.join(root, "lib/base"), exist_ok=True)
                shutil.copy(os.path.join(HERE, "../../lib/base/mutex.h"), os.path.join(root, "lib/base"))
            done = subprocess.run([os.path.join(HERE, name), root, root], capture_output=True, text=True, check=False,
                                  env=env)
            self.assertEqual(done.stderr, "" if name != "format" else done.stderr)
            return done.returncode, done.stdout.splitlines()

    def assert_clean(self, name, files):
        self.assertEqual(self.run_lint(name, files), (0, []))

    def assert_fault(self, name, files, where, what):
        code, lines = self.run_lint(name, files)
        self.assertEqual(code, 1)
        self.assertEqual(len(lines), 1, lines)
        self.assertTrue(lines[0].startswith(where + ": "), lines[0])
        self.assertIn(what, lines[0])

    # Boxes with one of each kind, as lib/CMakeLists.txt describes them.
    BOXES = {"lib/CMakeLists.txt": """
brume_library(brume_base lib/base SYSTEM spdlog::spdlog)
brume_library(brume_resource lib/resource DEPS brume_base)
brume_library(brume_store lib/store PRECOMPILED brume_precompiled_store DEPS brume_resource SQLiteCpp)
brume_library(brume_gateway lib/gateway DEPS brume_store
              brume_proto)
brume_library(brume_network_model lib/ec2/network/model DEPS brume_resource)
brume_library(brume_network lib/ec2/network DEPS brume_network_model brume_store)
brume_library(brume_network_linux lib/ec2/network/linux PORT fabric.h DEPS brume_network)
brume_library(brume_compute_model lib/ec2/compute/model DEPS brume_resource)
brume_library(brume_compute lib/ec2/compute DEPS brume_compute_model brume_network)
brume_library(brume_compute_api lib/ec2/compute/api DEPS brume_compute brume_gateway)
"""}

    def test_includes_that_point_downward_are_allowed(self):
        self.assert_clean("includes", self.BOXES | {
            "lib/base/a.h": "#include <string>\n#include <spdlog/spdlog.h>\n",
            "lib/resource/a.h": '#include "lib/base/a.h"\n#include "absl/status/status.h"\n',
            "lib/store/a.cc": '#include <SQLiteCpp/Database.h>\n#include "lib/resource/a.h"\n#include "lib/store/b.h"\n',
            "lib/gateway/a.cc": '#include "brume/ec2/v1/a.pb.h"\n#include <google/protobuf/message.h>\n',
            "lib/ec2/compute/a.cc": '#include "lib/ec2/network/a_service.h"\n#include "lib/ec2/network/model/a.h"\n'
                                    '#include "lib/ec2/compute/a_table.h"\n#include "lib/store/a.h"\n',
            "lib/ec2/compute/api/a.cc": '#include "lib/ec2/compute/a_service.h"\n#include "lib/gateway/a.h"\n'
                                        '#include "brume/ec2/v1/a.pb.h"\n',
            "lib/ec2/compute/module.cc": '#include "lib/ec2/compute/api/a.h"\n#include "lib/ec2/compute/a_reconciler.h"\n'
                                         '#include "lib/store/a.h"\n#include "lib/ec2/compute/module.h"\n',
            "lib/ec2/network/linux/a.cc": '#include "lib/ec2/network/fabric.h"\n#include <nftables/libnftables.h>\n'
                                          '#include "lib/ec2/network/model/a.h"\n#include "lib/base/a.h"\n',
            "cli/a.cc": '#include "brume/ec2/v1/a.pb.h"\n#include "lib/base/a.h"\n#include "cli/b.h"\n',
            "daemon/a.cc": '#include "lib/gateway/a.h"\n#include "lib/ec2/network/linux/a.h"\n',
            "tests/store/a.cc": '#include "lib/store/a.h"\n#include "cli/a.h"\n',
        })

    def test_includes_that_point_upward_or_aside_are_found(self):
        for path, include, what in [
            ("lib/base/a.h", '"lib/resource/a.h"', "no arrow leads from lib/base"),
            ("lib/resource/a.h", '"lib/store/a.h"', "no arrow"),
            ("lib/store/a.h", '"lib/ec2/compute/a_service.h"', "no arrow"),
            ("lib/gateway/a.h", '"lib/ec2/network/a_service.h"', "no arrow"),
            ("lib/ec2/network/a.h", '"lib/ec2/compute/a_service.h"', "no arrow"),
            ("lib/ec2/network/a.h", '"lib/ec2/network/linux/a.h"', "no arrow"),
            ("lib/ec2/compute/a.h", '"lib/ec2/network/a_table.h"', "only *_service.h"),
            ("lib/ec2/compute/a.h", '"lib/ec2/network/a_reconciler.h"', "only *_service.h"),
            ("lib/ec2/compute/a.h", '"lib/ec2/compute/api/a.h"', "no arrow"),
            ("lib/ec2/compute/a.h", '"brume/ec2/v1/a.pb.h"', "no arrow"),
            ("lib/ec2/compute/model/a.h", '"lib/store/a.h"', "no arrow"),
            ("lib/ec2/compute/module.cc", '"lib/ec2/network/a_reconciler.h"', "only *_service.h"),
            ("lib/ec2/compute/api/a.h", '"lib/ec2/compute/a_table.h"', "not tables"),
            ("lib/ec2/compute/api/a.h", '"lib/store/a.h"', "not tables"),
            ("lib/ec2/network/linux/a.h", '"lib/ec2/network/a_service.h"', "an adapter sees lib/ec2/network/fabric.h"),
            ("lib/ec2/network/linux/a.h", '"lib/store/a.h"', "an adapter sees"),
            ("cli/a.h", '"lib/store/a.h"', "cli may include"),
            ("lib/gateway/a.h", '"daemon/a.h"', "no arrow"),
            ("lib/ec2/compute/a.h", "<libvirt/libvirt.h>", "only daemon, lib/ec2/compute/libvirt"),
            ("lib/ec2/compute/a.h", "<SQLiteCpp/Database.h>", "only lib/store"),
            ("lib/ec2/compute/a.h", "<google/protobuf/message.h>", "does not speak"),
            ("lib/gateway/a.h", "<boost/asio.hpp>", "only lib/http"),
            ("lib/base/a.h", '"tests/base/a.h"', "only tests may include tests"),
            ("lib/base/a.h", '"b.h"', "by their path from the top"),
        ]:
            with self.subTest(path=path, include=include):
                self.assert_fault("includes", self.BOXES | {path: f"// A.\n#  include {include}\n"}, f"{path}:2", what)

    def test_a_box_nobody_knows_is_found(self):
        self.assert_fault("includes", self.BOXES | {"lib/scheduler/a.h": ""}, "lib/scheduler/a.h:1", "no brume_library line")

    def test_words(self):
        self.assert_clean("words", {"a.md": "/home/debian/.ssh /var/lib/brume XXXXXX todo\n", "b": "\0/home" + "/me\n"})
        for text in ["see /home" + "/me/x", "/Us" + "ers/me", "cd /wo" + "rk/x", "// TO" + "DO later",
                     "<<<<" + "<<< ours", "AK" + "IAABCDEFGHIJKLMNOP"]:
            with self.subTest(text=text):
                self.assert_fault("words", {"docs/a.md": "fine\n" + text + "\n"}, "docs/a.md:2", ": ")

    def test_length(self):
        self.assert_clean("length", {"lib/a.cc": "\n" * 500, "docs/a.md": "\n" * 5000})
        self.assert_fault("length", {"lib/a.cc": "\n" * 801}, "lib/a.cc:1", "801 lines")
        code, lines = self.run_lint("length", {"lib/a.cc": "\n" * 501})
        self.assertEqual((code, lines), (0, ["lib/a.cc:1: warning: 501 lines"]))

    def test_cases_that_assert_are_clean(self):
        self.assert_clean("test_cases", {
            "tests/unit/helper.h": "inline void MustWork(int a) {\n  if (a) {\n    REQUIRE(a == 1);\n  }\n}\n"
                                   "#define REQUIRE_OK(x) \\\n  do { REQUIRE(x); } while (false)\n"
                                   "inline void Indirect() { MustWork(1); }\n",
            "tests/unit/a_test.cc": 'TEST_CASE("one and one make two", "[x]") { CHECK(1 + 1 == 2); }\n'
                                    'TEST_CASE("a helper asserts for it", "[x]") {\n  Indirect();\n}\n'
                                    'TEST_CASE("a macro asserts for it", "[x]") { REQUIRE_OK(true); }\n'
                                    'TEST_CASE("a lambda asserts for it", "[x]") {\n'
                                    "  const auto all = [&](int n) { CHECK(n); };\n  all(1);\n}\n"
                                    'TEST_CASE("a long name goes on "\n          "in a second line", "[x]") '
                                    "{ REQUIRE_FALSE(false); }\n"})

    def test_cases_without_assertion_tag_or_sentence_are_found(self):
        for text, what in [
            ('TEST_CASE("it does nothing here", "[x]") { int a = 1; (void)a; }', "asserts nothing"),
            ('TEST_CASE("it only talks of it", "[x]") { /* CHECK(a) */ Log("CHECK(b)"); }', "asserts nothing"),
            ('TEST_CASE("it has no tag") { CHECK(true); }', "no [tag]"),
            ('TEST_CASE("parser", "[x]") { CHECK(true); }', "no sentence"),
        ]:
            with self.subTest(text=text):
                self.assert_fault("test_cases", {"tests/unit/a_test.cc": "\n" + text + "\n"},
                                  "tests/unit/a_test.cc:2", what)

    def test_comments_of_headers(self):
        self.assert_clean("comments", {"lib/a.h": "// What it is.\n#pragma once\n", "lib/a.cc": "int a;\n"})
        self.assert_fault("comments", {"lib/a.h": "#pragma once\n// Late.\n"}, "lib/a.h:1", "states its contract")
        self.assert_fault("comments", {"cli/a.h": "//\n#pragma once\n"}, "cli/a.h:1", "states its contract")

    def test_comments_of_the_schema(self):
        head = 'syntax = "proto3";\nimport "a//b.proto";\n'
        self.assert_clean("comments", {"proto/brume/v1/a.proto": head + """
service Things {
  option (family) = EC2;
  // Makes one.
  rpc MakeThing(MakeThingRequest) returns (MakeThingResponse) {
    option (read_only) = true;
  }
  // Lists them.
  rpc ListThings(A) returns (B);
}
message MakeThingRequest {
  // Its name,
  // in two lines.
  string name = 1 [(required) = true, (bounds) = { min: 1; max: 2 }];
  int32 size = 2;  // bytes
  /* Older style. */
  map<string, string> tags = 3;
  // Spread over lines.
  repeated string ids = 4 [
    (required) = true,
    (kind) = "x;y"
  ];
  reserved 5;
  enum Kind { NONE = 0; SOME = 1; }
  message Inner {
    // Deep.
    optional bool on = 1;
  }
}
"""})
        self.assert_fault("comments", {"proto/a.proto": head + "message A {\n  // A gap follows.\n\n  string b = 1;\n}\n"},
                          "proto/a.proto:6", "field b has no comment")
        self.assert_fault("comments", {"proto/a.proto": head + "message A {\n  // One.\n  string b = 1;\n"
                                                              "  repeated Some.Thing c = 2;\n}\n"},
                          "proto/a.proto:6", "field c has no comment")
        self.assert_fault("comments", {"proto/a.proto": head + "service A {\n  rpc Do(B) returns (C);\n}\n"},
                          "proto/a.proto:4", "rpc Do has no comment")

    def test_persisted_enums(self):
        said = "std::true_type IsPersisted(State);\n"
        self.assert_clean("persisted_enums", {
            "lib/a.h": "enum class State { kOn = 0, kOff = 16 };  // one, two\n" + said,
            "lib/b.h": "enum class Free { kOne, kTwo };\n",
        })
        self.assert_fault("persisted_enums", {"lib/a.h": "enum class State { kOn = 0, kOff };\n" + said},
                          "lib/a.h:2", "State::kOff is kept in the database and has no explicit value")
        self.assert_fault("persisted_enums", {"lib/a.h": "enum class State { kOn = 1, kOff = 1 };\n" + said},
                          "lib/a.h:2", "two enumerators of State have one value")
        self.assert_fault("persisted_enums", {"lib/a.h": said},
                          "lib/a.h:1", "stands behind the definition of State")

    def test_one_name_for_one_thing_is_clean(self):
        self.assert_clean("names", {
            "lib/a/module.h": "", "lib/a/module.cc": "", "lib/b/module.h": "", "lib/b/module.cc": "", "cli/main.cc": "",
            "lib/a/part.h": "namespace brume::a {\nclass Part {\n  struct Step {};\n};\nclass Whole;\n}\n",
            "lib/a/part.cc": "struct Local {};\n",
            "lib/b/whole.h": "namespace brume::b {\nclass Whole {\n};\nclass Part;\n}\n",
            "tests/a/part.h": "class Part {};\n",
        })

    def test_names_of_two_things_are_found(self):
        for files, where, what in [
            ({"lib/a/part.h": "", "cli/part.cc": "", "cli/part.h": ""}, "cli/part.cc:1", "files of this name"),
            ({"lib/a/part.cc": ""}, "lib/a/part.cc:1", "no header of its name"),
            ({"lib/a/a.h": "class Part {\n};\n", "lib/b/b.h": "// B.\nstruct Part final : A {\n};\n"},
             "lib/b/b.h:2", "another type in lib/a/a.h"),
            ({"lib/a/a.h": "enum class Part { kOne };\n", "cli/b.h": "class Part {\n};\n"}, "lib/a/a.h:1",
             "another type in cli/b.h"),
        ]:
            with self.subTest(files=files):
                self.assert_fault("names", files, where, what)

    # A class with a lock, whose method is in another file of its folder.
    LOCKED = {
        "lib/a/counter.h": """#include "lib/base/mutex.h"
class Counter {
 public:
  int Next();
  int Peek();

 private:
  brume::Mutex mutex_;
  int next_ ABSL_GUARDED_BY(mutex_) = 0;
};
""",
        "lib/a/counter.cc": '#include "lib/a/counter.h"\n'
                            "int Counter::Next() {\n  brume::MutexLock lock(mutex_);\n  return ++next_;\n}\n",
    }

    def test_members_touched_with_their_lock_held_are_clean(self):
        self.assert_clean("thread_safety", self.LOCKED | {
            "lib/a/peek.cc": '#include "lib/a/counter.h"\n'
                             "int Counter::Peek() {\n  brume::MutexLock lock(mutex_);\n  return next_;\n}\n"})

    def test_a_member_touched_without_its_lock_is_found(self):
        unguarded = '#include "lib/a/counter.h"\nint Counter::Peek() { return next_; }\n'
        header = self.LOCKED["lib/a/counter.h"].replace("int Peek();", "int Peek() { return next_; }")
        for files, where in [({"lib/a/peek.cc": unguarded}, "lib/a/peek.cc:2:"),
                             ({"lib/a/counter.h": header}, "lib/a/counter.h:5:")]:
            code, lines = self.run_lint("thread_safety", self.LOCKED | files)
            self.assertEqual(code, 1)
            self.assertTrue(any(where in line and "requires holding mutex 'mutex_'" in line for line in lines), lines)

    def test_a_file_compiled_in_one_unit_with_others_is_checked(self):
        unguarded = '#include "lib/a/counter.h"\nint Counter::Peek() { return next_; }\n'
        code, lines = self.run_lint("thread_safety", self.LOCKED | {
            "lib/a/peek.cc": unguarded, "build/Unity/unity_0_cxx.cxx": '#include "@ROOT@/lib/a/peek.cc"\n'})
        self.assertEqual(code, 1)
        self.assertTrue(any("lib/a/peek.cc:2:" in line for line in lines), lines)

    def test_a_header_without_a_file_of_its_own_is_checked(self):
        header = self.LOCKED["lib/a/counter.h"].replace("int Peek();", "int Peek() { return next_; }")
        code, lines = self.run_lint("thread_safety", {"lib/a/alone.h": header, "lib/a/other.cc": "int other;\n"})
        self.assertEqual(code, 1)
        self.assertIn("requires holding mutex 'mutex_'", "".join(lines))

    def test_locks_the_analysis_does_not_know_are_found(self):
        for text in ["std::mutex m;", "std::condition_variable c;", "std::unique_lock lock(m);", "absl::Mutex m;"]:
            with self.subTest(text=text):
                self.assert_fault("thread_safety", self.LOCKED | {"cli/a.h": f"// A.\n{text}\n"}, "cli/a.h:2",
                                  "use the locks of lib/base/mutex.h")

    def test_a_lock_that_guards_nothing_is_found(self):
        self.assert_fault("thread_safety", self.LOCKED | {"daemon/a.h": "class A {\n  mutable Mutex mutex_;\n};\n"},
                          "daemon/a.h:2", "mutex_ guards nothing")

    def test_the_analysis_is_not_passed_over_where_clang_is_missing(self):
        with tempfile.TemporaryDirectory() as programs:
            os.symlink(sys.executable, os.path.join(programs, "python3"))
            code, lines = self.run_lint("thread_safety", self.LOCKED, env={**os.environ, "PATH": programs})
        self.assertEqual(code, 1)
        self.assertIn("clang++ is not installed", "".join(lines))

    @unittest.skipUnless(shutil.which("clang-format"), "clang-format is not installed")
    def test_format(self):
        style = {".clang-format": "BasedOnStyle: Google\nColumnLimit: 120\n"}
        self.assertEqual(self.run_lint("format", {**style, "lib/a.cc": "int a = 1;\n"})[0], 0)
        self.assertEqual(self.run_lint("format", {**style, "lib/a.cc": "int  a=1;\n"})[0], 1)


if __name__ == "__main__":
    unittest.main()
