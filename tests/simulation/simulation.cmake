brume_test(simulation_test SOURCES simulation/simulation_test.cc simulation/simulation.cc simulation/simulation_client.cc
           simulation/simulation_check.cc store/volatile_disk.cc support/unsynced_bytes.cc DEPS brume_test_api sqlite3 LABELS unit
           PROPERTIES TIMEOUT 900)
