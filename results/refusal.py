"""How well the committee in the package refuses what is no digit, and how many digits that costs.

    python results/refusal.py path/to/mnist     # writes refusal.json beside this file, in a quarter of an hour

Letters come from the fonts that matplotlib brings, prepared as MNIST was: with Pillow and SciPy, independently of the
package. Fashion-MNIST comes from Debian's `dataset-fashion-mnist`, and is left out where that is not installed.

The score is the members' disagreement after softening, also as the mean over the image and the same moved by one pixel
to each of four sides ("with shifts"), which takes five times as long. Score and softening are chosen on training
digits, letters of other fonts and noise of another kind; the test digits and what they are compared with are only
measured."""
import argparse, sys
from pathlib import Path

import matplotlib, numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import center_of_mass, gaussian_filter
from mnist_committee.all import *
from mnist_committee.core import write_json
from mnist_committee.refusal import image_uncertainty

here = Path(__file__).resolve().parent
sys.path.append(str(here.parent/'nbs'/'benchmarks'))
from bench import machine

fonts = Path(matplotlib.get_data_path())/'fonts'/'ttf'
tested = [f'DejaVu{o}' for o in ('Sans Sans-Bold Sans-Oblique Sans-BoldOblique SansMono SansMono-Bold SansMono-Oblique '
                                 'SansMono-BoldOblique Serif Serif-Bold Serif-Italic Serif-BoldItalic').split()]
others = 'cmr10 cmss10 cmtt10 cmb10 STIXGeneral STIXGeneralBol STIXGeneralItalic STIXGeneralBolIta'.split()
letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
digit_like = 'BDIOQSZbgiloqsz'     # may be read as 8 0 1 0 0 5 2 6 9 1 1 0 9 5 2; a row leaves them out
angles = -10,0,10
kinds = {'noise': 'uniform', 'sparse noise': 'sparse', 'smooth noise': 'smooth'}     # 'normal' is for choosing

# Images

def prepared(ink):
    "Light ink (h,w) as in MNIST: 20 pixels on its longer side, its centre of mass in the middle of 28×28"
    r,c = [np.flatnonzero(ink.any(o)) for o in (1,0)]
    ink = Image.fromarray(ink[r[0]:r[-1]+1, c[0]:c[-1]+1])
    k = 20/max(ink.size)
    ink = ink.resize([max(1, round(o*k)) for o in ink.size], Image.LANCZOS)
    y,x = center_of_mass(np.asarray(ink, float))
    res = Image.new('L', (28,28))
    res.paste(ink, (round(13.5-x), round(13.5-y)))
    return np.asarray(res)

def drawn(letter, face, angle):
    "A letter of a font, turned by so many degrees"
    im = Image.new('L', (200,200))
    ImageDraw.Draw(im).text((100,100), letter, 255, ImageFont.truetype(str(fonts/f'{face}.ttf'), 80), anchor='mm')
    return prepared(np.asarray(im.rotate(angle, Image.BICUBIC)))

def alphabet(faces):
    "Images (n,28,28) of letters, and which letter each shows"
    x = np.stack([drawn(o, f, a) for f in faces for a in angles for o in letters])
    return x, np.array([*letters]*len(faces)*len(angles))

def noise(kind, n=2000, seed=0):
    "Images (n,28,28) of one kind of noise"
    rng = np.random.default_rng(seed)
    if kind=='uniform': return rng.integers(0, 256, (n,28,28), dtype=np.uint8)
    if kind=='sparse': return np.uint8(255)*(rng.random((n,28,28))<.2)
    x = rng.normal(size=(n,28,28))
    x = gaussian_filter(x, (0,2,2)) if kind=='smooth' else x+1
    return (127*x/x.std()).clip(0, 255).astype(np.uint8)

# Figures

def auroc(digits, strange, groups=None, z=1.96):
    """How often a `strange` image scores higher than one of the `digits`, with a 95% interval (DeLong et al. 1988, on
    the logit scale); images of one of the `groups` count as one observation"""
    digits = np.sort(digits)
    v = (np.searchsorted(digits, strange)+np.searchsorted(digits, strange, side='right'))/2/len(digits)
    other = np.sort(strange)
    u = 1-(np.searchsorted(other, digits)+np.searchsorted(other, digits, side='right'))/2/len(other)
    a,groups = v.mean(),np.arange(len(v)) if groups is None else np.unique(groups, return_inverse=True)[1]
    sums,k = np.bincount(groups, v-a),groups.max()+1
    se = np.sqrt(u.var(ddof=1)/len(u) + (sums**2).sum()*k/(k-1)/len(v)**2)
    lo,hi = (1/(1+(1/a-1)*np.exp(s*z*se/(a*(1-a)))) for s in (1,-1)) if a<1 else (1.,1.)
    return dict(n=len(strange), auroc=round(a, 5), lo=round(lo, 5), hi=round(hi, 5))

def disagreement(p, t): return image_uncertainty(p, t).disagreement.values

scores = { # from probabilities (2,m,n,c), without and with shifts: the higher, the stranger; first what one net can do
    'one net: maximum softmax': lambda p: -p[0,0].max(-1),
    'committee: probability': lambda p: -image_uncertainty(p[0]).probability.values,
    'committee: entropy': lambda p: image_uncertainty(p[0]).entropy.values,
    **{f'committee: disagreement, softened by {t}': lambda p, t=t: disagreement(p[0], t) for t in (1,1.5,2,3,4,5)},
    **{f'committee with shifts: disagreement, softened by {t}': lambda p, t=t: disagreement(p[1], t)
       for t in (2,3,4,5)}}

def compare(digits, strange):
    "AUROC of every score, with each set of `strange` images: {set: {score: figures}}"
    return {k: {name: auroc(f(digits), f(p), groups) for name,f in scores.items()} for k,(p,groups) in strange.items()}

def chosen(table):
    "The score with the best mean AUROC"
    def mean(o): return np.mean([r[o]['auroc'] for r in table.values()])
    return max((o for o in scores if o.startswith('committee')), key=mean)

def refused(score, train, sets, share=.01):
    "Shares that `score` refuses if it refuses `share` of the training digits"
    limit = np.quantile(scores[score](train), 1-share)
    return dict(limit=float(limit), **{k: round(float((scores[score](p)>limit).mean()), 5) for k,p in sets.items()})

def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('data', help='folder with MNIST')
    p.add_argument('--fashion', type=Path, default='/usr/share/datasets/fashion-mnist', help='its folder (%(default)s)')
    args = p.parse_args()
    c = Committee.pretrained()
    def votes(x): return np.stack([c.predict(x, members=True, shift=o).numpy() for o in (0,1)])
    def alphabets(faces):
        x,chars = alphabet(faces)
        p,plain = votes(x),~np.isin(chars, [*digit_like])
        return {'letters': (p,chars), 'letters unlike digits': (p[:,:,plain],chars[plain])}
    train,test = mnist_digits(args.data)
    train,digits = votes(train.x[::6]),votes(test)
    other = alphabets(others) | {'noise': (votes(noise('normal')),None)}
    tuning = compare(train, other)
    strange = alphabets(tested) | {k: (votes(noise(o)),None) for k,o in kinds.items()}
    if args.fashion.exists(): strange['Fashion-MNIST'] = (votes(mnist_digits(args.fashion)[1]),None)
    best = chosen(tuning)
    write_json(here/'refusal.json', dict(
        committee='pretrained', members=len(c), digits=digits.shape[2], score=best, auroc=compare(digits, strange),
        chosen_on=dict(digits=train.shape[2], auroc=tuning),
        refused=refused(best, train, {'test digits': digits, **{k:o[0] for k,o in strange.items()}}),
        measured_on=machine()))

if __name__=='__main__': main()
