"""The last step sees what the first one left, and that the pause was kept."""

import time
from pathlib import Path

pause = time.time() - float(Path("started.txt").read_text())
assert pause >= 1, pause
print("b came after a and the pause")
