# Programs that others wrote, unchanged, against the Query API of a real brumed. Guests boot here for real, too.
brume_python_test(clients_aws_cli clients aws_cli_test TIMEOUT 600 LABELS clients GUESTS)
brume_python_test(clients_ansible clients ansible_test TIMEOUT 600 LABELS clients GUESTS)
brume_python_test(clients_boto3 clients boto3_test TIMEOUT 300 LABELS clients GUESTS)
brume_python_test(clients_sdk_js clients sdk_js_test TIMEOUT 300 LABELS clients GUESTS)
brume_python_test(clients_boto3_errors clients boto3_errors_test TIMEOUT 120 LABELS clients)
brume_python_test(clients_iam clients iam_test TIMEOUT 120 LABELS clients)
brume_python_test(clients_prometheus clients prometheus_test TIMEOUT 120 LABELS clients)
brume_python_test(clients_signature clients signature_test TIMEOUT 120 LABELS clients)
