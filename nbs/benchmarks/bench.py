"Measure speeds in turns on a quiet machine, name the machine, and keep the results"
import contextlib, io, json, os, platform, subprocess, sys, time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import matplotlib.pyplot as plt, mnist_committee, pandas as pd, torch
from fastai.callback.core import Callback, CancelFitException, CancelValidException
from mnist_committee.all import has_bf16

here = Path(__file__).resolve().parent
results = here.parent.parent/'results'/'speed'

# Time

def seconds(f):
    "Seconds that one call of `f` takes"
    start = time.perf_counter()
    f()
    return time.perf_counter()-start

def rate(f, n, least=.3):
    "A function that gives how many of `n` items `f` does in a second, from as many calls as fill `least` seconds"
    def g():
        calls,start = 0,time.perf_counter()
        while not calls or time.perf_counter()-start<least:
            f()
            calls += 1
        return calls*n/(time.perf_counter()-start)
    return g

def _cpu_seconds():
    "Seconds of CPU that all programs took so far, and that this one and its children did"
    try: user,nice,system,_,_,irq,soft = map(int, Path('/proc/stat').read_text().split()[1:8])
    except OSError: return 0,0  # only Linux tells
    return (user+nice+system+irq+soft)/os.sysconf('SC_CLK_TCK'), sum(os.times()[:4])

def undisturbed(f, share=.05, tries=8):
    """What `f` returns; it is called again, at most `tries` times, if other programs took more than `share` of a core
    meanwhile"""
    for _ in range(tries):
        start,(all0,own0) = time.perf_counter(),_cpu_seconds()
        res = f()
        all1,own1 = _cpu_seconds()
        if all1-all0-(own1-own0) <= share*(time.perf_counter()-start)+.02: break
        time.sleep(1)
    return res

def rounds(fs, n=5, warmup=1):
    "What the functions of the dict `fs` return when they take turns for `n` rounds: a slow minute meets them all"
    for f in fs.values():
        for _ in range(warmup): f()
    return pd.DataFrame([{k:undisturbed(f) for k,f in fs.items()} for _ in range(n)])

def ratio(df, a, b): return (df[a]/df[b]).median()

def summary(df, unit='images/s'):
    "A row for each column of the rates `df`: median, range, and how many times as fast the first is in the same round"
    ours = df.columns[0]
    def row(k, o):
        return {unit: f'{o.median():,.0f}', 'range': f'{o.min():,.0f} – {o.max():,.0f}',
                f'{ours} is': f'{ratio(df, ours, k):.2f} ×'}
    return pd.DataFrame({k: row(k, o) for k,o in df.items()}).T

# Training

class StepRate(Callback):
    """Stops a fit after `n` steps and `warmup` ones that do not count; `rate` is in images a second.
    `n` may run into the next epoch; there is no validation"""
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

# Processes

def serve(functions, name, *args):
    "Make the measure that `functions` has under `name`, and print what it gives for each line of the standard input"
    def run(f):
        with contextlib.redirect_stdout(io.StringIO()): return f()
    f = run(lambda: functions[name](*[int(o) if o.isdigit() else o for o in args]))
    for _ in sys.stdin: print(run(lambda: undisturbed(f)), flush=True)

class Worker:
    "`python peers.py name *args`, or of another `script` that calls `serve`: each call measures in that process"
    def __init__(self, name, *args, script='peers.py', **env):
        self.args,self.env = [sys.executable, '-W', 'ignore', str(here/script), name, *map(str, args)],os.environ | env
        self.open()
    def open(self):
        pipe = subprocess.PIPE
        self.p = subprocess.Popen(self.args, env=self.env, stdin=pipe, stdout=pipe, text=True)
    def start(self):
        self.p.stdin.write('go\n')
        self.p.stdin.flush()
    def result(self):
        line = self.p.stdout.readline()
        if not line: raise RuntimeError(f'{" ".join(self.args[3:])} ended: see the messages above')
        return float(line)
    def __call__(self):
        self.start()
        return self.result()
    def close(self): self.p.communicate()

def in_turns(workers, n=5, warmup=1, anew=()):
    """`rounds` of a dict of `Worker`s, which end after that; each looks itself whether it was disturbed.
    Those named in `anew` get a new process each round"""
    res = []
    for i in range(n):
        for k,o in workers.items():
            if i and k in anew: o.close(), o.open()
            if not i or k in anew: [o() for _ in range(warmup)]
        res.append({k:o() for k,o in workers.items()})
    for o in workers.values(): o.close()
    return pd.DataFrame(res)

def peak_mb():
    "The most memory that this process has held, in MB"
    try: return int(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])/1024 # without the parent's
    except OSError:
        import resource
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss/2**20 # macOS counts bytes

def page_faults():
    "How many fresh pages of memory this process was given so far"
    import resource
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

# Machine and results

packages = 'mnist_committee fastai torch torchvision kornia albumentations torchensemble numpy'.split()

def _version(name):
    try: return version(name)
    except PackageNotFoundError: return mnist_committee.__version__ if name=='mnist_committee' else 'absent'

def _cpu_name():
    try: lines = Path('/proc/cpuinfo').read_text().splitlines()
    except OSError: return platform.processor() or platform.machine()
    return next((o.split(':')[1].strip() for o in lines if o.startswith('model name')), platform.machine())

def machine():
    "What is measured on and with"
    gpu = {'GPU': torch.cuda.get_device_name()} if torch.cuda.is_available() else {}
    return gpu | {'CPU': _cpu_name(), 'cores': os.cpu_count(), 'threads of torch': torch.get_num_threads(),
                  'bf16 on the CPU': has_bf16('cpu'), 'system': platform.system(), 'date': time.strftime('%Y-%m-%d'),
                  'Python': platform.python_version()} | {o:_version(o) for o in packages}

class Results:
    "Measurements, and the targets they have to reach, in a JSON file"
    def __init__(self, file): self.file,self.data = Path(file),dict(machine=machine(), targets=[], measurements={})

    def keep(self, name, df):
        "Keep the rounds `df`"
        self.data['measurements'][name] = {k: [float(f'{x:.4g}') for x in o] for k,o in df.items()}
        self.save()
    def target(self, what, measured, least=None, most=None, unit=''):
        "Keep one result: `measured`, and the `least` or the `most` that is its target"
        measured = float(f'{measured:.3g}')
        self.data['targets'].append(dict(what=what, measured=measured, least=least, most=most, unit=unit))
        self.save()
    def save(self):
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps(self.data, indent=1)+'\n')
    def table(self): return pd.DataFrame([_row(**o) for o in self.data['targets']]).set_index('what')

    def plot(self):
        "Draw how many times as fast the package is as each of the others, beside the targets"
        rows = [o for o in self.data['targets'] if o['unit']==' ×' and o['least']][::-1]
        fig,ax = plt.subplots(figsize=(5.2, .36*len(rows)+.9), layout='constrained')
        bars = ax.barh([o['what'].replace(', against', '\nagainst') for o in rows], [o['measured'] for o in rows])
        ax.bar_label(bars, [f"{o['measured']:.3g} ×" for o in rows], padding=6)
        for i,o in enumerate(rows): ax.plot(o['least'], i, 'k|', ms=18, mew=2, label='target' if not i else None)
        ax.set(xscale='log', xlim=(1, 8*max(o['measured'] for o in rows)), xlabel='times as fast')
        ax.set_xticks([1,10,100], ['1','10','100'])
        ax.tick_params(axis='y', labelsize=9)
        ax.legend(loc='lower right')
        plt.close(fig)
        return fig

def reached(ok): return 'yes' if ok else '✗ no'

def _row(what, measured, least, most, unit):
    "A result as people read it"
    goal = f'at least {least:g}' if most is None else f'at most {most:g}'
    ok,unit = measured>=least if most is None else measured<=most, unit.replace(' ', '\u00a0')
    return dict(what=what, measured=f'{measured:.3g}{unit}', target=goal+unit, reached=reached(ok))
