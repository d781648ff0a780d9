"""The program `firsthand` with one kit namespace more: `hang`, for tests of what happens when native code hangs.

The kit finds its namespaces by looking into its folder; here it looks into two.
"""

from __future__ import annotations

from pathlib import Path

from runtime.cli.main import main
from runtime.lua import kit

if __name__ == "__main__":
    kit.__path__.append(str(Path(__file__).with_name("hang_kit")))
    main()
