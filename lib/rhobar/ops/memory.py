"""How much memory is left."""

import logging
import os
from pathlib import Path


def available_memory() -> int:
    """Bytes that can be had without swapping."""
    try:
        with Path("/proc/meminfo").open() as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        logging.getLogger(__name__).debug("no /proc/meminfo: taking the physical memory")
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
