"How the docs site shows a name: its call, what it does, and a table of its parameters"
import inspect
from textwrap import dedent
from fastcore.docments import MarkdownRenderer, docments
from nbdev.showdoc import BasicMarkdownRenderer

def _type(o):
    "A type as its author wrote it, or near to that"
    return '' if o is inspect.Parameter.empty or o is None else o if isinstance(o, str) else o.__name__ if isinstance(o, type) else str(o).replace('typing.', '')

def _value(o):
    "A default as its author wrote it"
    return o.__name__ if inspect.isfunction(o) or inspect.isclass(o) else repr(o)

def _cell(o): return str(o).replace('|', r'\|').replace('\n', ' ')
def _code(o): return f'`{_cell(o)}`' if o else ''

class Table(BasicMarkdownRenderer, MarkdownRenderer):
    def _repr_markdown_(self):
        title = self.nm.replace('_', r'\_')  # or Markdown takes the lines of `__add__` for emphasis
        head = f'---\n\n{"#"*self.title_level} {title}\n\n'
        if self.sig is None: return head + (self.docs or '') + _source(self.sym)
        empty = inspect.Parameter.empty
        docs,pars = docments(self.sym, full=True, args_kwargs=True),[o for o in self.sig.parameters.values() if o.name not in ('self','cls')]
        def star(o): return {o.VAR_POSITIONAL:'*', o.VAR_KEYWORD:'**'}.get(o.kind, '') + o.name
        def call(o): return star(o) if o.default is empty else f'{o.name}={_value(o.default)}'
        name,args = self.nm.split('.')[-1],[call(o) for o in pars]
        one = f'{name}({", ".join(args)})'
        call = one if len(one)<=88 else f'{name}(\n' + ''.join(f'    {o},\n' for o in args) + ')'
        rows = [(f'`{star(o)}`', _code(_type(o.annotation)), _code(_value(o.default)) if o.default is not empty else '', docs.get(o.name, {}).get('docment')) for o in pars]
        ret = docs.get('return', {})
        if ret.get('docment') or self.sig.return_annotation not in (empty, None):
            rows.append(('*Returns*', _code(_type(self.sig.return_annotation)), '', ret.get('docment')))
        prop = isinstance(inspect.getattr_static(_owner(self.sym), name, None), property) if _owner(self.sym) else False
        res = head + (f'```python\n{call}\n```\n\n' if not prop else '') + (f'{self.docs}\n\n' if self.docs else '')
        if rows: res += '::: {.signature}\n\n| | Type | Default | Details |\n|---|---|---|---|\n' + '\n'.join(f'| {a} | {b} | {c} | {_cell(d or "")} |' for a,b,c,d in rows) + '\n\n:::\n\n'
        return res + _source(self.sym)

def _source(sym):
    "The source code of `sym`, folded, if it has some"
    try: code = inspect.getsource(sym.fget if isinstance(sym, property) else sym)
    except (TypeError, OSError): return ''
    return f'\n\n<details class="source"><summary>Source</summary>\n\n```python\n{dedent(code).strip()}\n```\n\n</details>\n'

def _owner(sym):
    "The class of a method, if `sym` is one"
    mod,path = inspect.getmodule(sym),getattr(sym, '__qualname__', '').split('.')
    return getattr(mod, path[0], None) if len(path)==2 else None
