brume_test(fabric_ruleset_test SOURCES ec2/network/fabric_ruleset_test.cc ec2/network/ct_timeouts_test.cc ec2/network/flow_records_test.cc DEPS brume_network_linux PkgConfig::LIBNL LABELS unit)
brume_test(other_firewalls_test SOURCES ec2/network/other_firewalls_test.cc DEPS brume_network_linux LABELS unit)
