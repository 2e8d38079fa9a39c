"Write README.md from nbs/index.ipynb: its text, its code, and those outputs that are Markdown or plain text"
import json, re
from pathlib import Path

root = Path(__file__).resolve().parent.parent

def shown_as(data):
    "An output as Markdown, or '' if it is a picture or a table"
    if set(data)=={'text/markdown', 'text/plain'}: return ''.join(data['text/markdown'])
    return '```\n' + ''.join(data['text/plain']) + '\n```' if set(data)=={'text/plain'} else ''

def markdown(cell):
    "One cell as Markdown"
    src = ''.join(cell['source'])
    if cell['cell_type']=='markdown': return src
    if cell['cell_type']=='raw' or '#| hide' in src.splitlines(): return ''
    code = '\n'.join(o for o in src.splitlines() if not o.startswith('#|'))
    shown = [shown_as(o.get('data', {})) for o in cell['outputs']]
    return '\n\n'.join([*([] if '#| echo: false' in src else [f'```python\n{code}\n```']), *filter(None, shown)])

def readme():
    "The text of README.md"
    cells = json.loads((root/'nbs/index.ipynb').read_text(encoding='utf-8'))['cells']
    text = '\n\n'.join(filter(None, map(markdown, cells)))
    text = re.sub(r'\]\(([\w/]+)\.qmd\)', r'](docs/\1.html)', text)  # pages that are no notebooks
    return '<!-- Written from nbs/index.ipynb by `make prepare`: edit that -->\n\n' + re.sub(r'\]\((?!https?:|#|docs/)', '](nbs/', text) + '\n'

if __name__=='__main__': (root/'README.md').write_text(readme(), encoding='utf-8')
