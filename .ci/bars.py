"Remove the progress bars that notebooks keep as outputs once they have run: `python .ci/bars.py NOTEBOOK …`"
import json, sys
from pathlib import Path

def is_bar(out):
    "Whether an output is a progress bar, or the style sheet of one"
    html = ''.join(out.get('data', {}).get('text/html', ''))
    return '<progress' in html or 'progress {' in html and '<table' not in html

def without_bars(nb):
    "The notebook `nb`, as a dict, without progress bars in its outputs"
    for o in nb['cells']:
        if o.get('outputs'): o['outputs'] = [out for out in o['outputs'] if not is_bar(out)]
    return nb

def main(files):
    for f in map(Path, files):
        old = f.read_text(encoding='utf-8')
        new = json.dumps(without_bars(json.loads(old)), sort_keys=True, indent=1, ensure_ascii=False) + '\n'
        if new!=old: f.write_text(new, encoding='utf-8')

if __name__=='__main__': main(sys.argv[1:])
