"""OTLP trace receivers: gRPC and HTTP, protobuf and JSON, decoded straight into Arrow columns.

The way of a request: bytes -> (JSON is turned into protobuf bytes) -> ``decode`` -> ``GroupCommit``
-> the store's commit -> the answer. There is one decode path and one commit path.
"""
