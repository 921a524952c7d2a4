"""``python -m tracemap``: the same as the command ``tracemap``."""

from __future__ import annotations

from tracemap.cli import main

if __name__ == "__main__":
    main()
