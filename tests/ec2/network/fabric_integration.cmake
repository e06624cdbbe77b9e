brume_test(fabric_test APART
  SOURCES ec2/network/fabric_traffic_test.cc ec2/network/fabric_public_test.cc ec2/network/fabric_lifecycle_test.cc
          ec2/network/fabric_route_test.cc ec2/network/fabric_nat_test.cc ec2/network/fabric_endpoint_test.cc ec2/network/fabric_peering_test.cc ec2/network/fabric_matrix_test.cc ec2/network/fabric_random_test.cc
          ec2/network/fabric_spoof_test.cc ec2/network/fabric_repair_test.cc ec2/network/fabric_share_test.cc ec2/network/fabric_addresses_test.cc ec2/network/fabric_prefix_list_test.cc ec2/network/fabric_timeouts_test.cc ec2/network/fabric_flow_test.cc ec2/network/fabric_bandwidth_test.cc
          ec2/network/fabric_manners_test.cc ec2/network/fabric_names_test.cc
          ec2/network/fabric_fixture.cc ec2/network/fabric_guest.cc ec2/network/fabric_ipv6.cc
  DEPS brume_network_linux PkgConfig::LIBNL
  LABELS integration)

# Measures and asserts nothing, so it is no test: see docs/networking.md.
add_executable(fabric_bench ec2/network/fabric_bench.cc ec2/network/fabric_speed_bench.cc ec2/network/fabric_fixture.cc ec2/network/fabric_guest.cc)
target_link_libraries(fabric_bench PRIVATE brume_test_main brume_network_linux PkgConfig::LIBNL)
brume_test(fabric_ipv6_test APART
  SOURCES ec2/network/fabric_ipv6_test.cc ec2/network/fabric_ipv6_only_test.cc ec2/network/fabric_endpoint_ipv6_test.cc ec2/network/fabric_rows_test.cc ec2/network/fabric_fixture.cc ec2/network/fabric_guest.cc ec2/network/fabric_ipv6.cc
  DEPS brume_network_linux PkgConfig::LIBNL
  LABELS integration)
