# SPDX-License-Identifier: Apache-2.0
"""How many files the process may have open."""

import subprocess
import sys

SCRIPT = """
import resource
from console_ext import open_files

_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, min(hard, 256)))
assert open_files.raise_limit() == min(hard, 256)
assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(hard, 256)
assert open_files.raise_limit() == min(hard, 256)
"""


def test_as_many_as_it_may():
    subprocess.run([sys.executable, '-c', SCRIPT], check=True)
