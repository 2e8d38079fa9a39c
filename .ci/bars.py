"""Remove what notebooks keep as outputs once they have run, and no reader needs: progress bars, and what `show_doc` shows, with
links to a repository that may be nowhere. The docs show it anew. `python .ci/bars.py NOTEBOOK …`"""
import json, sys
from pathlib import Path

def is_bar(out):
    "Whether an output is a progress bar, or the style sheet of one"
    html = ''.join(out.get('data', {}).get('text/html', ''))
    return '<progress' in html or 'progress {' in html and '<table' not in html

def is_doc(out):
    "Whether an output is what nbdev's `show_doc` shows"
    return '[source](' in ''.join(out.get('data', {}).get('text/markdown', ''))

def without_bars(nb):
    "The notebook `nb`, as a dict, without those outputs"
    for o in nb['cells']:
        if o.get('outputs'): o['outputs'] = [out for out in o['outputs'] if not is_bar(out) and not is_doc(out)]
    return nb

def main(files):
    for f in map(Path, files):
        old = f.read_text(encoding='utf-8')
        new = json.dumps(without_bars(json.loads(old)), sort_keys=True, indent=1, ensure_ascii=False) + '\n'
        if new!=old: f.write_text(new, encoding='utf-8')

if __name__=='__main__': main(sys.argv[1:])
