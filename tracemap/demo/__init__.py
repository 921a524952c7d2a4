"""A shop that goes wrong on purpose, and tracemap watching it.

An application of its own: it may use sockets and processes, and it prints. Nothing else in the
library imports it except the command ``tracemap demo``.
"""
