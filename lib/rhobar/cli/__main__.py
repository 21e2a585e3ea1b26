"""``python -m rhobar.cli``."""

from rhobar.cli import main

main()
