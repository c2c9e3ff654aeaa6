"""Becomes the kernel of a notebook, in the interpreter and with the packages of the project; Python 3.6 and later.

    python kernel.py LAYER FOLDER KERNEL-ARGUMENTS...

`LAYER` has what a kernel consists of, and comes after all that the project has; it is empty where the project has a
kernel. `FOLDER` is the notebook's own.
"""

import sys


def main() -> None:
    """Never returns before the kernel ends."""
    layer, folder = sys.argv[1:3]
    del sys.argv[1:3]
    sys.path[0] = folder  # where this file's own folder was
    if layer:
        sys.path.append(layer)
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance()


if __name__ == "__main__":
    main()
