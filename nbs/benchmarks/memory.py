"""Measure the memory that predicting many images takes: `python memory.py` prints a table.

Each case runs in a process of its own, over 10,000 and over 1,000,000 generated images, with a committee of width 8.
The ratio compares the largest resident set size (RSS) of the two."""
import argparse, json, resource, subprocess, sys, tempfile
from pathlib import Path

import numpy as np

few = 10_000
cases = 'iterator','memmap','generator','generator of floats','iterator without out='

def batch(i, n):
    "Images of noise, light in the middle: uint8 (n, 28, 28)"
    x = np.zeros((n,28,28), np.uint8)
    x[:,6:22,6:22] = np.random.default_rng(i).integers(0, 256, (n,16,16), dtype=np.uint8)
    return x

def generator(n, size=1000, dtype=np.uint8):
    for i in range(0, n, size):
        x = batch(i, min(size, n-i))
        yield x if dtype==np.uint8 else x.astype(dtype)/255

class Iterator:
    "An iterator whose batches have other sizes each time"
    def __init__(self, n): self.i,self.n = 0,n
    def __iter__(self): return self
    def __next__(self):
        if self.i>=self.n: raise StopIteration
        size = min(1+self.i*7919 % 3000, self.n-self.i)
        self.i += size
        return batch(self.i, size)

def memmap(n, folder):
    file = Path(folder)/f'{n}.npy'
    return np.load(file, mmap_mode='r')

def write_memmap(n, folder):
    x = np.lib.format.open_memmap(Path(folder)/f'{n}.npy', 'w+', np.uint8, (n,28,28))
    for i,o in enumerate(generator(n)): x[i*1000:i*1000+len(o)] = o

def images(case, n, folder):
    if case=='memmap': return memmap(n, folder)
    if case=='generator of floats': return generator(n, dtype=np.float32)
    return Iterator(n) if 'iterator' in case else generator(n)

def measure(case, n, folder):
    "Predict `n` images; print the memory used, in MB"
    import torch # not above: the peak of a process counts as that of the processes it starts, too
    from mnist_committee.all import Committee, Prep, mnist_model
    torch.manual_seed(0)
    torch.set_num_threads(1)
    c = Committee([mnist_model(width=8)], Prep((1,28,28), list('0123456789')), 'cpu')
    p = c.predict(images(case, n, folder), out=None if 'without' in case else Path(folder)/'probs.npy')
    assert p.shape==(n,10)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss/(1e6 if sys.platform=='darwin' else 1e3)
    print(json.dumps(dict(peak=peak, sum=float(p[:few].double().sum()))))

def in_process(case, n, folder):
    def run(*args):
        cmd = [sys.executable, '-W', 'ignore', __file__, '--n', str(n), '--folder', folder, *args]
        return subprocess.run(cmd, check=True, capture_output=True, text=True).stdout
    if case=='memmap': run('--write')
    return json.loads(run('--case', case).splitlines()[-1])['peak']

def main(many):
    print(f'{"images from":22} {few:>12,} {many:>12,}  ratio')
    for case in cases:
        with tempfile.TemporaryDirectory() as d:
            a,b = (in_process(case, n, d) for n in (few,many))
        print(f'{case:22} {a:9.0f} MB {b:9.0f} MB  {b/a:.3f}', flush=True)

if __name__=='__main__':
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument('--case', choices=cases)
    p.add_argument('--n', type=int, default=1_000_000)
    p.add_argument('--folder', default='.')
    p.add_argument('--write', action='store_true', help='only write the array to map')
    args = p.parse_args()
    if args.write: write_memmap(args.n, args.folder)
    elif args.case: measure(args.case, args.n, args.folder)
    else: main(args.n)
