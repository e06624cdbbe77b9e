brume_test(signing_test SOURCES unit/sigv4_test.cc unit/access_key_test.cc unit/session_test.cc
           unit/instance_sessions_test.cc
           DEPS brume_identity LABELS unit)

add_executable(sigv4_probe unit/sigv4_probe.cc)
target_link_libraries(sigv4_probe PRIVATE brume_identity)
brume_python_test(sigv4_botocore unit sigv4_botocore_test TIMEOUT 120 LABELS unit
  ENVIRONMENT SIGV4_PROBE=$<TARGET_FILE:sigv4_probe>)
