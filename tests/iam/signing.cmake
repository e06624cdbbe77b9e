brume_test(signing_test SOURCES iam/sigv4_test.cc iam/access_key_test.cc iam/session_test.cc
           iam/instance_session_service_test.cc
           DEPS brume_iam LABELS unit)

add_executable(sigv4_probe iam/sigv4_probe.cc)
target_link_libraries(sigv4_probe PRIVATE brume_iam)
brume_python_test(sigv4_botocore iam sigv4_botocore_test TIMEOUT 120 LABELS unit
  ENVIRONMENT SIGV4_PROBE=$<TARGET_FILE:sigv4_probe>)
