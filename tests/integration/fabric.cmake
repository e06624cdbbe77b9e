brume_test(fabric_test
  SOURCES integration/fabric_traffic_test.cc integration/fabric_public_test.cc integration/fabric_lifecycle_test.cc
          integration/fabric_fixture.cc integration/fabric_guest.cc
  DEPS brume_network_linux PkgConfig::LIBNL
  LABELS integration)
