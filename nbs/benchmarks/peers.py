"The fast step and its peers, as functions that measure themselves: `python peers.py NAME ARGS`, see `bench.serve`"
import sys, time
from itertools import chain, islice
from pathlib import Path

import torch, torch.nn.functional as F
from bench import StepRate, fit, page_faults, peak_mb, rate, serve
from fastai.data.block import CategoryBlock, DataBlock
from fastai.data.transforms import RandomSplitter, get_image_files, parent_label
from fastai.learner import CancelBackwardException, CancelStepException, Learner
from fastai.losses import CrossEntropyLossFlat
from fastai.vision.augment import aug_transforms
from fastai.vision.core import PILImageBW
from fastai.vision.data import ImageBlock
from mnist_committee.all import *
from PIL import Image
from torch import nn

# Training

def fast_learner(width): return mnist_learner(mnist_dls(sample=True), width)

def stock_dls(path, workers=None, bs=128, device=None):
    "fastai's own loaders and transforms, as its documentation has them"
    block = DataBlock((ImageBlock(PILImageBW), CategoryBlock), get_items=get_image_files, get_y=parent_label,
                      splitter=RandomSplitter(.02, seed=0), batch_tfms=aug_transforms(do_flip=False))
    return block.dataloaders(path, bs=bs, num_workers=workers, device=device)

def stock_learner(path, width, workers=None, device=None):
    "fastai's own `Learner`, loaders, transforms, optimizer and loss, with the same net"
    return Learner(stock_dls(path, workers, device=device), mnist_model(width=width), loss_func=CrossEntropyLossFlat())

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
    "Sums the seconds spent `with` it"
    def __init__(self): self.total = 0.
    def __enter__(self): self.t = time.perf_counter()
    def __exit__(self, *_): self.total += time.perf_counter()-self.t

class Watched:
    "A `Learner` whose `watch` runs during forward (with the loss), backward and optimizer"
    def __init__(self, dls, model, loss_func, **kwargs):
        self.watch,self.loss_alone = Stopwatch(),loss_func
        model.register_forward_pre_hook(lambda *_: self.watch.__enter__())
        model.register_forward_hook(lambda *_: self.watch.__exit__())
        super().__init__(dls, model, self.watched_loss, **kwargs)
    def watched_loss(self, *args):
        with self.watch: return self.loss_alone(*args)
    def _backward(self):
        with self.watch: super()._backward()
    def _step(self):
        with self.watch: super()._step()
    def _do_grad_opt(self):
        self._with_events(self._backward, 'backward', CancelBackwardException)
        self._with_events(self._step, 'step', CancelStepException)
        with self.watch: self.opt.zero_grad()

class WatchedFast(Watched, FastLearner): pass
class WatchedStock(Watched, Learner): pass

class OutsideShare(StepRate):
    "Measures which `share` of the steps of a `Watched` learner is spent outside of what it watches"
    def before_fit(self):
        super().before_fit()
        self.clock = self.learn.watch
    def after_batch(self):
        if not self.times: self.clock.total = 0.
        super().after_batch()
    @property
    def share(self): return 1-self.clock.total/self.seconds

def outside(width, n):
    learn = WatchedFast(mnist_dls(sample=True), mnist_model(width=width), CrossEntropyLossFlat(), opt_func=digit_opt)
    return lambda: fit(learn, OutsideShare(n)).share

def outside_stock(width, n, path):
    learn = WatchedStock(stock_dls(path, 0), mnist_model(width=width), CrossEntropyLossFlat())
    return lambda: fit(learn, OutsideShare(n)).share

# Committees

def some_digits(n):
    "`n` labelled digits: those of the sample, again and again"
    x,y = sample_digits()
    i = torch.arange(n) % len(x)
    return DigitDataset(torch.from_numpy(x)[i], torch.from_numpy(y)[i], split_idx=1)

prep = Prep((1,28,28), list('0123456789'))

def some_committee(n, width, device=None):
    "`n` nets that were never trained: their speed is that of trained ones"
    return Committee([mnist_model(width=width) for _ in range(n)], prep, device)

def batches(ds, bs=256):
    "Batches of `ds`, prepared as at inference, as plain tensors"
    for b in prep.dl(ds, bs, ds.x.device): yield b[0].as_subclass(torch.Tensor)

def evaluate(n, width, n_images):
    c,ds = some_committee(n, width),some_digits(n_images)
    c.evaluate(some_digits(512))
    return rate(lambda: c.evaluate(ds), n_images)

def evaluate_plain(n, width, n_images):
    "For each net, for each batch: prepare it, and call the net in fp32, contiguous"
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

if __name__=='__main__': serve(globals(), *sys.argv[1:])
