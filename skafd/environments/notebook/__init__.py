"""What executes notebooks: papermill in an environment of its own, and kernels in the interpreters of projects.

`layers.py` makes the environments. The other files are programs that run in them, not in the daemon: `execute.py` and
`to_html.py` where papermill and nbconvert are, `kernel.py` in the project's own Python.
"""

from pathlib import Path

PROGRAMS = Path(__file__).parent
"""Where the programs are, in skafd itself."""
