"""The rules of the house that no reviewer should have to look for: `python .ci/house.py` lists what breaks them.

Lines of a cell are those that are neither blank nor a `#|` directive."""
import ast, json, re, sys
from pathlib import Path
from statistics import median

root = Path(__file__).resolve().parent.parent
package = 'mnist_committee'

def modules(): return sorted(o for o in (root/package).glob('*.py') if o.name!='_modidx.py')
def scripts(): return [*sorted((root/'nbs'/'benchmarks').glob('*.py')), *sorted((root/'results').glob('*.py'))]
def notebooks(): return sorted((root/'nbs').glob('[0-9][0-9]*_*.ipynb'))

def cells(nb): return json.loads(nb.read_text(encoding='utf-8'))['cells']
def source(c): return ''.join(c['source'])
def exported(c): return c['cell_type']=='code' and bool(re.search(r'^#\|\s*export[is]?\b(?!_)', source(c), re.M))
def lines(c): return [o for o in source(c).splitlines() if o.strip() and not o.startswith('#|')]

def long_modules():
    "Modules have at most 350 lines"
    for o in modules():
        if (n := len(o.read_text(encoding='utf-8').splitlines()))>350: yield f'{o.name} has {n} lines'

def long_lines():
    "Exported lines have at most 120 characters"
    for o in modules():
        for i,s in enumerate(o.read_text(encoding='utf-8').splitlines(), 1):
            if len(s)>120 and not s.startswith('__all__'): yield f'{o.name}:{i} has {len(s)} characters'

def private_imports():
    "Nobody imports a private name of ours"
    for o in [*modules(), *scripts()]:
        for node in ast.walk(ast.parse(o.read_text(encoding='utf-8'))):
            if not isinstance(node, ast.ImportFrom) or not (node.level or (node.module or '').startswith(package)): continue
            yield from (f'{o.name}:{node.lineno} imports {a.name}' for a in node.names if re.match('_[^_]', a.name))

def _replaced(node):
    "What an assignment or call replaces on an object that somebody else made, if anything"
    if isinstance(node, ast.Call):
        f = ast.unparse(node.func)
        return f if re.search(r'\bmock\.patch|^setattr$|^delattr$', f) else None
    targets = getattr(node, 'targets', [getattr(node, 'target', None)]) if isinstance(node, (ast.Assign,ast.AugAssign)) else ()
    for t in targets:
        for o in t.elts if isinstance(t, ast.Tuple) else [t]:
            if isinstance(o, ast.Subscript) and re.match(r'vars\(', ast.unparse(o.value)): return ast.unparse(o)
            if isinstance(o, ast.Attribute) and re.search(r'\.(forward|_do_\w+|_call_one|_step|_backward|after_\w+|before_\w+)$', ast.unparse(o)):
                return ast.unparse(o)

def replaced_attributes():
    "Nothing replaces attributes on live objects"
    for o in [*modules(), *scripts()]:
        for node in ast.walk(ast.parse(o.read_text(encoding='utf-8'))):
            if what := _replaced(node): yield f'{o.name}:{node.lineno} replaces {what}'

def long_cells():
    "Exported cells have at most 40 lines, and a median of at most 8"
    sizes = []
    for nb in notebooks():
        for i,c in enumerate(cells(nb)):
            if not exported(c): continue
            sizes.append(len(lines(c)))
            if sizes[-1]>40: yield f'{nb.name}, cell {i} has {sizes[-1]} lines'
    if median(sizes)>8: yield f'the median of exported cells is {median(sizes)} lines'

def unexplained():
    "After at most three exported cells of more than six lines comes an explanation or an example"
    for nb in notebooks():
        hard = 0
        for i,c in enumerate(cells(nb)):
            hard = hard+(len(lines(c))>6) if exported(c) else 0
            if exported(c) and hard==4: yield f'{nb.name}, cell {i} is the fourth in a row'

rules = [long_modules, long_lines, private_imports, replaced_attributes, long_cells, unexplained]

if __name__=='__main__':
    found = [f'{rule.__doc__}: {o}' for rule in rules for o in rule()]
    print('\n'.join(found) or 'The house is in order')
    sys.exit(bool(found))
