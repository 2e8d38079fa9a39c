"""Fill the table for a GPU. What was measured is kept, so it may be stopped and resumed.

    python nbs/benchmarks/gpu.py path/to/mnist

It trains the nets of `python results/make.py train full path/to/mnist`, which then has only to test them.
Without a folder it trains on the sample's digits, again and again. `--minutes 8` stops by itself before a limit.

    python nbs/benchmarks/gpu.py --device cpu --nets 2 --width 4 --epochs 1 --images 512 --steps 4 --out FILE

tries the script where there is no GPU."""
import argparse, json, re, tempfile, time, warnings
from pathlib import Path

import numpy as np, pandas as pd, torch
from bench import StepRate, fit, here, machine, reached, results, seconds
from fastai.callback.core import Callback, CancelFitException
from fastai.callback.fp16 import MixedPrecision
from mnist_committee.all import *
from mnist_committee.core import write_json
from peers import prep, save_pngs, some_digits, stock_learner

class Kept(dict):
    "A dict that is a JSON file, too"
    def __init__(self, file):
        self.file = Path(file)
        super().__init__(json.loads(self.file.read_text()) if self.file.exists() else {})
    def __setitem__(self, k, v):
        super().__setitem__(k, v)
        write_json(self.file, dict(self))

def digit_loaders(args):
    "`DataLoaders` of MNIST, or of as many images out of the sample"
    if args.data: return mnist_dls(args.data, device=args.device)
    return prep.dls(some_digits(args.images), some_digits(10000), device=args.device)

def wait(args):
    if args.device.type=='cuda': torch.cuda.synchronize()

# What is measured. Each function adds its results to `kept`

def committee(args, kept):
    "Train the nets, `--chunk` at a time; all that `Committee.fit` does counts, compiling and writing included"
    dls = digit_loaders(args)
    if args.folder.exists() and not kept.get('chunks'):
        raise SystemExit(f'{args.folder} holds nets that were not timed: move them away')
    while (n := sum(o['nets'] for o in kept.get('chunks', [])))<args.nets and time.time()<args.end:
        k = min(args.chunk, args.nets-n)
        for o in args.folder.glob('member_*'):  # of a chunk that was stopped in the middle
            if int(o.stem.split('_')[1])>=n: o.unlink()
        def f():
            Committee.fit(dls, n+k, args.epochs, args.width, args.folder)
            wait(args)
        kept['chunks'] = kept.get('chunks', []) + [dict(nets=k, seconds=round(seconds(f), 2))]
    if n==args.nets: kept['seconds of training'] = round(sum(o['seconds'] for o in kept['chunks']), 2)

def stock(args, kept):
    "Images a second of stock fastai in mixed precision: PNG files, loader processes, `aug_transforms`"
    with tempfile.TemporaryDirectory() as d:
        save_pngs(d, *sample_digits())
        learn = stock_learner(d, args.width, device=args.device).add_cb(MixedPrecision())
        rates = [fit(learn, StepRate(min(args.steps, 30))).rate for _ in range(4)][1:]
    kept['stock fastai, images/s'] = round(float(np.median(rates)))

def evaluate(args, kept):
    "Seconds for all nets to predict 10,000 images"
    c,ds = Committee.load(args.folder, args.device),digit_loaders(args).valid
    c.evaluate(ds)
    times = [seconds(lambda: c.evaluate(ds)) for _ in range(args.repeats)]
    kept['seconds of evaluate'] = round(float(np.median(times)), 3)

class NoSync(Callback):
    "Steps from `a` to `b` in which PyTorch raises an error when the host waits for the device"
    order = 100
    def __init__(self, a, b): self.a,self.b = a,b
    def after_batch(self):
        if self.train_iter==self.a: torch.cuda.set_sync_debug_mode('error')
        if self.train_iter==self.b: raise CancelFitException()
    def after_fit(self): torch.cuda.set_sync_debug_mode('default')

def syncs(args, kept):
    "0, or what PyTorch says about the first synchronization in a steady step"
    if args.device.type!='cuda': return
    dls,stop = digit_loaders(args),NoSync(args.steps, 2*args.steps)
    try:
        fit(mnist_learner(dls, args.width), stop)
        train_members(dls, range(5), lambda dls: mnist_learner(dls, args.width), 2, cbs=[stop])
    except RuntimeError as e:
        torch.cuda.set_sync_debug_mode('default')
        kept['synchronizations'],kept['the first'] = 1,str(e).splitlines()[0]
    else: kept['synchronizations'] = 0

# The table

flop = 3*.658e9  # forward and backward of an image at width 128

def rows(kept, args):
    "What was measured, the target, and whether it is reached; None is pending"
    s,images = kept.get('seconds of training'),args.nets*args.epochs*args.images
    stock,e,syncs = (kept.get(k) for k in ('stock fastai, images/s','seconds of evaluate','synchronizations'))
    flops,faster = s and images*flop*(args.width/128)**2/s/1e12, s and stock and images/s/stock
    what = f'{args.nets} nets of width {args.width}, {args.epochs} epochs of {args.images:,} images: seconds'
    return [(what, s, 'at most 120', s and s<=120),
            ('the same in TFLOP/s', flops, 'at least 348, 44% of what a large bf16 product reaches', flops and flops>=348),
            ('the same in images/s, as a multiple of one net in stock fastai', faster, 'at least 10', faster and faster>=10),
            (f'evaluate {args.nets} nets on 10,000 images: seconds', e, 'at most 1', e and e<=1),
            ('synchronizations in steady steps', syncs, '0', syncs==0)]

def table(kept=None, args=None):
    "The results, of `kept` or of an H200, beside their targets"
    args = args or parser().parse_args([])
    kept = Kept(results/'gpu-nvidia-h200.json') if kept is None else kept
    def row(k, o, goal, ok):
        if o is None: return dict(what=k, measured='pending', target=goal, reached='pending')
        return dict(what=k, measured=f'{o:.4g}', target=goal, reached=reached(ok))
    return pd.DataFrame([row(*o) for o in rows(kept, args)]).set_index('what')

def parser():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('data', nargs='?', help='folder with MNIST')
    numbers = dict(nets=35, width=128, epochs=10, images=60000, chunk=35, steps=50, repeats=5)
    for k,v in numbers.items(): p.add_argument('--'+k, type=int, default=v, help='%(default)s')
    p.add_argument('--minutes', type=float, default=1e6, help='start nothing new after this time')
    p.add_argument('--device', type=torch.device, default=torch.device('cuda'))
    p.add_argument('--out', type=Path, help='file of results; default: in results/speed, named after the GPU')
    return p

def main():
    args = parser().parse_args()
    if args.device.type=='cuda' and not torch.cuda.is_available():
        raise SystemExit('There is no GPU here. --device cpu tries the script; see --help')
    name = re.sub(r'\W+', '-', torch.cuda.get_device_name() if args.device.type=='cuda' else 'cpu').lower()
    runs = here.parent.parent/'runs'
    args.end,args.folder = time.time()+60*args.minutes,runs/('full' if args.data else f'speed-{name}')
    kept = Kept(args.out or results/f'gpu-{name}.json')
    kept['machine'] = machine()
    measures = {'seconds of training': committee, 'seconds of evaluate': evaluate, 'synchronizations': syncs,
                'stock fastai, images/s': stock}
    for key,f in measures.items():
        if key in kept or time.time()>args.end: continue
        if f is evaluate and 'seconds of training' not in kept: continue
        f(args, kept)
        print(table(kept, args).to_string(), flush=True)

if __name__=='__main__':
    warnings.filterwarnings('ignore', category=FutureWarning, module='torch')
    main()
