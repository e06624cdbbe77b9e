# Guests boot here for real.
foreach(module launch isolation backup volume root_volume hibernation snapshot export encryption network spoof interface vpc gateway endpoint metadata lifecycle ends image console restart previous_revision rebuild pattern full_disk libvirtd doctor monitoring alarm scaling short newcomer)
  brume_python_test(system_${module} system ${module}_test TIMEOUT 600 LABELS system GUESTS)
endforeach()
# Its two guests boot at once, for minutes.
if(BRUME_DEBIAN_TESTS)
  brume_python_test(system_debian system debian_test TIMEOUT 2400 LABELS system GUESTS
    ENVIRONMENT "BRUME_DEBIAN=${BRUME_DEBIAN};BRUME_DEBIAN_TESTS=${BRUME_DEBIAN_TESTS}")
  set_tests_properties(system_debian PROPERTIES FIXTURES_REQUIRED "mini;debian" PROCESSORS 2)
endif()
# It builds what build/release does not have yet, so only from there.
if(CMAKE_BINARY_DIR STREQUAL ${CMAKE_SOURCE_DIR}/build/release)
  brume_python_test(system_quickstart system quickstart_test TIMEOUT 600 LABELS system GUESTS)
endif()
brume_python_test(system_refusal system refusal_test TIMEOUT 300 LABELS system)
brume_python_test(system_import system import_test TIMEOUT 300 LABELS system)
brume_python_test(system_simulate system simulate_test TIMEOUT 300 LABELS system)
brume_python_test(system_completion system completion_test TIMEOUT 300 LABELS system)
brume_python_test(system_snapshot_files system snapshot_file_test TIMEOUT 300 LABELS system)
brume_python_test(system_certificate system certificate_test TIMEOUT 120 LABELS system)
brume_python_test(system_service system service_test TIMEOUT 120 LABELS system)
brume_python_test(system_harness system harness_test TIMEOUT 120 LABELS system)
# The clients of system_concurrency, in one process.
add_executable(call_storm ${CMAKE_CURRENT_SOURCE_DIR}/system/call_storm.cc)
target_link_libraries(call_storm PRIVATE brume_options brume_proto PkgConfig::GRPC)
brume_python_test(system_concurrency system concurrency_test TIMEOUT 300 LABELS system)
# Runs inside guests, which have none of this host's libraries, a sanitizer's least of all.
add_executable(guest_frames ${CMAKE_CURRENT_SOURCE_DIR}/system/guest_frames.cc)
target_link_libraries(guest_frames PRIVATE brume_options)
target_compile_options(guest_frames PRIVATE -fno-sanitize=all)
target_link_options(guest_frames PRIVATE -static -s -fno-sanitize=all)
