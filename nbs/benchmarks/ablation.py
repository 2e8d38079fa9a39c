"""Change one part of the recipe at a time, and judge on a hold-out of the training set: `python nbs/benchmarks/ablation.py path/to/mnist`

Nets that are there already are not trained again, so it may be stopped, and run again. `--part 0 2` does every second variant, for two processes side by side.
`--test`, once all is settled, asks the test set."""
import argparse, json, re
from pathlib import Path

import torch
from mnist_committee.all import *

root = Path(__file__).resolve().parent.parent.parent
results,runs = root/'results'/'ablation',root/'runs'/'ablation'

small = dict(width=16, epochs=5)  # nets that train in two minutes, so that there can be many
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
of_data = 'alpha sigma max_deg crop bs'.split()

def file(name): return results/(re.sub('[,.]', '', name).replace(' ', '-')+'.json')

def loaders(path, change, **kwargs): return mnist_dls(path, **kwargs, **{k:v for k,v in change.items() if k in of_data})

def hold_out(path, name, n):
    "Train `n` nets on 50,000 digits with what `variants[name]` changes, and write what they say about the other 10,000"
    dls = loaders(path, variants[name], n_valid=10000)
    c = Committee.fit(dls, n, **small | {k:v for k,v in variants[name].items() if k not in of_data}, path=runs/file(name).stem)
    draws = (0,1,4,16) if name=='the recipe' else (0,)
    res = dict(name=name, change=variants[name], draws={k: score(c.evaluate(dls.valid, n_tta=k)) for k in draws},
               seconds=[o['seconds'] for o in c.records], torch=torch.__version__, threads=torch.get_num_threads())
    results.mkdir(parents=True, exist_ok=True)
    file(name).write_text(json.dumps(res, indent=1)+'\n')

def score(ev):
    "Errors in `ev.n` digits, and cross entropy, of each member and of the committee"
    return dict(n=ev.n, errors=[int(o) for o in ev.members().errors[:-1]], committee=int(ev.errors),
                cross_entropy=[round(float(Evaluation(o, ev.targets).nll), 5) for o in ev.probs], committee_cross_entropy=round(float(ev.nll), 5))

def test(path):
    "Ask the test set about the nets that are there: once, when all is settled"
    res = {}
    for name,change in variants.items():
        if file(name).exists(): res[name] = score(Committee.load(runs/file(name).stem).evaluate(loaders(path, change).valid))
    (results/'test.json').write_text(json.dumps(res, indent=1)+'\n')

def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument('path', help='folder with MNIST')
    p.add_argument('--n', type=int, default=3, help='nets a variant')
    p.add_argument('--part', type=int, nargs=2, default=(0,1), help='which variants: every B-th from A')
    p.add_argument('--test', action='store_true')
    args = p.parse_args()
    if args.test: return test(args.path)
    a,b = args.part
    for name in list(variants)[a::b]:
        hold_out(args.path, name, args.n)
        print(name, file(name).read_text(), flush=True)

if __name__=='__main__': main()
