"What each part of the step is worth on a GPU, in milliseconds a step of one net: `python nbs/benchmarks/gpu_steps.py path/to/mnist`"
import argparse, json
from unittest import mock

import pandas as pd, torch
from bench import machine, results
from mnist_committee import train
from mnist_committee.all import *
from mnist_committee.committee import _train_member, _train_together
from mnist_committee.model import FirstConv
from peers import StepRate
from torch import nn

class Ungraphed(FastStep):
    "The fast step, but its kernels are launched one by one"
    def before_train(self):
        super().before_train()
        vars(self.learn).pop('_do_one_batch', None)
    before_validate = before_train

def ms(dls, nets, width, step=FastStep, convolution=False):
    "Milliseconds a step of one net, with so many `nets` at a time; the second of two runs"
    forward = nn.Conv2d.forward if convolution else FirstConv.forward
    with mock.patch.object(train, 'FastStep', step), mock.patch.object(FirstConv, 'forward', forward):
        torch._dynamo.reset()
        for _ in range(2): (_train_together if nets>1 else _train_member)(dls, lambda dls: mnist_learner(dls, width), 2, 0, range(nets), [steps := StepRate(200, warmup=30)])
    return 1000*steps.seconds/steps.n/nets

def uncompiled(): return FastStep(compile=False)

variants = {
    'one by one, launched kernel by kernel, not compiled': dict(nets=1, step=lambda: Ungraphed(compile=False), convolution=True),
    'captured as a graph': dict(nets=1, step=uncompiled, convolution=True),
    'and compiled': dict(nets=1, convolution=True),
    'and five nets at a time': dict(nets=5, convolution=True),
    'and the first convolution as a product': dict(nets=5),
    'that with three nets at a time': dict(nets=3),
    'with seven': dict(nets=7),
    'with five, not compiled': dict(nets=5, step=uncompiled),
}

def table():
    "Milliseconds a step of one net, as `results/speed/gpu-steps.json` has them"
    res = pd.DataFrame(json.loads((results/'gpu-steps.json').read_text())['ms']).T.rename_axis('ms a step of one net')
    return res.map(lambda o: 'not measured' if pd.isna(o) else f'{o:.2f}')

def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument('path', help='folder with MNIST')
    args = p.parse_args()
    dls,res = mnist_dls(args.path),dict(machine=machine(), ms={})
    for k,o in variants.items():
        res['ms'][k] = {f'width {w}': round(ms(dls, width=w, **o), 3) for w in (128,32)}
        print(k, res['ms'][k], flush=True)
        (results/'gpu-steps.json').write_text(json.dumps(res, indent=1)+'\n')

if __name__=='__main__': main()
