"""Who owns what, as written in files: one module a format, found in folders by ``finding``.

A reader is a function ``read(content, path) -> declarations.Catalog``: declarations, teams and
contacts with file and line, and the mistakes. It never raises for what a file says. A new format is
one module, its name in ``declarations.Format``, and how its files are known in ``finding``.
"""
