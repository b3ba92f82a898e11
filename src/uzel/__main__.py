"""`python -m uzel`."""

import sys

from uzel.cli import main

sys.exit(main())
