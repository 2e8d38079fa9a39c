"The fast step and its peers, as functions that measure themselves. `python peers.py NAME ARGS` measures one each time it reads a line"
import contextlib, io, sys, time
from itertools import chain, islice
from pathlib import Path

import torch, torch.nn.functional as F
from bench import page_faults, peak_mb, rate, undisturbed
from fastai.callback.core import Callback, CancelFitException, CancelValidException
from fastai.data.block import CategoryBlock, DataBlock
from fastai.data.transforms import IntToFloatTensor, RandomSplitter, get_image_files, parent_label
from fastai.learner import Learner
from fastai.losses import CrossEntropyLossFlat
from fastai.vision.augment import aug_transforms
from fastai.vision.core import PILImageBW
from fastai.vision.data import ImageBlock
from mnist_committee.all import *
from PIL import Image
from torch import nn

# Training

class StepRate(Callback):
    "Stops a fit after `n` steps and `warmup` ones that do not count; `rate` is in images a second. `n` may run into the next epoch; there is no validation"
    order = 100
    def __init__(self, n, warmup=1): self.n,self.warmup = n,warmup
    def before_fit(self): self.times,self.bs,self.cuda = [],self.dls.train.bs,self.dls.device.type=='cuda'
    def after_batch(self):
        if self.train_iter<self.warmup: return
        if self.cuda and len(self.times) in (0,self.n): torch.cuda.synchronize()
        self.times.append(time.perf_counter())
        if len(self.times)>self.n: raise CancelFitException()
    def before_validate(self): raise CancelValidException()
    @property
    def seconds(self): return self.times[-1]-self.times[0]
    @property
    def rate(self): return self.n*self.bs/self.seconds

def fit(learn, cb):
    "Train quietly with the callback `cb`"
    with learn.no_bar(), learn.no_logging(): learn.fit_digits(2, cbs=cb)
    return cb

def fast_learner(width): return mnist_learner(mnist_dls(sample=True), width)

def stock_learner(path, width, workers=None, bs=128, device=None):
    "fastai's own `Learner`, loader, transforms, optimizer and loss, as its documentation has them, with the same net"
    block = DataBlock((ImageBlock(PILImageBW), CategoryBlock), get_items=get_image_files, get_y=parent_label, splitter=RandomSplitter(.02, seed=0),
                      batch_tfms=aug_transforms(do_flip=False))
    dls = block.dataloaders(path, bs=bs, num_workers=workers, device=device)
    return Learner(dls, mnist_model(width=width), loss_func=CrossEntropyLossFlat())

def save_pngs(path, images, labels):
    "Write a folder of PNG files for each label"
    for i,(x,y) in enumerate(zip(images, labels)):
        file = Path(path)/str(y)/f'{i}.png'
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(x).save(file)

def train(width, n):
    learn = fast_learner(width)
    return lambda: fit(learn, StepRate(n)).rate

def train_stock(width, n, path, workers=None):
    learn = stock_learner(path, width, workers)
    return lambda: fit(learn, StepRate(n)).rate

def train_plain(width, n):
    "The loop of the original post: fp32, contiguous, PyTorch's Adam; batches are those of the fast step"
    dls,net = mnist_dls(sample=True),mnist_model(width=width)
    opt = torch.optim.Adam(net.parameters(), 1e-2)
    def f():
        times = []
        for b in islice(chain(dls.train, dls.train), n+1):
            xb,yb = [o.as_subclass(torch.Tensor) for o in b]
            F.cross_entropy(net(xb), yb).backward()
            opt.step()
            opt.zero_grad()
            times.append(time.perf_counter())
        return n*dls.train.bs/(times[-1]-times[0])
    return f

def train_torchensemble(width, n):
    "torchensemble's independent members, two of them, on the same loader; images of members a second"
    from torchensemble import VotingClassifier
    dls = mnist_dls(sample=True)
    ens = VotingClassifier(estimator=mnist_model(width=width), n_estimators=2, cuda=False)
    ens.set_optimizer('Adam', lr=1e-2)
    batches = _Some(dls.train, n)
    return rate(lambda: ens.fit(batches, epochs=1, save_model=False), 2*n*dls.train.bs)

class _Some:
    "The first `n` batches of `dl`, as plain tensors"
    def __init__(self, dl, n): self.dl,self.n,self.dataset = dl,n,dl.dataset
    def __len__(self): return self.n
    def __iter__(self): return ([o.as_subclass(torch.Tensor) for o in b] for b in islice(self.dl, self.n))

def faults(name, width, n):
    "Page faults a step of `name`, one of the functions above"
    f = globals()[name](width, n)
    def g():
        before = page_faults()
        f()
        return (page_faults()-before)/n
    return g

# Where a step spends its time

class Stopwatch:
    "Sums the seconds spent in the functions it wraps"
    def __init__(self): self.total = 0.
    def start(self, *_): self.t = time.perf_counter()
    def stop(self, *_): self.total += time.perf_counter()-self.t
    def __call__(self, f):
        def timed(*args, **kwargs):
            self.start()
            try: return f(*args, **kwargs)
            finally: self.stop()
        return timed

class OutsideShare(StepRate):
    "Measures which `share` of the steps is spent outside forward (with the loss), backward and optimizer"
    def before_fit(self):
        super().before_fit()
        l,w = self.learn,Stopwatch()
        self.watch,self.old = w,(l.loss_func, l.opt.zero_grad)
        self.hooks = l.model.register_forward_pre_hook(w.start),l.model.register_forward_hook(w.stop)
        l.loss_func,l._backward,l._step,l.opt.zero_grad = map(w, (l.loss_func, l._backward, l._step, l.opt.zero_grad))
    def after_batch(self):
        if not self.times: self.watch.total = 0.
        super().after_batch()
    def after_fit(self):
        for o in self.hooks: o.remove()
        self.learn.loss_func,self.learn.opt.zero_grad = self.old
        del self.learn._backward,self.learn._step
    @property
    def share(self): return 1-self.watch.total/self.seconds

def outside(width, n):
    learn = fast_learner(width)
    return lambda: fit(learn, OutsideShare(n)).share

def outside_stock(width, n, path):
    learn = stock_learner(path, width, 0)
    return lambda: fit(learn, OutsideShare(n)).share

# Committees

def some_digits(n):
    "`n` labelled digits: those of the sample, again and again"
    x,y = sample_digits()
    i = torch.arange(n) % len(x)
    return DigitDataset(torch.from_numpy(x)[i], torch.from_numpy(y)[i], split_idx=1)

recipe = dict(size=28, crop=25, max_deg=10., alpha=8., sigma=3., valid=False)

def some_committee(n, width, device=None):
    "`n` nets that were never trained: their speed is that of trained ones"
    return Committee([mnist_model(width=width) for _ in range(n)], dict(shape=[1,28,28], vocab=list('0123456789'), recipe=recipe), device)

def batches(ds, bs=256):
    "Batches of `ds`, prepared as at inference, as plain tensors"
    for b in DigitDL(ds, bs=bs, after_batch=[IntToFloatTensor(), *digit_tfms(**recipe)]): yield b[0].as_subclass(torch.Tensor)

def evaluate(n, width, n_images):
    c,ds = some_committee(n, width),some_digits(n_images)
    c.evaluate(some_digits(512))
    return rate(lambda: c.evaluate(ds), n_images)

def evaluate_plain(n, width, n_images):
    "For each net, for each batch: prepare it, and ask the net in fp32, contiguous"
    nets,ds = [mnist_model(width=width).eval() for _ in range(n)],some_digits(n_images)
    @torch.no_grad()
    def f(ds=ds): return torch.stack([torch.cat([net(x).softmax(1) for x in batches(ds)]) for net in nets]).mean(0)
    f(some_digits(512))
    return rate(f, n_images)

def evaluate_torchensemble(n, width, n_images):
    "torchensemble's mean of the softmax outputs, on batches that are prepared once"
    from torchensemble import VotingClassifier
    ens,ds = VotingClassifier(estimator=mnist_model(width=width), n_estimators=n, cuda=False),some_digits(n_images)
    ens.estimators_ = nn.ModuleList([mnist_model(width=width) for _ in range(n)])
    ens.eval()
    @torch.no_grad()
    def f(ds=ds): return torch.cat([ens(x) for x in batches(ds)])
    f(some_digits(512))
    return rate(f, n_images)

def evaluate_memory(n, width, n_images):
    c,ds = some_committee(n, width),some_digits(n_images)
    def f():
        c.evaluate(ds)
        return peak_mb()
    return f

def fit_members(n, width, epochs=1):
    "Members a second of `Committee.fit`"
    dls = mnist_dls(sample=True)
    return rate(lambda: Committee.fit(dls, n, epochs, width), n, least=6)

def main(name, *args):
    "Measure once for each line of the standard input"
    def run(f):
        with contextlib.redirect_stdout(io.StringIO()): return f()
    f = run(lambda: globals()[name](*[int(o) if o.isdigit() else o for o in args]))
    for _ in sys.stdin: print(run(lambda: undisturbed(f)), flush=True)

if __name__=='__main__': main(*sys.argv[1:])
