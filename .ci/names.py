"""List what a reader would look for in vain: public names without a docstring, a documented parameter, an example, or a place on the site.

`python .ci/names.py` prints the list; it is empty when all is well."""
import ast, importlib, inspect, json, re, sys
from pathlib import Path

root = Path(__file__).resolve().parent.parent
modules = {p.name.split('_', 1)[1].removesuffix('.ipynb'): p for p in sorted((root/'nbs').glob('[0-9][0-9]*_*.ipynb')) if 'report' not in p.name}

def cells(nb): return json.loads(nb.read_text(encoding='utf-8'))['cells']
def source(c): return ''.join(c['source'])
def exported(c): return c['cell_type']=='code' and re.search(r'^#\|\s*exports?\b(?!_)', source(c), re.M)

def defined(nb):
    "The functions and classes that `nb` exports, with their cells: (name, class or None, node); methods that are patched in too"
    for c in cells(nb):
        if not exported(c) or re.search(r'^#\|\s*hide\s*$', source(c), re.M): continue
        for o in ast.parse(source(c)).body:
            if not isinstance(o, (ast.FunctionDef,ast.ClassDef)) or o.name.startswith('_'): continue
            patched = any('patch' in ast.unparse(d) for d in o.decorator_list)
            yield o.name, ast.unparse(o.args.args[0].annotation) if patched else None, o, source(c)

def pars(node, src):
    "The parameters of a function or of a class's __init__ that have no comment"
    if isinstance(node, ast.ClassDef):
        node = next((o for o in node.body if isinstance(o, ast.FunctionDef) and o.name=='__init__'), None)
        if node is None: return []
    a,lines = node.args,src.splitlines()
    args = [o for o in (*a.posonlyargs, *a.args, *a.kwonlyargs, *filter(None, (a.vararg, a.kwarg))) if o.arg not in ('self','cls')]
    return [o.arg for o in args if '#' not in lines[o.end_lineno-1][o.end_col_offset:] and not _delegated(node, o.arg)]

def _delegated(node, arg): return arg=='kwargs' and any('delegates' in ast.unparse(d) for d in node.decorator_list)

def _overrides(mod, cls, name):
    "Whether the method `name` is one of fastai's or PyTorch's, and documented there"
    cls = getattr(importlib.import_module(f'mnist_committee.{mod}'), cls)
    return any(hasattr(o, name) for o in cls.__mro__[1:])

def faults():
    "One line for each thing that is missing"
    examples = '\n'.join(source(c) for nb in (root/'nbs').rglob('*.ipynb') if '.ipynb_checkpoints' not in nb.parts
                         for c in cells(nb) if c['cell_type']=='code' and not exported(c))
    for mod,nb in modules.items():
        names = [o for o in defined(nb)]
        for name,cls,node,src in names:
            if cls and (cls.startswith('_') or _overrides(mod, cls, name)): continue
            full = f'{mod}.{cls}.{name}' if cls else f'{mod}.{name}'
            if not ast.get_docstring(node): yield f'{full} has no docstring'
            for o in pars(node, src): yield f'{full}: the parameter {o} has no comment'
            used = rf'(\.|def ){name}\b' if cls else rf'\b{name}\b'
            if not re.search(used, examples): yield f'{full} has no example in any notebook'
        known = {n for n,cls,*_ in names if not cls}
        public = set(getattr(importlib.import_module(f'mnist_committee.{mod}'), '__all__', ()))
        undocumented = {o for o in public-known if inspect.isclass(x := getattr(importlib.import_module(f'mnist_committee.{mod}'), o)) or inspect.isfunction(x)}
        yield from (f'{mod}.{o} is public but is not shown by its notebook' for o in sorted(undocumented))
        shown = [c for c in cells(nb) for o in c.get('outputs', ()) if {'image/png','text/html','image/svg+xml'} & set(o.get('data', ()))]
        if not shown and mod!='model': yield f'{mod} has no picture and no table'

if __name__=='__main__':
    found = list(faults())
    print('\n'.join(found) or 'Every public name is documented')
    sys.exit(bool(found))
