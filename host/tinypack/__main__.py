"""python -m tinypack"""

import sys

from .cli import main

sys.exit(main())
