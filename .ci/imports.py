"""Import the installed package, module by module; fail on a warning of ours, or if the bare package imports anything heavy.

One warning is wanted: that `report`, kept for one release, is now called otherwise."""
import importlib, pkgutil, sys, warnings
from pathlib import Path

import mnist_committee
home = Path(mnist_committee.__file__).parent
assert home.is_relative_to(sys.prefix), f'{home} is not the installed package'
assert 'torch' not in sys.modules, '`import mnist_committee` imports torch: leave that to its modules'

with warnings.catch_warnings(record=True) as ws:
    warnings.simplefilter('always')
    for m in pkgutil.iter_modules(mnist_committee.__path__): importlib.import_module(f'mnist_committee.{m.name}')
    import mnist_committee.all
ours = [str(w) for w in ws if Path(w.filename).is_relative_to(home)]
assert not ours, '\n'.join(ours)
old = [str(w.message) for w in ws if w.category is DeprecationWarning and 'mnist_committee' in str(w.message)]
assert len(old)==1 and old[0].startswith('mnist_committee.report is'), f'the former name `report` should warn, once: {old}'
