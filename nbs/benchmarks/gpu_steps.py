"""What each part of the step is worth on a GPU, in milliseconds a step of one net.

    python nbs/benchmarks/gpu_steps.py path/to/mnist

`--device cpu --widths 2 --steps 4 --out FILE` tries the script where there is no GPU."""
import argparse
from pathlib import Path

import pandas as pd, torch
from bench import StepRate, machine, results
from fastai.losses import CrossEntropyLossFlat
from mnist_committee.all import *
from mnist_committee.core import read_json, write_json
from torch import nn

class Ungraphed(FastLearner):
    "The fast step, but its kernels are launched one by one"
    def cuda_graph(self): return None

def conv_model(width):
    "`mnist_model` with cuDNN's convolution in the place of the first one's product"
    return nn.Sequential(nn.Conv2d(1, width, 5, padding=2), *list(mnist_model(width=width))[1:])

def learner(dls, width, cls=FastLearner, compile=True, convolution=False):
    "What `mnist_learner` makes, in one of the `variants`"
    net = conv_model(width) if convolution else mnist_model(width=width)
    return cls(dls, net, loss_func=CrossEntropyLossFlat(), opt_func=digit_opt, compile=compile)

def ms(dls, nets, width, n=200, compile=True, **kwargs):
    "Milliseconds a step of one net, with so many `nets` at a time, over `n` steps; the second of two runs"
    torch._dynamo.reset()
    def make(dls): return learner(dls, width, compile=compile, **kwargs)
    with torch.compiler.set_stance('default' if compile else 'force_eager'): # several nets get a learner of their own
        for _ in range(2): train_members(dls, range(nets), make, 2, cbs=[steps := StepRate(n, warmup=min(30, n))])
    return 1000*steps.seconds/steps.n/nets

variants = {
    'one by one, launched kernel by kernel, not compiled': dict(nets=1, cls=Ungraphed, compile=False, convolution=True),
    'captured as a graph': dict(nets=1, compile=False, convolution=True),
    'and compiled': dict(nets=1, convolution=True),
    'and five nets at a time': dict(nets=5, convolution=True),
    'and the first convolution as a product': dict(nets=5),
    'that with three nets at a time': dict(nets=3),
    'with seven': dict(nets=7),
    'with five, not compiled': dict(nets=5, compile=False),
}

def table():
    "Milliseconds a step of one net, as `results/speed/gpu-steps.json` has them"
    res = pd.DataFrame(read_json(results/'gpu-steps.json')['ms']).T.rename_axis('ms a step of one net')
    return res.map(lambda o: 'not measured' if pd.isna(o) else f'{o:.2f}')

def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('path', help='folder with MNIST')
    p.add_argument('--device', type=torch.device, default=torch.device('cuda'))
    p.add_argument('--widths', type=int, nargs='+', default=[128,32])
    p.add_argument('--steps', type=int, default=200, help='steps that are measured (%(default)s)')
    p.add_argument('--out', type=Path, default=results/'gpu-steps.json', help='file of results')
    args = p.parse_args()
    dls,res = mnist_dls(args.path, device=args.device),dict(machine=machine(), ms={})
    for k,o in variants.items():
        if args.device.type=='cpu': o = o | dict(compile=False)
        res['ms'][k] = {f'width {w}': round(ms(dls, width=w, n=args.steps, **o), 3) for w in args.widths}
        print(k, res['ms'][k], flush=True)
        write_json(args.out, res)

if __name__=='__main__': main()
