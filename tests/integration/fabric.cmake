brume_test(fabric_test
  SOURCES integration/fabric_traffic_test.cc integration/fabric_public_test.cc integration/fabric_lifecycle_test.cc
          integration/fabric_fixture.cc integration/fabric_guest.cc
  DEPS brume_network_linux PkgConfig::LIBNL
  LABELS integration)

# Measures and asserts nothing, so it is no test: see docs/networking.md.
add_executable(fabric_bench integration/fabric_bench.cc integration/fabric_fixture.cc integration/fabric_guest.cc)
target_link_libraries(fabric_bench PRIVATE brume_test_main brume_network_linux PkgConfig::LIBNL)
