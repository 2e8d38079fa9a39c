"""Run a notebook in its folder as Jupyter does, through nbclient, and save nothing: `python tutorial.py FILE [FLAG ...]`

Cells with a flag, such as `#| slow`, are left out unless it is given."""
import re, sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbdev.config import get_config

def run(file, flags, seconds=3600):
    "Run `file`; a cell that takes longer than `seconds` hangs"
    nb = nbformat.read(file, 4)
    left_out = set(get_config(path=file).tst_flags.split()) - set(flags)
    nb.cells = [o for o in nb.cells if not left_out & set(re.findall(r'^#\|\s*(\w+)\s*$', o.source, re.M))]
    limits = dict(timeout=seconds, startup_timeout=seconds, iopub_timeout=60)
    NotebookClient(nb, **limits, resources=dict(metadata=dict(path=file.parent))).execute()

if __name__=='__main__': run(Path(sys.argv[1]).resolve(), sys.argv[2:])
