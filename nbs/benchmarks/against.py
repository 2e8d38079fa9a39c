"""How fast this checkout is beside another one, such as the last release, in one run on one machine.

    git worktree add /tmp/base 4b167ad
    OMP_NUM_THREADS=2 python nbs/benchmarks/against.py /tmp/base

Both take turns, round after round, each in a process of its own. A ratio above 1 means that this checkout is faster;
its range is that of the single rounds. `--rounds 1 --tiny` only tries the script."""
import argparse, os, sys
from pathlib import Path

import mnist_committee, pandas as pd, torch
from bench import StepRate, Worker, fit, here, in_turns, machine, rate, serve
from fastai.data.transforms import IntToFloatTensor
from fastai.torch_core import TensorImageBW
from fasttransform import Pipeline
from mnist_committee.all import * # what is used here must be in both checkouts

# What is measured, in images a second

def train(width, steps):
    learn = mnist_learner(mnist_dls(sample=True), width)
    return lambda: fit(learn, StepRate(steps)).rate

def augment(n):
    x,tfms = torch.from_numpy(sample_digits()[0][:n])[:,None],Pipeline([IntToFloatTensor(), *digit_tfms()], split_idx=0)
    return rate(lambda: tfms(TensorImageBW(x)), n, least=2)

def evaluate(nets, width, n):
    recipe = dict(size=28, crop=25, max_deg=10., alpha=8., sigma=3., valid=False)
    prep = dict(shape=[1,28,28], vocab=list('0123456789'), recipe=recipe)
    c = Committee([mnist_model(width=width) for _ in range(nets)], prep)
    x,y = (torch.from_numpy(o) for o in sample_digits())
    idxs = torch.arange(n) % len(x)
    ds = DigitDataset(x[idxs], y[idxs], split_idx=1)
    return rate(lambda: c.evaluate(ds), n)

measures = {
    'training, width 32': ('train', 32, 31),
    'training, width 128': ('train', 128, 9),
    'augmentation': ('augment', 256),
    'evaluate, 7 nets of width 32': ('evaluate', 7, 32, 10000),
}
tiny = {'training': ('train', 2, 3), 'augmentation': ('augment', 256), 'evaluate': ('evaluate', 2, 2, 256)}

# The table

def worker(checkout, *args):
    "A process that measures the package in the folder `checkout`"
    return Worker(*args, script='against.py', PYTHONPATH=str(checkout), AGAINST=str(checkout))

def row(df):
    "The two columns of `df` as people read them"
    ratios = df.this/df.other
    return {'this, images/s': f'{df.this.median():,.0f}', 'other, images/s': f'{df.other.median():,.0f}',
            'ratio': f'{ratios.median():.3f}', 'range': f'{ratios.min():.3f} – {ratios.max():.3f}'}

def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('other', type=Path, help='folder of the other checkout')
    p.add_argument('--rounds', type=int, default=9, help='turns of each (%(default)s)')
    p.add_argument('--tiny', action='store_true', help='measure next to nothing, to try the script')
    args,rows = p.parse_args(),{}
    both = dict(this=here.parent.parent, other=args.other.resolve())
    print(pd.Series(machine()).to_string(), flush=True)
    for k,o in (tiny if args.tiny else measures).items():
        rows[k] = row(in_turns({name: worker(path, *o) for name,path in both.items()}, args.rounds, anew=both))
        print('\n', pd.DataFrame(rows).T.to_string(), flush=True)

if __name__=='__main__':
    if 'AGAINST' not in os.environ: main()
    else:
        found,wanted = Path(mnist_committee.__file__).resolve().parent.parent,Path(os.environ['AGAINST'])
        if found!=wanted: raise SystemExit(f'the package in {wanted} is to be measured, but {found} was imported')
        serve(globals(), *sys.argv[1:])
