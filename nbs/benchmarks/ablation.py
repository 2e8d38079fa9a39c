"""Change one part of the recipe at a time, and judge on a hold-out of the training set.

    python nbs/benchmarks/ablation.py path/to/mnist

Nets that are there already are not trained again, so it may be stopped and run again. `--part 0 2` does every second
variant, for two processes side by side.

`--writers` holds out digits of other writers. `--many` does so with twelve nets of width 32 at a time, which is work
for a GPU. `--test`, once all is settled, evaluates the nets on the test set."""
import argparse, re, time
from functools import partial
from pathlib import Path

import torch, torch.nn.functional as F
from fastai.callback.core import Callback
from fastai.losses import CrossEntropyLossFlat
from fastai.optimizer import OptimWrapper
from mnist_committee.all import *
from mnist_committee.core import write_json

root = Path(__file__).resolve().parent.parent.parent
results,runs = root/'results'/'ablation',root/'runs'

small = dict(width=16, epochs=5) # nets that train in two minutes, so that there can be many
variants = {
    'the recipe': {},
    'no elastic distortion': dict(alpha=0.),
    'no rotation': dict(max_deg=0.),
    'no crop': dict(crop=28),
    'no augmentation at all': dict(alpha=0., max_deg=0., crop=28),
    'momentum constant at 0.9': dict(moms=[.9,.9,.9]),
    'learning rate constant at 1e-3': dict(lr_max=1e-3, div=1, div_final=1),
    'distortion half as strong': dict(alpha=4.),
    'distortion 1.5 times as strong': dict(alpha=12.),
    'distortion twice as strong': dict(alpha=16.),
    'twice as many epochs': dict(epochs=10),
    'distortion rougher, as strong': dict(alpha=8*2/3, sigma=2.),
    'distortion smoother, as strong': dict(alpha=8*4/3, sigma=4.),
    'learning rate halved': dict(lr_max=5e-3),
    'learning rate doubled': dict(lr_max=2e-2),
    'batches half as large': dict(bs=64),
    'batches twice as large': dict(bs=256),
}
by_writers = {
    'the recipe': {},
    'no augmentation at all': dict(alpha=0., max_deg=0., crop=28),
    'slant and stretch': dict(slant=.2, stretch=.15),
    'twice as many epochs': dict(epochs=10),
    'slant and stretch, more rotation, twice as many epochs': dict(slant=.2, stretch=.15, max_deg=15., epochs=10),
    'two blocks in a row, twice as many epochs': dict(depth=2, epochs=10),
    'width 32, twice as many epochs': dict(width=32, epochs=10),
    'width 32, two blocks in a row, twice as many epochs': dict(width=32, depth=2, epochs=10),
    'taught by wider nets': dict(teachers='width 32, two blocks in a row, twice as many epochs'),
}
many = {
    'one block': {},
    'label smoothing 0.1': dict(smoothing=.1),
    'twice as many epochs': dict(epochs=20),
    'two blocks in a row': dict(depth=2),
    'AdamW, weight decay 0.05': dict(decay=.05),
    'width 64': dict(width=64, n=5),
}
of_data = 'alpha sigma max_deg crop slant stretch bs'.split()

def file(name, folder=results): return folder/(re.sub('[,.]', '', name).replace(' ', '-')+'.json')

def loaders(path, change, **kwargs): return mnist_dls(path, **kwargs, **{k:v for k,v in change.items() if k in of_data})

def neighbours(path):
    """For each digit, the one of its class that looks most like it (cosine of 14×14 pixels): the shares that stand
    within so many places, and what a shuffled set would give"""
    ds = load_digits(path)[0]
    x,apart = F.avg_pool2d(ds.x.float(), 2).flatten(1),[]
    def likest(dirs, rows): return (dirs[rows] @ dirs.T).scatter(1, rows[:,None], -1).argmax(1)
    for k in range(ds.c):
        at = (ds.y==k).nonzero()[:,0]
        dirs = F.normalize(x[at]-x[at].mean(0))
        nearest = torch.cat([likest(dirs, rows) for rows in torch.arange(len(at)).split(1000)])
        apart.append((at-at[nearest]).abs())
    places,apart = [100,1000,10000],torch.cat(apart)
    return {o: [round((apart<=o).float().mean().item(), 4), round(1-(1-o/len(ds))**2, 4)] for o in places}

def is_held_out(n):
    """True for every sixth 2,000 of `n` digits: neighbours in MNIST's training set are often of one hand, so these are
    mostly of other writers"""
    return torch.arange(n)//2000%6==5

def other_writers(path, change):
    "Loaders of the training set, with those digits held out"
    dls = loaders(path, change)
    ds,held = dls.train.dataset,is_held_out(len(dls.train.dataset))
    return dls.prep.dls(ds.subset(~held), ds.subset(held), dls.train.bs, dls.device)

def hold_out(name, change, n, dls, folder, draws=(0,)):
    "Train `n` nets with `change`, and write to `folder` how they do on the digits held out"
    settings = small | {k:v for k,v in change.items() if k not in of_data}
    make,teachers = None,settings.pop('teachers', None)
    if teachers:
        cbs = Taught(Committee.load(runs/folder.name/file(teachers).stem))
        make = partial(mnist_learner, width=settings['width'], loss_func=F.cross_entropy, cbs=cbs)
    c = Committee.fit(dls, n, **settings, make_learner=make, path=runs/folder.name/file(name).stem)
    seconds = [o.info['seconds'] for o in c.members]
    keep(name, change, c, dls, folder, draws, threads=torch.get_num_threads(), seconds=seconds)

class Taught(Callback):
    "Replace the labels by what the committee `teachers` predicts for the same distorted digits (Beyer et al. 2021)"
    def __init__(self, teachers): self.voter = teachers.voter()
    def before_batch(self):
        if not self.training: return
        with torch.no_grad(): self.learn.yb = self.voter.votes(self.x).mean(0),

def hold_out_many(name, dls, folder, n=12, epochs=10, width=32, depth=1, smoothing=0., decay=0.):
    "Train `n` nets at the same time, and write to `folder` how they do on the digits held out"
    adamw = partial(torch.optim.AdamW, fused=True, weight_decay=decay)
    loss = CrossEntropyLossFlat(label_smoothing=smoothing)
    def opt(params, lr=1e-2): return OptimWrapper(params, opt=adamw, lr=lr)
    def make(dls): return mnist_learner(dls, width, depth=depth, loss_func=loss, opt_func=opt if decay else digit_opt)
    start = time.perf_counter()
    members = train_members(dls, range(n), make, epochs, cbs=[MemberProgress(epochs*len(dls.train), n).start(range(n))])
    seconds = round(time.perf_counter()-start, 1)
    device = torch.cuda.get_device_name() if dls.device.type=='cuda' else 'CPU'
    keep(name, many[name], Committee(members, dls.prep, dls.device), dls, folder, (0,), device=device, seconds=seconds)

def keep(name, change, c, dls, folder, draws, **more):
    "Write to `folder` how the committee `c` does on the digits held out, before and after `update_bn`"
    res = dict(name=name, change=change, draws={k: score(c.evaluate(dls.valid, n_tta=k)) for k in draws},
               update_bn=score(c.update_bn(dls.train.dataset).evaluate(dls.valid)), torch=torch.__version__, **more)
    write_json(file(name, folder), res)
    print(name, res, flush=True)

def score(ev):
    "Errors in `ev.n` digits, and cross entropy, of each member and of the committee"
    alone = [Evaluation(o, ev.targets) for o in ev.probs]
    return dict(n=ev.n, errors=[o.errors for o in alone], committee=ev.errors,
                cross_entropy=[round(o.nll, 5) for o in alone], committee_cross_entropy=round(ev.nll, 5))

def test(path):
    "Evaluate the nets that are there on the test set: once, when all is settled"
    res = {}
    for name,change in variants.items():
        if not file(name).exists(): continue
        res[name] = score(Committee.load(runs/results.name/file(name).stem).evaluate(loaders(path, change).valid))
    write_json(results/'test.json', res)

def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('path', help='folder with MNIST')
    p.add_argument('--n', type=int, default=3, help='nets a variant')
    p.add_argument('--part', type=int, nargs=2, default=(0,1), help='which variants: every B-th from A')
    p.add_argument('--writers', action='store_true', help='hold out writers, and not digits at random')
    p.add_argument('--many', action='store_true', help='the same, with many nets at a time')
    p.add_argument('--test', action='store_true')
    args = p.parse_args()
    if args.test: return test(args.path)
    if args.writers: write_json(results/'writers'/'neighbours.json', neighbours(args.path))
    if args.many:
        dls = other_writers(args.path, {})
        for name,change in many.items():
            if not file(name, results/'many').exists(): hold_out_many(name, dls, results/'many', **change)
        return
    a,b = args.part
    for name,change in list((by_writers if args.writers else variants).items())[a::b]:
        if args.writers: hold_out(name, change, args.n, other_writers(args.path, change), results/'writers')
        else:
            draws = (0,1,4,16) if name=='the recipe' else (0,)
            hold_out(name, change, args.n, loaders(args.path, change, n_valid=10000), results, draws)

if __name__=='__main__': main()
