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

def programs():
    "(name, tree) of every module, script and notebook of ours"
    for o in [*modules(), *scripts()]: yield o.name, ast.parse(o.read_text(encoding='utf-8'))
    for nb in sorted((root/'nbs').rglob('*.ipynb')):
        if '.ipynb_checkpoints' in nb.parts: continue
        for i,c in enumerate(cells(nb)):
            code = re.sub(r'^(\s*)[%!].*', r'\1pass', source(c), flags=re.M) # what only Jupyter understands
            if c['cell_type']=='code' and not exported(c): yield f'{nb.name}, cell {i}', ast.parse(code)

def private_imports():
    "Nobody imports a private name of another module of ours"
    for name,tree in programs():
        for node in ast.walk(tree):
            if not isinstance(node, ast.ImportFrom) or not (node.level or (node.module or '').startswith(package)): continue
            yield from (f'{name}: line {node.lineno} imports {a.name}' for a in node.names if re.match('_[^_]', a.name))

steps = re.compile(r'forward|backward|zero_grad|one_batch|all_batches|_do_\w+|_call_one|_with_events|_split|_step|_backward'
                   r'|(before|after)_\w+') # methods of fastai's learner and callbacks, and of PyTorch's nets

def private_methods():
    "Names of private methods of our classes"
    for o in modules():
        for node in ast.walk(ast.parse(o.read_text(encoding='utf-8'))):
            if not isinstance(node, ast.FunctionDef) or not node.args.args: continue
            if node.args.args[0].arg in ('self','cls') and re.match('_[^_]', node.name): yield node.name

def targets(node):
    "What a statement assigns to"
    if isinstance(node, (ast.Tuple,ast.List)): return [o for e in node.elts for o in targets(e)]
    if isinstance(node, ast.Assign): return [o for e in node.targets for o in targets(e)]
    if isinstance(node, (ast.AugAssign,ast.AnnAssign)): return targets(node.target)
    return [node] if isinstance(node, (ast.Attribute,ast.Subscript)) else []

def replaces(node, known, imported):
    "What a statement or call replaces on an object that somebody else made, as far as its text tells"
    if isinstance(node, ast.Call):
        return [f for f in [ast.unparse(node.func)] if re.search(r'\bmock\.patch|\bmonkeypatch\.setattr$|^(set|del)attr$', f)]
    def replaced(o):
        if ast.unparse(o)=='warnings.showwarning': return False # the seam that Python has for it; `catch_warnings` restores it
        if isinstance(o, ast.Subscript): return re.match(r'vars\(|.*\.__dict__$', ast.unparse(o.value))
        if isinstance(o.value, ast.Name) and o.value.id in imported: return True # a name of a module
        return steps.fullmatch(o.attr) or o.attr in known and ast.unparse(o.value)!='self'
    return [ast.unparse(o) for o in targets(node) if replaced(o)] if isinstance(node, ast.stmt) else []

def replaced_attributes():
    "Nothing replaces attributes on live objects"
    known = {*private_methods()}
    for name,tree in programs():
        nodes = list(ast.walk(tree))
        imported = {a.asname or a.name for o in nodes if isinstance(o, ast.Import) for a in o.names}
        yield from (f'{name}: line {o.lineno} replaces {what}' for o in nodes for what in replaces(o, known, imported))

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
