# brume_fuzz(NAME [DEPS target ...]): the target fuzz/NAME.cc as a test.
#
# In the preset fuzz it is built with libFuzzer and runs for a short while; for long runs there is tests/fuzz/run. In
# the other presets it is a plain program that runs the inputs kept in fuzz/corpus/NAME, and blind changes of them: that
# costs a second, and holds on to whatever was found.
function(brume_fuzz name)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  set(fuzz ${CMAKE_CURRENT_SOURCE_DIR}/fuzz)
  add_executable(${name} fuzz/${name}.cc)
  target_link_libraries(${name} PRIVATE brume_options ${ARG_DEPS})
  if(BRUME_FUZZ)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    add_test(NAME ${name} COMMAND ${fuzz}/run --built ${name} --executions 20000)
  else()
    target_sources(${name} PRIVATE fuzz/replay_main.cc)
    add_test(NAME ${name} COMMAND ${name} ${fuzz}/corpus/${name} 3000)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS fuzz TIMEOUT 600)
endfunction()

brume_fuzz(fuzz_cbor DEPS brume_frontend_query)
brume_fuzz(fuzz_console DEPS brume_cli)
brume_fuzz(fuzz_form DEPS brume_frontend_query)
brume_fuzz(fuzz_http DEPS brume_frontend_query brume_iam PkgConfig::PUGIXML)
brume_fuzz(fuzz_policy DEPS brume_iam)
brume_fuzz(fuzz_sigv4 DEPS brume_iam)
