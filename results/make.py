"""The committees that the results of this project rest on, and the evidence for them.

    python results/make.py train pretrained path/to/mnist   # the committee in the package
    python results/make.py train nine path/to/mnist         # nine nets of its size, by the recipe of the post
    python results/make.py train deep path/to/mnist         # nine such nets with two residual blocks in a row
    python results/make.py train twenty path/to/mnist       # five of the nine's kind, trained twice as long
    python results/make.py train lean path/to/mnist         # six, twice as long, on digits that also lean and stretch
    python results/make.py train full path/to/mnist         # the committee of the post, 35 nets of width 128
    python results/make.py train published path/to/mnist    # 20 such nets by the recipe that its author published later
    python results/make.py train fashion path/to/fashion-mnist   # five narrow nets on Zalando's pictures of clothes
    python results/make.py test pretrained path/to/mnist    # evaluates it on the test set again
    python results/make.py calibrate pretrained results/out_of_fold/pretrained.npz   # stores a threshold and a temperature
    python results/make.py                                  # draws all tables and pictures again (`make results`),
                                                            # those of the out-of-fold predictions too

Training may be stopped at any time, and the same command resumes it; `--n 3` stops after three nets. At the end the
committee is evaluated on the test set, and the predictions of every member are written beside this file. Drawing needs
only those.

The committee in the package is a cross-validated one (Parmanto et al. 1996): twelve nets, two for each of six folds of the
training digits, one by each of two recipes of `out_of_fold.py`. Each net is trained on the other five folds, so that every
training digit is predicted by two nets that have never seen it: `out_of_fold/pretrained.npz`.

`calibrate` takes held-out or out-of-fold predictions by nets of the same recipe (`results/out_of_fold.py`), and stores with
the committee the threshold for 0.1% errors. `NAME_refusal.csv` has the thresholds for other shares of errors too, with how
many of the test images each accepts, and how many of those are wrong.

The nets of `deep.json` were trained by an earlier version of this script, whose `Committee.fit` had no `depth`: so its
`training` says `"width": null`, and `net` has both."""
import argparse, sys
from functools import partial, reduce
from operator import add
from pathlib import Path

import numpy as np, pandas as pd, torch
from fastai.optimizer import OptimWrapper
from fastai.callback.schedule import ParamScheduler, SchedCos, SchedExp, combine_scheds
import out_of_fold
from mnist_committee.all import *
from mnist_committee.core import read_json, write_json
from mnist_committee.folder import Folder

here = Path(__file__).resolve().parent
sys.path.append(str(here.parent/'nbs'/'benchmarks'))
from bench import machine

class PublishedSchedule(ParamScheduler):
    "The learning rate of the published notebook: ten epochs of exponential decay, then one of cosine"
    order = ParamScheduler.order+1 # after the one cycle, whose learning rate it replaces
    def __init__(self):
        super().__init__(dict(lr=combine_scheds([10/11, 1/11], [SchedExp(4e-4, 4e-5), SchedCos(4e-5, 4e-8)])))

def published_adam(params, lr=4e-4):
    "Adam as the published notebook sets it"
    return OptimWrapper(params, opt=partial(torch.optim.Adam, betas=(.9,.99), fused=True), lr=lr)

def published_learner(dls): return mnist_learner(dls, opt_func=published_adam, cbs=PublishedSchedule())

package,images = here.parent/'mnist_committee'/'pretrained',here.parent/'nbs'/'images'
clothes = 'T-shirt trousers pullover dress coat sandal shirt sneaker bag boot'.split()
committees = { # what `Committee.fit` is given, and `mnist_dls` as `tfms`; `update_bn` comes after training
    'nine': dict(n=9, width=32),
    'deep': dict(n=9, width=32, depth=2, update_bn=True),
    'twenty': dict(n=5, epochs=20, width=32),
    'lean': dict(n=6, epochs=20, width=32, seed=1, tfms=dict(slant=.2, stretch=.15, max_deg=15.)),
    'full': dict(n=35, width=128),
    'published': dict(n=20, epochs=11, moms=(.9,.9,.9), make_learner=published_learner,
                      tfms=published_recipe | dict(bs=100)),
    # Clothes are photographed upright and fill the picture: less rotation and bending, shifts instead of a crop
    'fashion': dict(n=5, width=16, tfms=dict(alpha=4., max_deg=4., crop=None, shift=2., stretch=.1, vocab=clothes))}

max_errors = .0002,.0005,.001,.002 # shares of accepted images that may be wrong

def folder(name): return here.parent/'runs'/name

def loaders(name, data): return mnist_dls(data, **committees.get(name, {}).get('tfms', {}))

def train(name, data, n=None):
    "Train the committee `name` on the 60,000 images in folder `data`, and evaluate it on the 10,000 others"
    args,dls = {k:v for k,v in committees[name].items() if k!='tfms'},loaders(name, data)
    update_bn = args.pop('update_bn', False)
    c = Committee.fit(dls, **args | dict(n=n or args['n']), path=folder(name))
    if update_bn: c.update_bn(dls.train.dataset).save(folder(name))
    test(name, data)

def train_pretrained(data):
    "Train the nets of the package, write what they predict out of fold, and evaluate all of them as one committee"
    how,held,nets,ways = dict(folds=out_of_fold.folds, block=out_of_fold.block),[],[],{}
    for o in out_of_fold.shipped:
        dls,fit = out_of_fold.loaders(o, data),out_of_fold.recipes[o][1]
        held.append(Committee.cross_predict(dls, n=1, width=32, path=out_of_fold.folder(o), **how, **fit))
        nets.append({k: c[:1] for k,c in out_of_fold.load(o).items()})
        ways[o] = dls.prep.recipe
    pairs = {k: nets[0][k]+nets[1][k] for k in nets[0]} # of each fold
    probs,ev = np.concatenate([o.probs for o in held]),held[0]
    write_held(Evaluation(probs, ev.targets, ev.vocab, ev.images), dls, pairs)
    c = reduce(add, pairs.values())
    for o in c.nets: o.half() # half the size on disk
    c.save(package)
    seeds = [member_seed(member_seed(0, k), 0) for k in pairs for _ in ways]
    training = nets[0][0].training | how | dict(seed=0)
    for o in ('data','n'): del training[o] # those of the first fold
    write_json(here/'pretrained.json', dict(training=training, recipes=ways, seeds=seeds))
    test('pretrained', data)
    calibrate('pretrained', here/'out_of_fold'/'pretrained.npz')

def write_held(ev, dls, pairs):
    "Write what the nets of the package predict for the digits held out from them, as they are and corrupted"
    to = here/'out_of_fold'
    without_images(ev, ~ev.wrong).save(to/'pretrained.npz')
    write_json(to/'pretrained.json', dict(corruptions=out_of_fold.on_corruptions(dls, pairs), evaluated_on=machine()))

def without_images(ev, hidden):
    "The evaluation `ev` with empty images where `hidden`"
    return Evaluation(ev.probs, ev.targets, ev.vocab, np.where(hidden[:,None,None], 0, ev.images))

def test(name, data):
    "Evaluate the trained committee `name` on the test set in folder `data`, and write the evidence"
    c = Committee.load(home(name))
    write_evidence(name, c.evaluate(loaders(name, data).valid), c)

def home(name): return package if name=='pretrained' else folder(name)

def calibrate(name, file):
    "Fit a threshold and a temperature to the out-of-fold predictions in `file`, and store them with committee `name`"
    c = Committee.load(home(name)).calibrate(Evaluation.load(file), .001)
    Folder(home(name)).write(c.prep, c.members, c.training, c.calibration) # not the members, which are half precision
    how = dict(calibration=c.calibration, calibrated_on=Path(file).resolve().relative_to(here).as_posix())
    write_json(here/f'{name}.json', read_json(here/f'{name}.json') | how)
    draw(name)

def thresholds(held, test):
    "For each share of errors: the threshold that `held` gives, and which share of `test` it accepts, and with which error"
    rows = []
    for o in max_errors:
        try: t = held.threshold(o)
        except ValueError: t = None
        share = {} if t is None else test.at_threshold(t).stack().to_dict()
        rows.append({'errors allowed': o, 'threshold': t} | {f'{a} {b}': v for (a,b),v in share.items()})
    return pd.DataFrame(rows).set_index('errors allowed')

def write_evidence(name, ev, c):
    "Write the probabilities and how they came about, with the images that are wrong or disputed only"
    shown,file = ev.wrong.copy(),here/f'{name}.json'
    if name!='fashion': shown[[*MNIST_DISPUTED]] = True
    without_images(ev, ~shown).save(here/f'{name}.npz')
    known = read_json(file) if name=='pretrained' else dict(
        training=c.training, seeds=[member_seed(c.training['seed'], o.index) for o in c.members])
    write_json(file, known | dict(
        members=len(c), parameters=c.n_params, net=c.members[0].args, recipe=c.prep.recipe, calibration=c.calibration,
        seconds=[o.info.get('seconds') for o in c.members], evaluated_on=machine()))
    draw(name)

def draw(name):
    "Draw the tables and pictures of `name` from its evidence"
    ev = Evaluation.load(here/f'{name}.npz')
    tables = dict(members=ev.members(), misclassified=ev.misclassified().set_index('index'),
                  size=ev.size_curve(1000).set_index('size'))
    if name!='fashion': tables['labels'] = ev.label_scores() # of MNIST's test set
    if held := read_json(here/f'{name}.json').get('calibrated_on'):
        tables['refusal'] = thresholds(Evaluation.load(here/held), ev)
    for k,o in tables.items(): o.to_csv(here/f'{name}_{k}.csv')
    ev.gallery(60).savefig(images/f'{name}_gallery.png', dpi=100, bbox_inches='tight')
    print(f'{name}: {ev}')

def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('what', nargs='?', choices=['train','test','calibrate','draw'], default='draw')
    p.add_argument('name', nargs='?', choices=['pretrained', *committees])
    p.add_argument('data', nargs='?', help='folder with MNIST; for calibrate, a file of predictions')
    p.add_argument('--n', type=int, help='number of nets')
    args = p.parse_args()
    if args.what!='draw' and not args.data:
        p.error('give the name of the committee, and the folder with MNIST or the file')
    if args.what=='train' and args.name=='pretrained': train_pretrained(args.data)
    elif args.what=='train': train(args.name, args.data, args.n)
    elif args.what=='test': test(args.name, args.data)
    elif args.what=='calibrate': calibrate(args.name, args.data)
    else:
        for o in ['pretrained', *committees]:
            if (here/f'{o}.npz').exists(): draw(o)
        if len(table := out_of_fold.draw()): print(table.to_string(index=False))

if __name__=='__main__': main()
