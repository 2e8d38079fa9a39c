// `to_mnist` of mnist_committee.ink in JavaScript, step by step and under the same names. Its page explains the steps.
const f32 = Math.fround;
const range = n => Array.from({length: n}, (_, i) => i);
const clip = (x, lo, hi) => Math.min(hi, Math.max(lo, x));

function round(x) {  // to the even number at .5, as NumPy and Python do
  const r = Math.round(x);
  return Math.abs(x%1)===.5 && r%2 ? r-1 : r;
}

function median(values) {
  const s = Float64Array.from(values).sort(), m = s.length>>1;
  return s.length%2 ? s[m] : (s[m-1]+s[m])/2;
}

// RGBA pixels as grey ones, as PIL's convert('L') makes them
function grey(rgba, width, height) {
  const x = new Uint8Array(width*height);
  for (let i = 0; i<x.length; i++) x[i] = (rgba[4*i]*19595 + rgba[4*i+1]*38470 + rgba[4*i+2]*7471 + 32768) >> 16;
  return {x, width, height};
}

// The mean over k×k pixels, as PIL's `reduce`
function reduce({x, width, height}, k) {
  const w = Math.ceil(width/k), h = Math.ceil(height/k), res = new Uint8Array(w*h);
  for (let r = 0; r<h; r++) for (let c = 0; c<w; c++) {
    const bottom = Math.min(height, (r+1)*k), right = Math.min(width, (c+1)*k), n = (bottom-r*k)*(right-c*k);
    let sum = n>>1;
    for (let i = r*k; i<bottom; i++) for (let j = c*k; j<right; j++) sum += x[i*width+j];
    res[r*w+c] = Math.floor(sum*Math.floor(f32(2**24/n))/2**24);
  }
  return {x: res, width: w, height: h};
}

// For each of `out` pixels, the first of `n` pixels that it is made of, and their weights: PIL's BOX and BILINEAR
function taps(n, out, kernel, support) {
  const scale = n/out, wide = Math.max(scale, 1);
  return range(out).map(i => {
    const centre = (i+.5)*scale, first = Math.max(0, Math.trunc(centre-support*wide+.5));
    const k = range(Math.min(n, Math.trunc(centre+support*wide+.5))-first).map(j => kernel((j+first-centre+.5)/wide));
    const sum = k.reduce((a, b) => a+b, 0);
    return [first, k.map(o => o/sum)];
  });
}
const box = x => x>-.5 && x<=.5 ? 1 : 0, triangle = x => Math.max(0, 1-Math.abs(x));

// Resize as PIL does: rows first, then columns, each rounded
function resize({x, width, height}, w, h, kernel, support, kind) {
  const whole = kind===Uint8Array;
  const store = s => whole ? clip(Math.floor(s/2**22), 0, 255) : s;
  const along = (n, out) => taps(n, out, kernel, support).map(([f, k]) => [f, whole ? k.map(o => Math.floor(o*2**22+.5)) : k]);
  const start = whole ? 2**21 : 0;
  if (w!==width) {
    const res = new kind(w*height), t = along(width, w);
    for (let r = 0; r<height; r++) t.forEach(([f, k], c) => {
      let s = start;
      for (let j = 0; j<k.length; j++) s += x[r*width+f+j]*k[j];
      res[r*w+c] = store(s);
    });
    x = res;
  }
  if (h!==height) {
    const res = new kind(w*h);
    along(height, h).forEach(([f, k], r) => { for (let c = 0; c<w; c++) {
      let s = start;
      for (let j = 0; j<k.length; j++) s += x[(f+j)*w+c]*k[j];
      res[r*w+c] = store(s);
    } });
    x = res;
  }
  return {x, width: w, height: h};
}

// Least squares of least norm, by a singular value decomposition (one-sided Jacobi): NumPy's `lstsq`
function leastSquares(rows, b) {
  const n = rows[0].length, a = range(n).map(j => rows.map(r => r[j])), v = range(n).map(i => range(n).map(j => +(i===j)));
  const dot = (p, q) => { let s = 0; for (let i = 0; i<p.length; i++) s += p[i]*q[i]; return s; };
  for (let sweep = 0, off = 1; sweep<40 && off>1e-15; sweep++) {
    off = 0;
    for (let p = 0; p<n; p++) for (let q = p+1; q<n; q++) {
      const pp = dot(a[p], a[p]), qq = dot(a[q], a[q]), pq = dot(a[p], a[q]);
      if (Math.abs(pq)<=1e-300) continue;
      off = Math.max(off, Math.abs(pq)/Math.sqrt(pp*qq));
      const z = (qq-pp)/(2*pq), t = (z<0 ? -1 : 1)/(Math.abs(z)+Math.hypot(1, z)), c = 1/Math.hypot(1, t), s = c*t;
      for (const m of [a, v]) {
        const x = m[p], y = m[q];
        for (let i = 0; i<x.length; i++) { const o = x[i]; x[i] = c*o-s*y[i]; y[i] = s*o+c*y[i]; }
      }
    }
  }
  const size = a.map(o => Math.sqrt(dot(o, o))), least = Math.max(...size)*2.2e-16*Math.max(n, rows.length), x = new Array(n).fill(0);
  for (let j = 0; j<n; j++) if (size[j]>least) { const k = dot(a[j], b)/size[j]**2; for (let i = 0; i<n; i++) x[i] += k*v[j][i]; }
  return x;
}

function paperOf({x, width, height}) {  // fitted to the outermost pixels
  const at = (i, n) => n>1 ? i*(2/(n-1))-1 : -1;
  const terms = i => { const v = at(Math.floor(i/width), height), u = at(i%width, width); return [1, v, u, v*v, v*u, u*u]; };
  const border = range(width*height).filter(i => i<width || i>=width*(height-1) || i%width===0 || i%width===width-1);
  const a = border.map(terms), b = border.map(i => x[i]), middle = f32(median(b));
  let off = b.map(o => Math.abs(f32(o-middle))), k;
  for (let turn = 0; turn<6; turn++) {
    const limit = turn ? Math.max(2*median(off), .02) : Math.max(f32(2*f32(median(off))), f32(.02));
    const keep = range(b.length).filter(i => off[i]<=limit);
    k = leastSquares(keep.map(i => a[i]), keep.map(i => b[i]));
    off = b.map((o, i) => Math.abs(o-a[i].reduce((s, t, j) => s+t*k[j], 0)));
  }
  return {x: Float32Array.from(range(width*height), i => clip(terms(i).reduce((s, t, j) => s+t*k[j], 0), 0, 1)), width, height};
}

function inkOf(image) {
  const {x, width, height} = image, f = Math.min(1, 64/Math.max(width, height));
  const small = resize(image, Math.max(1, round(width*f)), Math.max(1, round(height*f)), box, .5, Uint8Array);
  small.x = Float32Array.from(small.x, o => f32(o/255));
  const paper = resize(paperOf(small), width, height, triangle, 1, Float32Array).x;
  const d = new Float32Array(x.length);
  let up = 0, down = 0;
  for (let i = 0; i<x.length; i++) {
    d[i] = f32(x[i]/255)-paper[i];
    if (d[i]>0) up += d[i]**2; else down += d[i]**2;
  }
  const least = f32(.2);  // as in `ink_map`
  for (let i = 0; i<x.length; i++) d[i] = up>=down ? d[i]/Math.max(f32(1-paper[i]), least) : -d[i]/Math.max(paper[i], least);
  return d;
}

function otsu(x) {
  let lo = Infinity, hi = -Infinity;
  for (const o of x) { lo = Math.min(lo, o); hi = Math.max(hi, o); }
  if (lo===hi) return lo;
  const n = 256, step = f32(f32(hi-lo)/n), edges = Float32Array.from(range(n+1), i => i<n ? f32(f32(i*step)+lo) : hi), count = new Float32Array(n);
  for (const o of x) {
    let i = clip(Math.floor((o-lo)/(hi-lo)*n), 0, n-1);
    while (o<edges[i]) i--;
    while (i<n-1 && o>=edges[i+1]) i++;
    count[i]++;
  }
  const centre = Float32Array.from(range(n), i => f32(edges[i]+edges[i+1])/2), [w1, w2, m1, m2] = range(4).map(() => new Float32Array(n));
  for (const [order, w, m] of [[range(n), w1, m1], [range(n).reverse(), w2, m2]]) {
    let weight = 0, sum = 0;
    for (const i of order) {
      weight = f32(weight+count[i]);
      sum = f32(sum+f32(count[i]*centre[i]));
      w[i] = weight;
      m[i] = sum/weight;
    }
  }
  let best = -1, res = 0;
  for (let i = 0; i<n-1; i++) {
    const v = f32(f32(w1[i]*w2[i+1])*f32(f32(m1[i]-m2[i+1])**2));
    if (v>best) [best, res] = [v, centre[i]];
  }
  return res;
}

// Connected marks: a number for each pixel (0 is none), and box and area of each mark
function components(black, width, height) {
  const lab = new Int32Array(black.length), table = [], stack = [], least = Math.min(8, black.length/50);
  for (let start = 0; start<black.length; start++) {
    if (!black[start] || lab[start]) continue;
    const number = table.length+1, pixels = [];
    let top = height, left = width, bottom = 0, right = 0;
    lab[start] = number;
    stack.push(start);
    while (stack.length) {
      const i = stack.pop(), r = Math.floor(i/width), c = i%width;
      pixels.push(i);
      top = Math.min(top, r);
      left = Math.min(left, c);
      bottom = Math.max(bottom, r+1);
      right = Math.max(right, c+1);
      for (let y = Math.max(0, r-1); y<=Math.min(height-1, r+1); y++) for (let x = Math.max(0, c-1); x<=Math.min(width-1, c+1); x++) {
        const j = y*width+x;
        if (black[j] && !lab[j]) { lab[j] = number; stack.push(j); }
      }
    }
    if (pixels.length<least) for (const i of pixels) lab[i] = -1;  // a speck
    else table.push({top, left, bottom, right, area: pixels.length, size: Math.max(bottom-top, right-left)});
  }
  return {lab: lab.map(o => Math.max(o, 0)), table};
}

function wholeOf({lab, table}, width, height) {
  const cut = t => t.top===0 || t.left===0 || t.bottom===height || t.right===width;
  const largest = table.reduce((a, b) => b.area>a.area ? b : a), marks = cut(largest) ? table : table.filter(t => !cut(t));
  const least = .2*Math.max(...marks.map(t => t.size)), numbers = new Set(marks.filter(t => t.size>=least).map(t => table.indexOf(t)+1));
  return lab.map(o => +numbers.has(o));
}

const padded = (x, width, height, n, kind) => {
  const w = width+2*n, res = new kind(w*(height+2*n));
  for (let r = 0; r<height; r++) res.set(x.subarray(r*width, (r+1)*width), (r+n)*w+n);
  return res;
};

function dilated(mark, width, height) {  // by two pixels; `mark` keeps away from the border by more
  const res = new Uint8Array(mark.length);
  for (let i = 0; i<mark.length; i++) if (mark[i]) for (let y = -2; y<=2; y++) res.fill(1, i+y*width-2, i+y*width+3);
  return res;
}

function mean(value, weight, n) {
  let sum = 0, total = 0;
  for (let i = 0; i<n; i++) { const w = weight(i); sum += w*value(i); total += w; }
  return sum/Math.max(total, 1e-9);
}

function clean(ink, mark, free, width, height) {
  const n = ink.length, near = dilated(mark, width, height), around = i => free[i] && !near[i] ? 1 : 0;
  const paper = mean(i => ink[i], around, n);
  let noise = 2*Math.sqrt(mean(i => (ink[i]-paper)**2, around, n));
  const full = mean(i => ink[i]-paper, i => mark[i]*Math.max(ink[i]-paper, 0), n);
  noise = Math.min(noise, full/2);
  const res = new Float64Array(n), span = Math.max(full-noise, 1e-3);
  for (let i = 0; i<n; i++) if (near[i] && (mark[i] || free[i])) res[i] = clip((ink[i]-paper-noise)/span, 0, 1);
  return res;
}

function fitBox(ink, width, height) {
  const rows = new Float64Array(height), columns = new Float64Array(width), seen = [new Uint8Array(height), new Uint8Array(width)];
  for (let r = 0, i = 0; r<height; r++) for (let c = 0; c<width; c++, i++) if (ink[i]) {
    rows[r] += ink[i];
    columns[c] += ink[i];
    if (ink[i]>.1) seen[0][r] = seen[1][c] = 1;
  }
  const span = s => [s.indexOf(1), s.lastIndexOf(1)-s.indexOf(1)+1];
  const [[top, h], [left, w]] = seen.map(span), scale = Math.max(h, w)/20;
  const side = (profile, first, n) => {
    let mass = 0, total = 0;
    profile.forEach((o, i) => { mass += o*(i+.5); total += o; });
    const at = clip(round(14.5-(mass/Math.max(total, 1e-9)-first)/scale), 0, 28-Math.ceil(n/scale-1e-6)), half = Math.max(scale, 1)/2;
    return range(28).map(i => {
      const centre = first-at*scale+(i+.5)*scale, res = [];
      for (let j = Math.max(0, Math.floor(centre-half)); j<Math.min(profile.length, centre+half); j++)
        res.push([j, Math.max(0, Math.min(j+1, centre+half)-Math.max(j, centre-half))/(2*half)]);
      return res;
    });
  };
  const down = side(rows, top, h), right = side(columns, left, w), res = new Float64Array(784);
  down.forEach((ys, i) => right.forEach((xs, j) => {
    let s = 0;
    for (const [y, a] of ys) for (const [x, b] of xs) s += a*b*ink[y*width+x];
    res[28*i+j] = s;
  }));
  const most = Math.max(...res, 1e-9);
  return Uint8Array.from(res, o => round(255*o/most));
}

// From the RGBA pixels of a picture of one digit to 28×28 pixels; an `Error` says why there is no digit
export function toMnist(rgba, width, height) {
  const k = Math.ceil(Math.sqrt(width*height/1e6)), image = grey(rgba, width, height), small = k>1 ? reduce(image, k) : image;
  const {width: w, height: h} = small, ink = inkOf(small), seen = ink.map(o => clip(o, 0, 1));
  if (!seen.some(o => o>=f32(.1))) throw new Error('the image is blank');
  const limit = otsu(seen), found = components(seen.map(o => +(o>limit)), w, h);
  if (!found.table.length) throw new Error('the image shows only specks');
  if (found.table.length>10_000) throw new Error('the image has too many marks: crop it to the digit');
  const [i, mark, free] = [[ink, Float32Array], [wholeOf(found, w, h), Uint8Array], [Uint8Array.from(found.lab, o => +(o===0)), Uint8Array]]
    .map(([o, kind]) => padded(o, w, h, 4, kind));
  return fitBox(clean(i, mark, free, w+8, h+8), w+8, h+8);
}
