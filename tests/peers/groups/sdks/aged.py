"""Runs a credential_process, whose first answer is said to end in SECONDS: aged.py MARK SECONDS COMMAND…"""

import pathlib
import subprocess
import sys

from front import shortened

mark, seconds = pathlib.Path(sys.argv[1]), int(sys.argv[2])
done = subprocess.run(sys.argv[3:], stdout=subprocess.PIPE, text=True)
first = not mark.exists()
mark.touch()
print(shortened(done.stdout, seconds) if first else done.stdout)
sys.exit(done.returncode)
