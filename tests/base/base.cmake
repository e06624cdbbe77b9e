add_executable(base_failpoint_program base/base_failpoint_program.cc)
target_link_libraries(base_failpoint_program PRIVATE brume_base)

brume_test(base_test
  SOURCES base/base_test.cc base/base_enum_names_test.cc base/base_failure_kind_test.cc base/base_failpoint_test.cc base/base_periodic_test.cc base/base_pass_list_test.cc base/base_priority_test.cc base/base_reconcile_loop_test.cc base/base_work_watch_test.cc
          base/base_subprocess_test.cc base/base_confinement_test.cc
          base/base_work_pool_test.cc
  DEPS brume_base
  LABELS unit)
target_compile_definitions(base_test PRIVATE FAILPOINT_PROGRAM="$<TARGET_FILE:base_failpoint_program>")
add_dependencies(base_test base_failpoint_program)
