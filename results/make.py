"""The committees that the figures of this project rest on, and the evidence for them.

    python results/make.py train pretrained path/to/mnist   # trains the committee in the package
    python results/make.py train deep path/to/mnist         # trains nine such nets with two residual blocks where those have one
    python results/make.py train twenty path/to/mnist       # trains five such nets twice as long, which the hold-out preferred
    python results/make.py train lean path/to/mnist         # trains six such nets twice as long, on digits that also lean and stretch
    python results/make.py train full path/to/mnist         # trains the committee of the post, 35 nets of width 128
    python results/make.py test pretrained path/to/mnist    # asks the test set again
    python results/make.py                                  # draws every table and picture again from the evidence, without training (`make results`)

Training may be stopped at any time, and goes on where it was; `--n 3` stops after so many nets. When it ends, the test set is asked, and the
answers of every member are written beside this file."""
import argparse, json, sys
from pathlib import Path

import numpy as np
from mnist_committee.all import *

here = Path(__file__).resolve().parent
sys.path.append(str(here.parent/'nbs'/'benchmarks'))
from bench import machine

package,images = here.parent/'mnist_committee'/'pretrained',here.parent/'nbs'/'images'
committees = {  # what `Committee.fit` is given, `mnist_dls` as `tfms`, and `mnist_model` as `net`; then perhaps `update_bn`
    'pretrained': dict(n=9, width=32),
    'deep': dict(n=9, net=dict(width=32, depth=2), update_bn=True),
    'twenty': dict(n=5, epochs=20, width=32),
    'lean': dict(n=6, epochs=20, width=32, seed=1, tfms=dict(slant=.2, stretch=.15, max_deg=15.)),
    'full': dict(n=35, width=128)}

def folder(name): return here.parent/'runs'/name

def train(name, data, n=None):
    "Train the committee `name` on the 60,000 digits in folder `data`, and test it on the 10,000 others"
    args = committees[name].copy()
    path,net,update_bn = folder(name),args.pop('net', None),args.pop('update_bn', False)
    dls = mnist_dls(data, **args.pop('tfms', {}))
    make = (lambda dls: mnist_learner(dls, model=mnist_model(**net))) if net else None
    c = Committee.fit(dls, **args | dict(n=n or args['n']), path=path, make_learner=make)
    if update_bn: c.update_bn(dls.train.dataset).save(path)
    if name=='pretrained':
        for o in c.nets: o.half()  # half the size on disk
        c.save(package)
    test(name, data)

def test(name, data):
    "Ask the trained committee `name` about MNIST's test set, and write the evidence"
    c = Committee.pretrained() if name=='pretrained' else Committee.load(folder(name))
    write_evidence(name, c.evaluate(mnist_dls(data).valid), c)

def write_evidence(name, ev, c):
    "Write the probabilities, with the images that are wrong or disputed only, and how they came about"
    shown = ev.wrong.copy()
    shown[[*MNIST_DISPUTED]] = True
    Evaluation(ev.probs, ev.targets, ev.vocab, np.where(shown[:,None,None], ev.images, 0)).save(here/f'{name}.npz')
    info = dict(members=len(c), parameters=c.n_params, net=c.records[0]['args'], training=c.training, recipe=c.prep['recipe'], seeds=[member_seed(c.training['seed'], o['index']) for o in c.records],
                seconds=[o.get('seconds') for o in c.records], evaluated_on=machine())
    (here/f'{name}.json').write_text(json.dumps(info, indent=1)+'\n')
    draw(name)

def draw(name):
    "Draw the tables and pictures of `name` from its evidence"
    ev = Evaluation.load(here/f'{name}.npz')
    tables = dict(members=ev.members(), misclassified=ev.misclassified().set_index('index'), labels=ev.label_scores(), size=ev.size_curve(1000).set_index('size'))
    for k,o in tables.items(): o.to_csv(here/f'{name}_{k}.csv')
    ev.gallery().savefig(images/f'{name}_gallery.png', dpi=110, bbox_inches='tight')
    print(f'{name}: {ev}')

def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('what', nargs='?', choices=['train','test','draw'], default='draw')
    p.add_argument('name', nargs='?', choices=list(committees))
    p.add_argument('data', nargs='?', help='folder with MNIST')
    p.add_argument('--n', type=int, help='nets to have in the end')
    args = p.parse_args()
    if args.what!='draw' and not args.data: p.error('give the name of the committee and the folder with MNIST')
    if args.what=='train': train(args.name, args.data, args.n)
    elif args.what=='test': test(args.name, args.data)
    else:
        for o in committees:
            if (here/f'{o}.npz').exists(): draw(o)

if __name__=='__main__': main()
