brume_test(disks_contract_test SOURCES ec2/storage/disks_contract_test.cc DEPS brume_storage_qcow2 LABELS contract)
