"""A shop's worth of OTLP requests, a server to send them to, and those who send."""
