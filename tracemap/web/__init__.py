"""The network side of the library: the API of a running server, its client, and ``serve``."""
