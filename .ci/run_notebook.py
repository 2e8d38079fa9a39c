"Run a notebook's code cells from top to bottom in plain Python, without Jupyter: `python run_notebook.py FILE`"
import json, sys
from pathlib import Path

ns = dict(__name__='__main__')
for i,cell in enumerate(json.loads(Path(sys.argv[1]).read_text(encoding='utf-8'))['cells']):
    if cell['cell_type']=='code': exec(compile(''.join(cell['source']), f'cell {i}', 'exec'), ns)
