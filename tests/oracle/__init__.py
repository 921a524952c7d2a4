"""Design sections 5 and 6 in plain Python: who belongs where, and who took which message.

Written from the rules as ARCHITECTURE.md tells them, not from the statements of ``queries/build``,
to be compared with those. Slow and simple: spans are objects, answers are dicts, rules are loops.
"""
