# The lints as tests: each looks at the whole tree and names every fault by file and line.
foreach(lint includes names words format length test_cases comments persisted_enums)
  add_test(NAME "lint: ${lint}" COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/lint/${lint} ${CMAKE_SOURCE_DIR})
  set_tests_properties("lint: ${lint}" PROPERTIES LABELS lint TIMEOUT 300 SKIP_RETURN_CODE 77
    ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)
endforeach()
add_test(NAME "lint: the lints themselves" COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/lint/lints_test.py)
set_tests_properties("lint: the lints themselves" PROPERTIES LABELS lint TIMEOUT 300
  ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)
add_test(NAME "lint: thread_safety"
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/lint/thread_safety ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
set_tests_properties("lint: thread_safety" PROPERTIES LABELS lint TIMEOUT 1200
  ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)
