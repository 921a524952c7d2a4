"""Fuzzing of everything that reads bytes of strangers; by hand: make fuzz ARGS="protobuf -s 600".

``targets`` has what is fuzzed and what must hold of it, ``making`` and ``damage`` the inputs. They
run in a child process (``child``), because a decoder may take its process with it, under the eyes
of ``watch``: how an input ended, its processor time, and the memory it took.
"""
