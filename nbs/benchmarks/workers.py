"""Time `Committee.fit` with two processes against one: `python nbs/benchmarks/workers.py [PATH]`, on an idle computer.

PATH is a copy of MNIST; without it, the embedded 5,000 digits are used. Trains 8 nets of width 32 for 2 epochs in three ways, and
writes to `results/speed/workers.json` for each the seconds on the clock, their ratio to one thread, and how far weights are from those."""
import os, sys, tempfile, time, warnings

import pandas as pd, torch
from bench import machine, results
from mnist_committee.all import Committee, mnist_dls
from mnist_committee.core import write_json

ways = {'one process, one thread': dict(n_jobs=1), 'one process, all threads': {}, 'two processes': dict(n_jobs=2)}

def weights(c): return torch.cat([o.flatten().double() for net in c.nets for o in net.state_dict().values()])

def measure(dls, how, n=8, epochs=2, width=32):
    "Train a committee: seconds on the clock, and the committee"
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as path: c = Committee.fit(dls, n=n, epochs=epochs, width=width, path=path, **how)
    return time.perf_counter()-start, c

def main(path=None):
    dls,rows,first = mnist_dls(path, sample=path is None),{},None
    Committee.fit(dls, n=1, epochs=1, width=2)  # the first fit of a process takes longer
    for name,how in ways.items():
        seconds,c = measure(dls, how)
        if first is None: first = seconds,weights(c)
        diff = (weights(c)-first[1]).abs().max().item()
        rows[name] = dict(seconds=round(seconds, 1), ratio=round(seconds/first[0], 3), difference=diff)
    write_json(results/'workers.json', dict(machine=machine(), digits=len(dls.train_ds), members=8, epochs=2, width=32,
                                            load=round(os.getloadavg()[0], 1), ways=rows))
    print(pd.DataFrame(rows).T.to_string())

if __name__=='__main__':
    warnings.simplefilter('ignore', FutureWarning)
    main(*sys.argv[1:])
