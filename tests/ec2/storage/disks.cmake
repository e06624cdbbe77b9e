brume_test(disks_test SOURCES ec2/storage/qcow2_header_test.cc ec2/storage/disk_format_test.cc ec2/storage/image_bundle_test.cc ec2/storage/disk_files_test.cc
           DEPS brume_storage_qcow2 LABELS unit)
