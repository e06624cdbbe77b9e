brume_test(metric_test APART SOURCES cloudwatch/metric_bucket_test.cc cloudwatch/metric_statistic_test.cc cloudwatch/metric_service_test.cc
           cloudwatch/metric_expression_test.cc DEPS brume_cloudwatch LABELS unit)
brume_test(sampler_test SOURCES cloudwatch/sampler_test.cc DEPS brume_cloudwatch LABELS unit)
brume_test(api_metric_test SOURCES cloudwatch/api_metric_test.cc DEPS brume_test_api LABELS unit)
brume_test(exposition_test SOURCES cloudwatch/exposition_test.cc DEPS brume_api brume_frontend_prometheus LABELS unit)
