"""What real paper, pens and cameras do to a digit: corruptions that no net of ours is trained on in this form.

They are made with SciPy and Pillow, independently of the package's own augmentation. Each takes images (n, 28, 28) in
0..1, light on dark, with a NumPy generator, and returns as many in 0..1."""
from io import BytesIO

import numpy as np
from PIL import Image
from scipy import ndimage

def affine(x, matrix, order=1):
    "Images `x`, each output pixel taken from `matrix` times its place, from the centre"
    matrix = np.asarray(matrix, float)
    c = (np.array(x.shape[1:])-1)/2
    full,offset = np.eye(3),np.zeros(3)
    full[1:,1:],offset[1:] = matrix,c-matrix@c
    return ndimage.affine_transform(x, full, offset, order=order)

def noise(x, rng, sd): return x + rng.normal(0, sd, x.shape)
def rotate(x, rng, deg):
    a = np.deg2rad(deg)
    return affine(x, [[np.cos(a),-np.sin(a)],[np.sin(a),np.cos(a)]])

def salt_and_pepper(x, rng, share=.05):
    u = rng.random(x.shape)
    return np.where(u<share/2, 0, np.where(u>1-share/2, 1, x))

def squares(x, rng, value, n=3, side=3):
    "`n` squares of one brightness, at random places of each image"
    x,rows,cols = x.copy(),*rng.integers(4, 24-side, (2,n,len(x)))
    for r,c in zip(rows, cols):
        for i in range(side):
            for j in range(side): x[np.arange(len(x)),r+i,c+j] = value
    return x

def light(x, rng, most=.4):
    "A slope of brightness in a direction of its own for each image"
    down,right = np.mgrid[-1:1:28j,-1:1:28j]
    a = rng.uniform(0, 2*np.pi, (len(x),1,1))
    return .3 + .6*x + most/2*(np.sin(a)*down + np.cos(a)*right)

def jpeg(x, rng, quality=20):
    def one(im):
        file = BytesIO()
        Image.fromarray((im*255).round().astype(np.uint8)).save(file, 'jpeg', quality=quality)
        return np.asarray(Image.open(file), float)/255
    return np.stack([one(o) for o in x])

def coarse(x, rng): return np.repeat(np.repeat(x.reshape(-1,14,2,14,2).mean((2,4)), 2, 1), 2, 2)

corruptions = {
    'half contrast on mid-grey paper': lambda x, rng: .5 + .5*x,
    'noise of sd 0.1': lambda x, rng: noise(x, rng, .1),
    'noise of sd 0.2': lambda x, rng: noise(x, rng, .2),
    'blurred by 1 pixel': lambda x, rng: ndimage.gaussian_filter(x, (0,1,1)),
    'sheared by 0.3': lambda x, rng: affine(x, [[1,0],[.3,1]]),
    'a fifth smaller': lambda x, rng: affine(x, [[1.25,0],[0,1.25]]),
    'a sixth larger': lambda x, rng: affine(x, [[.86,0],[0,.86]]),
    'thicker by 1 pixel': lambda x, rng: ndimage.grey_dilation(x, (1,2,2)),
    'thinner by 1 pixel': lambda x, rng: ndimage.grey_erosion(x, (1,2,2)),
    'moved by 2 pixels': lambda x, rng: np.roll(x, (2,2), (1,2)),
    'rotated by 20 degrees': lambda x, rng: rotate(x, rng, 20),
    'salt and pepper on 5%': salt_and_pepper,
    'gaps': lambda x, rng: squares(x, rng, 0.),
    'stains': lambda x, rng: squares(x, rng, .7),
    'uneven light': light,
    'JPEG of quality 20': jpeg,
    'half the resolution': coarse,
}
first = list(corruptions)[:3] # those that issue 18 names, apart from the others

def corrupted(name, images, seed=0):
    "uint8 images (n, 28, 28), corrupted; always in the same way for one seed"
    x = np.asarray(images, float)/255
    res = corruptions[name](x, np.random.default_rng(seed))
    return (res.clip(0, 1)*255).round().astype(np.uint8)
