"""Recipes, compared by out-of-fold predictions on all 60,000 training digits of MNIST. The test set is never used.

    python results/out_of_fold.py train lean-paper path/to/mnist      # 18 nets: three for each of six folds of other writers
    python results/out_of_fold.py train lean-paper path/to/mnist --n 1    # one for each fold; more can follow later
    python results/out_of_fold.py train post path/to/mnist --n 2 --only 0 3   # two of the folds: 20,000 digits, four nets
    python results/out_of_fold.py                                     # the table of all recipes again, without training

Training may be stopped at any time, and the same command resumes it. Predictions are written beside this file, in
`out_of_fold/`: NAME.npz as `predict` makes them by default, NAME-shifts.npz with each image also moved by one pixel to
each of four sides, and NAME.json with the settings and the accuracy on the `corruptions` of held-out digits. With `--only`,
there is NAME-folds-0-3.npz, which can calibrate a committee (`results/make.py`), and no row in the table.

`--sample --width 4 --epochs 1 --out DIR` tries the script within a minute or two."""
import argparse, sys
from pathlib import Path

import numpy as np, pandas as pd, torch
from corruptions import corrupted, corruptions
from mnist_committee.all import *
from mnist_committee.core import read_json, write_json

here = Path(__file__).resolve().parent
sys.path.append(str(here.parent/'nbs'/'benchmarks'))
from bench import machine

lean = dict(slant=.2, stretch=.15, max_deg=15., shift=1., mode='bicubic', normalize=True)
recipes = { # what `mnist_dls` is given, and `Committee.fit`
    'post': (dict(), dict(epochs=10)),
    'post-long': (dict(normalize=True), dict(epochs=20)),
    'published-long': (published_recipe, dict(epochs=20)),
    'lean-long': (lean, dict(epochs=20)),
    'published-paper': (published_recipe | dict(paper=.3), dict(epochs=20)),
    'lean-paper': (lean | dict(paper=.3), dict(epochs=20)),
    'published-longer': (published_recipe | dict(paper=.3), dict(epochs=40)),
    'lean-longer': (lean | dict(paper=.3), dict(epochs=40)),
}
mixtures = { # committees of nets of two recipes, whose images are prepared in the same way when they predict
    'lean-long and published-long': ('lean-long','published-long'),
    'lean-paper and published-paper': ('lean-paper','published-paper'),
    'lean-longer and published-longer': ('lean-longer','published-longer'),
}
shipped = 'lean-paper','published-paper' # the first net of each fold is in the package (`results/make.py`)
folds,block = 6,2000

def loaders(name, data=None, sample=False, device=None):
    "The training digits, augmented by the recipe `name`; the ones to validate on are not used"
    train,_ = mnist_digits(data, sample=sample)
    return Prep(train.shape, train.vocab, recipes[name][0]).dls(train, train.subset(range(100)), device=device)

def fold_of(n):
    "The fold to which each of `n` digits in a row belongs"
    return np.arange(n)//min(block, n//folds) % folds

def folder(name, width=32): return here.parent/'runs'/'out_of_fold'/f'{name}-{width}'

def load(name, width=32, device=None, ks=range(folds)):
    "The committees of the folds `ks`"
    return {k: Committee.load(folder(name, width)/f'fold_{k}', device) for k in ks}

def on_corruptions(dls, committees, n=2000):
    "Mean accuracy of the folds' `committees`, each on the first `n` digits that were held out from it, corrupted"
    x,y = dls.train_ds.x[:,0].cpu().numpy(),dls.train_ds.y.cpu().numpy()
    fold,res = fold_of(len(x)),{}
    held = [np.flatnonzero(fold==k)[:n] for k in committees]
    for name in ['none', *corruptions]:
        ims = [x[o] if name=='none' else corrupted(name, x[o]) for o in held]
        right = [(c.predict(im).argmax(1).numpy()==y[o]).mean() for c,im,o in zip(committees.values(), ims, held)]
        res[name] = round(float(np.mean(right)), 5)
    return res

def some_folds(dls, path, ks, n, **how):
    "What `cross_predict` predicts for the digits of the folds `ks`, in the same folders"
    fold = fold_of(len(dls.train_ds))
    def one(k):
        part = fold_dls(dls, fold==k)
        return Committee.fit(part, n, path=path/f'fold_{k}', seed=member_seed(0, k), **how).evaluate(part.valid)
    evs = [one(k) for k in ks]
    return Evaluation(np.concatenate([o.probs for o in evs], 1), np.concatenate([o.targets for o in evs]), evs[0].vocab)

def corruptions_of(args, dls, ks=range(folds)):
    return on_corruptions(dls, load(args.name, args.width, dls.device, ks), args.corrupt)

def train(args):
    "Train and predict out of fold by the recipe `args.name`, and write the evidence"
    fit = recipes[args.name][1]
    if args.epochs: fit = fit | dict(epochs=args.epochs)
    dls,path = loaders(args.name, args.data, args.sample, args.device),folder(args.name, args.width)
    if args.only:
        name = '-'.join(map(str, [args.name, 'folds', *args.only]))
        some_folds(dls, path, args.only, args.n, width=args.width, **fit).save(args.out/f'{name}.npz')
        return write_json(args.out/f'{name}.json', dict(
            recipe=dls.prep.recipe, members=args.n, folds=folds, only=args.only, block=block, width=args.width, **fit,
            corruptions=corruptions_of(args, dls, args.only), trained_on=machine()))
    how = dict(folds=folds, n=args.n, block=block, path=path, width=args.width, **fit)
    for suffix,shift in {'': 0, '-shifts': 1}.items():
        ev = Committee.cross_predict(dls, shift=shift, **how)
        ev.save(args.out/f'{args.name}{suffix}.npz', images=False)
    write_json(args.out/f'{args.name}.json', dict(
        recipe=dls.prep.recipe, members=args.n, **{k:v for k,v in how.items() if k not in ('path','n')},
        corruptions=corruptions_of(args, dls), trained_on=machine()))

def mixed(out, names, suffix):
    "The evaluation of all members of several recipes as one committee, or None where one is missing"
    files = [out/f'{o}{suffix}.npz' for o in names]
    if not all(o.exists() for o in files): return None
    evs = [Evaluation.load(o) for o in files]
    return Evaluation(np.concatenate([o.probs for o in evs]), evs[0].targets, evs[0].vocab)

def cross_entropy(ev):
    "Mean negative log-likelihood of the committee, in nats"
    p = ev.probs.astype(float).mean(0)[np.arange(len(ev.targets)), ev.targets]
    return -np.log(p.clip(1e-12)).mean()

def row(out, name, names):
    "What the table says of one recipe, or of several together"
    res = dict(recipe=name)
    for suffix,what in {'': '', '-shifts': ', with shifts'}.items():
        ev = mixed(out, names, suffix)
        if ev is None: return None
        wrong = (ev.probs.argmax(2)!=ev.targets).sum(1)
        res |= {'nets': len(ev.probs), f'errors of one net{what}': round(wrong.mean(), 1),
                f'errors together{what}': int(ev.wrong.sum()), f'cross entropy{what}': round(cross_entropy(ev), 5)}
    return res

def draw(out=here/'out_of_fold'):
    "Write and return the table of all recipes with evidence"
    rows = [row(out, k, o) for k,o in {**{k: (k,) for k in recipes}, **mixtures}.items()]
    table = pd.DataFrame([o for o in rows if o])
    if len(table): table.to_csv(out/'recipes.csv', index=False)
    settings = {o.stem: read_json(o)['corruptions'] for o in sorted(out.glob('*.json'))}
    if settings: pd.DataFrame(settings).rename_axis('corruption').to_csv(out/'corruptions.csv')
    return table

def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('what', nargs='?', choices=['train','draw'], default='draw')
    p.add_argument('name', nargs='?', choices=list(recipes))
    p.add_argument('data', nargs='?', help='folder with MNIST')
    p.add_argument('--sample', action='store_true', help='the digits in the package instead')
    p.add_argument('--n', type=int, default=3, help='nets for each fold (%(default)s)')
    p.add_argument('--only', type=int, nargs='+', choices=range(folds), help='train and predict these folds only')
    p.add_argument('--width', type=int, default=32, help='width of the nets (%(default)s)')
    p.add_argument('--epochs', type=int, help='epochs, if not as the recipe has it')
    p.add_argument('--corrupt', type=int, default=2000, help='held-out digits of each fold to corrupt (%(default)s)')
    p.add_argument('--device', type=torch.device, help="default: fastai's")
    p.add_argument('--out', type=Path, default=here/'out_of_fold', help='folder of the evidence')
    args = p.parse_args()
    if args.what=='train':
        if not args.name or not (args.data or args.sample): p.error('give the name of the recipe and a folder with MNIST')
        train(args)
    print(draw(args.out).to_string(index=False))

if __name__=='__main__': main()
