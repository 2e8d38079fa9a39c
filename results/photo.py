"""Read rendered pages of MNIST's test digits and write the scores to photo.json: `python results/photo.py DATA [--train]`.

DATA is the folder with MNIST's IDX files. Every page has up to 40 digits of 24 to 100 pixels, turned by up to 10°, on lines that
climb or fall. A digit is *found* if a box overlaps its own by more than half of their union, and *right* if the digit in the box is
right, refused or not; boxes of no digit that are not refused are *invented*. `--train` takes training digits: with these the method
was developed."""
import argparse, time
from io import BytesIO
from pathlib import Path

import matplotlib, numpy as np, skimage
from PIL import Image, ImageDraw, ImageFont

from mnist_committee.all import Committee, load_idx
from mnist_committee.core import write_json
from mnist_committee.ink import to_mnist
import mnist_committee.photo

conditions = dict(
    plain={}, light_on_dark=dict(dark=False), uneven=dict(uneven=True), ruled=dict(ruled=True),
    blue=dict(pen=(30,60,160), paper=(250,246,235)), jpeg=dict(jpeg=40, noise=6),
    all=dict(pen=(35,55,150), paper=(244,240,228), uneven=True, ruled=True, jpeg=60, noise=4))

def stamp(digit, size, angle):
    "Ink (h,w) in 0..1: the longer side of `digit` scaled to `size` pixels, then rotated"
    rows,cols = np.nonzero(digit>20)
    n = round(28*size/max(np.ptp(rows)+1, np.ptp(cols)+1))
    im = Image.fromarray(digit).resize((n,n), Image.BICUBIC).rotate(angle, Image.BICUBIC, expand=True)
    a = np.asarray(im)/255
    rows,cols = np.nonzero(a>.1)
    return a[rows.min():rows.max()+1, cols.min():cols.max()+1]

def write(digits, rng, h=1400, w=1000):
    "Ink (h,w) of a page, the boxes (left, top, width, height) of as many `digits` as fit, and their typical size"
    ink,boxes = np.zeros((h,w), np.float32),[]
    size,slope = np.exp(rng.uniform(np.log(24), np.log(100))),rng.uniform(-.03, .03)
    x,y = 30+rng.uniform(0, 40),40+abs(slope)*w
    for d in digits:
        a = stamp(d, np.clip(size*rng.uniform(.88, 1.12), 24, 100), rng.uniform(-10, 10))
        n,m = a.shape
        if x+m>w-30: x,y = 30+rng.uniform(0, 40),y+size*rng.uniform(1.5, 2)
        if y+1.2*size+abs(slope)*w>h-20: break
        top,left = max(3, int(y+slope*x+(size-n)/2+rng.uniform(-.08, .08)*size)),int(x)
        ink[top:top+n, left:left+m] = np.maximum(ink[top:top+n, left:left+m], a)
        boxes.append((left,top,m,n))
        x += m+size*rng.uniform(.3, 1)
    return ink,np.array(boxes),size

def ruling(shape, size, rng):
    "Where the lines of ruled, or sometimes squared, paper are"
    y,x = np.mgrid[:shape[0],:shape[1]]
    step,thick,slope = max(28, size*rng.uniform(.9, 1.6)),rng.integers(1, 4),rng.uniform(-.012, .012)
    lines = (y-slope*x-rng.uniform(0, step))%step<thick
    return lines | ((x+slope*y-rng.uniform(0, step))%step<thick) if rng.random()<.4 else lines

def light(shape, rng):
    "Brightness of each pixel: it falls by 30 to 60% across the page, and there is a soft shadow"
    y,x = (np.linspace(0, 1, n) for n in shape)
    v = rng.uniform(-1, 1, 2)
    v /= abs(v).sum()
    (a,b),r = rng.uniform(.2, .8, 2),rng.uniform(.2, .5)
    shadow = np.exp(-((y[:,None]-a)**2+(x-b)**2)/r**2)
    return (1-rng.uniform(.3, .6)*((y[:,None]-.5)*v[0]+(x-.5)*v[1]+.5))*(1-rng.uniform(0, .35)*shadow)

def photo(ink, size, rng, dark=True, pen=None, paper=None, uneven=False, ruled=False, jpeg=None, noise=2):
    "Photo uint8 (h,w,3) of a page"
    pale,strong = rng.uniform(200, 250),rng.uniform(10, 70)
    paper,pen = paper or (pale if dark else strong,)*3,pen or (strong if dark else pale,)*3
    x = np.broadcast_to(np.array(paper, float), (*ink.shape,3)).copy()
    if ruled: x[ruling(ink.shape, size, rng)] = rng.choice([(150,170,220),(170,170,170),(120,120,140)])
    x = x*(1-ink[...,None])+np.array(pen)*ink[...,None]
    if uneven: x *= light(ink.shape, rng)[...,None]
    x = (x+rng.normal(0, noise, x.shape)).clip(0, 255).astype(np.uint8)
    if not jpeg: return x
    file = BytesIO()
    Image.fromarray(x).save(file, 'jpeg', quality=jpeg)
    return np.asarray(Image.open(file))

def overlap(a, b):
    "Intersection over union (n,m) of boxes (left, top, width, height)"
    def part(i, j): return (np.minimum.outer(a[:,i]+a[:,j], b[:,i]+b[:,j])-np.maximum.outer(a[:,i], b[:,i])).clip(0)
    both = part(0, 2)*part(1, 3)
    return both/(np.add.outer(a[:,2]*a[:,3], b[:,2]*b[:,3])-both)

def score(df, boxes, labels):
    "Counts for one page"
    at = overlap(boxes, df[['left','top','width','height']].values) if len(df) else np.zeros((len(boxes),1))
    hit,best = at.max(1)>.5,at.argmax(1)
    own = df.iloc[best[hit]]
    right = own.digit.values==labels[hit].astype(str)
    invented = (~df.refused.values & ~np.isin(np.arange(len(df)), best[hit])).sum()
    return dict(n=len(boxes), found=hit.sum(), right=right.sum(), read=(~own.refused).sum(), read_right=(right&~own.refused).sum(),
                invented=invented, out_of_order=(np.diff(best[hit])<0).sum())

def run(c, digits, labels, pages, seed):
    "Scores of each condition"
    res = {}
    for k,(name,how) in enumerate(conditions.items()):
        rng,total = np.random.default_rng([seed,k]),{}
        for _ in range(pages):
            i = rng.permutation(len(digits))[:40]
            ink,boxes,size = write(digits[i], rng)
            start = time.process_time()
            df = c.read(photo(ink, size, rng, **how))
            one = score(df, boxes, labels[i][:len(boxes)]) | dict(cpu_seconds=time.process_time()-start)
            total = {k: total.get(k, 0)+v for k,v in one.items()}
        res[name] = total
        print(f'{name:14}', summary(total), flush=True)
    return res

words = """It was a bright cold day in April and the clocks were striking thirteen so nobody looked at the sky. The first thing that
a visitor tries is a digit of their own. Please fill in your name, address, and the date below, and sign in the box on the left.""".split()

def text(font, size, rng, h=1400, w=1000):
    "Page of text in a font of matplotlib's"
    font,im = ImageFont.truetype(str(Path(matplotlib.get_data_path())/'fonts/ttf'/f'{font}.ttf'), size),Image.new('L', (w,h), 240)
    for top in range(30, h-2*size, int(1.35*size)):
        line = ''
        while font.getlength(line)<w-60-8*size: line += f'{rng.choice(words)} '
        ImageDraw.Draw(im).text((30,top), line, font=font, fill=30)
    return np.asarray(im)

def pictures(rng):
    "Images without digits: blank paper, noise, pages of text, and photos that come with scikit-image"
    res = {f'blank {k}': photo(np.zeros((1400,1000)), 50, rng, **how) for k,how in conditions.items()}
    res['noise'] = rng.integers(0, 256, (600,600), dtype=np.uint8)
    fonts = 'DejaVuSans','DejaVuSerif','DejaVuSansMono-Bold','STIXGeneral'
    res |= {f'{font} {n}': text(font, n, rng) for font in fonts for n in (20,30,48,72)}
    files = sorted((Path(skimage.__file__).parent/'data').glob('*.[pj]*g'))
    return res | {o.name: o for o in files if o.suffix in ('.png','.jpg')}

def others(c, rng):
    "How many marks are read on images without digits, and how many refused; None if the image as a whole is refused"
    res = {}
    for k,image in pictures(rng).items():
        try: refused = c.read(image).refused
        except ValueError: res[k] = dict(read=0, refused=None); continue
        res[k] = dict(read=int((~refused).sum()), refused=int(refused.sum()))
    return res

def single(c, digits, labels):
    "Errors of the committee on the digits as they are, and as `to_mnist` prepares them"
    again = np.stack([to_mnist(o) for o in digits])
    def errors(x): return int((c.predict(x).argmax(1).numpy()!=labels).sum())
    return dict(n=len(labels), errors=errors(digits), errors_after_to_mnist=errors(again),
                mean_difference=round(float(abs(again-digits.astype(float)).mean()), 3))

def summary(t):
    return dict(n=t['n'], found=round(t['found']/t['n'], 4), right_of_found=round(t['right']/t['found'], 4),
                refused=round(1-t['read']/t['found'], 4), right_of_read=round(t['read_right']/t['read'], 4),
                invented=round(t['invented']/t['n'], 4), out_of_order=t['out_of_order'])

if __name__=='__main__':
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('data', type=Path)
    p.add_argument('--train', action='store_true', help='take training digits, and write nothing')
    p.add_argument('--pages', type=int, default=20, help='pages for each condition')
    p.add_argument('--seed', type=int, default=0)
    args = p.parse_args()
    part = 'train' if args.train else 't10k'
    digits,labels = map(np.asarray, load_idx(args.data/f'{part}-images-idx3-ubyte.gz', args.data/f'{part}-labels-idx1-ubyte.gz'))
    c = Committee.pretrained()
    res = run(c, digits.reshape(-1,28,28), labels, args.pages, args.seed)
    total = {k: sum(o[k] for o in res.values()) for k in res['plain']}
    print('together', summary(total))
    alone = single(c, digits.reshape(-1,28,28), labels)
    print('single digits', alone)
    none = others(c, np.random.default_rng(args.seed))
    print('no digits:', sum(o['read'] for o in none.values()), 'marks read on', len(none), 'images:',
          {k: v for k,v in none.items() if v['read']})
    if not args.train:
        write_json(Path(__file__).parent/'photo.json', dict(digits='test', seed=args.seed, pages=args.pages,
                   together=summary(total), conditions={k: summary(v) for k,v in res.items()}, counts=res, without_digits=none, single=alone))
