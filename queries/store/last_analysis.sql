SELECT built_ns, inputs, took_ns, live FROM derived.analysis
