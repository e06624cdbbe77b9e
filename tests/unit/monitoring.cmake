brume_test(metric_test SOURCES unit/metric_bucket_test.cc unit/metric_service_test.cc
           unit/metric_expression_test.cc DEPS brume_monitoring LABELS unit)
brume_test(sampler_test SOURCES unit/sampler_test.cc DEPS brume_monitoring LABELS unit)
brume_test(api_metric_test SOURCES unit/api_metric_test.cc DEPS brume_api LABELS unit)
brume_test(exposition_test SOURCES unit/exposition_test.cc DEPS brume_api brume_frontend_prometheus LABELS unit)
