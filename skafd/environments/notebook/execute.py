"""Executes a notebook by papermill, in an environment of its own; its kernel stands in the project's.

    python -I execute.py NOTEBOOK PYTHON LAYER RESULT

`PYTHON` is of the project, `LAYER` the folder with the packages of a kernel. The executed notebook is written to
`RESULT` after every cell. Parameters come from `$SKAFD_PARAMS`. What cells print is printed, and so is the exception
of a cell that fails; the exit code is then 1, or what the cell passed to `sys.exit`.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

# Neither the user's settings of Jupyter nor a home folder that may not be written to. In the working folder, so that
# what is left of it where this is killed goes with that.
_SCRATCH = tempfile.TemporaryDirectory(prefix=".skafd-notebook-", dir=Path.cwd())
for _name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
    os.environ[_name] = f"{_SCRATCH.name}/{_name.lower()}"
os.environ.update(JUPYTER_NO_CONFIG="1", JUPYTER_PREFER_ENV_PATH="1", PYDEVD_DISABLE_FILE_VALIDATION="1")

import nbformat
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import DeadKernelError
from papermill import PapermillExecutionError, execute_notebook
from papermill.iorw import papermill_io

_SCHEME = "skafd:"
_START_SECONDS = 600


class ProjectKernel(AsyncKernelManager):
    """A kernel in the project's interpreter, spoken to through sockets that only its user may open."""

    command: list[str] = []

    def __init__(self, **settings: Any) -> None:
        # Relative: the whole path may be longer than that of a socket may be.
        super().__init__(transport="ipc", ip=f"{os.path.relpath(_SCRATCH.name)}/k", **settings)

    @property
    def kernel_spec(self) -> KernelSpec:
        """How it is started."""
        return KernelSpec(
            argv=[*self.command, "--Application.log_level=50", "-f", "{connection_file}"],
            language="python",
            display_name="skafd",
        )


class WholeFile:
    """Writes the notebook so that whoever ends this process in between leaves the last whole one."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, content: str, _address: str) -> None:
        """Replaces the file."""
        beside = self._path.with_suffix(".writing")
        beside.write_text(content, encoding="utf-8")
        beside.replace(self._path)

    def pretty_path(self, _address: str) -> str:
        """For papermill's own log."""
        return str(self._path)


def main() -> int:
    """Returns the exit code."""
    name, python, layer, result_file = sys.argv[1:5]
    result = Path(result_file)
    result.parent.mkdir(parents=True, exist_ok=True)
    papermill_io.register(_SCHEME, WholeFile(result))
    folder = str(Path(name).resolve().parent)
    ProjectKernel.command = [python, str(Path(__file__).with_name("kernel.py")), layer, folder]
    try:
        nbformat.read(name, as_version=4)
    except (OSError, ValueError, nbformat.reader.NotJSONError) as error:
        return _fail(f"{name} is no notebook that can be read: {error}")
    try:
        _execute(name)
    except PapermillExecutionError as error:
        return _explain(name, error)
    except DeadKernelError:
        return _fail(f"{name}: the kernel died{_where(result)}")
    except RuntimeError as error:
        return _fail(f"{name}: {error}")
    finally:
        print(f"the executed notebook: skafd notebook {os.environ.get('SKAFD_TASK', '')}".rstrip(), file=sys.stderr)
    return 0


def _execute(name: str) -> None:
    execute_notebook(
        name.replace("{", "{{").replace("}", "}}"),  # papermill fills parameters into paths
        f"{_SCHEME}executed.ipynb",
        parameters=json.loads(os.environ.get("SKAFD_PARAMS") or "{}"),
        kernel_name="python3",
        language="python",
        kernel_manager_class=ProjectKernel,
        progress_bar=False,
        stdout_file=sys.stdout,
        stderr_file=sys.stderr,
        start_timeout=_START_SECONDS,
    )


def _explain(name: str, error: PapermillExecutionError) -> int:
    is_exit = error.ename == "SystemExit"
    code = int(error.evalue) if is_exit and error.evalue.isdigit() else 1
    what = f"called sys.exit({error.evalue})" if is_exit else f"failed with {error.ename}: {error.evalue}\n{error}"
    _fail(f"{name}: In [{error.exec_count}] {what}")
    return code


def _where(result: Path) -> str:
    """In which cell it was."""
    cells = json.loads(result.read_text(encoding="utf-8"))["cells"] if result.exists() else []
    begun = [cell for cell in cells if cell["metadata"].get("papermill", {}).get("start_time")]
    return f" in this cell:\n{''.join(begun[-1]['source'])}" if begun else " before the first cell"


def _fail(text: str) -> int:
    sys.stdout.flush()
    print(text, file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
