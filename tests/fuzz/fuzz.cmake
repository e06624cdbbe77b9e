# brume_fuzz(NAME SOURCES file ... [DEPS target ...]), in the preset fuzz: a libFuzzer target, which CTest runs for a
# short while. By hand, for long: build/fuzz/bin/NAME -runs=10000000 CORPUS.
if(BRUME_FUZZ)
  function(brume_fuzz name)
    cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
    add_executable(${name} ${ARG_SOURCES})
    target_link_libraries(${name} PRIVATE brume_options ${ARG_DEPS})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    add_test(NAME ${name} COMMAND ${name} -runs=20000 -max_len=4096 -timeout=10 -print_final_stats=1)
    set_tests_properties(${name} PROPERTIES LABELS fuzz TIMEOUT 600)
  endfunction()

  brume_fuzz(fuzz_form SOURCES fuzz/fuzz_form.cc DEPS brume_frontend_query)
  brume_fuzz(fuzz_sigv4 SOURCES fuzz/fuzz_sigv4.cc DEPS brume_identity)
endif()
