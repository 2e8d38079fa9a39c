// The live page: `toMnist` turns a drawing or photo into 28x28 pixels, and onnxruntime-web runs the committee on them.
import {toMnist} from './to_mnist.js';

const home = new URL('.', import.meta.url);
const $ = id => document.getElementById(`live-${id}`);
const paper = $('paper'), pen = paper.getContext('2d', {willReadFrequently: true});
let committee, ready = false, asked = 0, last = null, at = [140, 140], down = false, key = false;

// The runtime and the committee are loaded once, when something is drawn for the first time.
function load() {
  committee ??= (async () => {
    const ort = await import(new URL('ort.wasm.bundle.min.mjs', home));
    Object.assign(ort.env.wasm, {numThreads: 1, wasmPaths: {wasm: new URL('ort-wasm-simd-threaded.wasm', home).href}});
    const session = await ort.InferenceSession.create(new URL('committee.onnx', home).href);
    ready = true;
    let before = Promise.resolve();  // a session runs once at a time
    return pixels => before = before.catch(() => {}).then(async () => {
      const res = await session.run({images: new ort.Tensor('uint8', pixels, [1, 1, 28, 28])});
      return {probs: [...res.probs.data], members: res.members.data, n: res.members.dims[0], c: res.members.dims[2]};
    });
  })();
  committee.catch(() => { committee = undefined; });
  return committee;
}

const percent = p => (100*p).toFixed(p>.9995 ? 2 : 1)+'%';
const largest = p => p.indexOf(Math.max(...p));

// Read a picture, {data: RGBA, width, height}, and show the result; a later one replaces it.
export async function read(image) {
  const mine = ++asked;
  let pixels;
  try { pixels = toMnist(image.data, image.width, image.height); }
  catch (e) { clearResult(`There is no digit: ${e.message}.`); return last; }
  showInput(pixels);
  if (!ready) $('answer').textContent = 'Loading the committee …';
  try {
    const votes = await load(), result = await votes(pixels);
    if (mine===asked) show({...result, pixels});
  } catch (e) { if (mine===asked) $('answer').textContent = `The committee can't be loaded: ${e.message}. Try again.`; }
  return last;
}

function showInput(pixels) {
  const view = $('input').getContext('2d'), img = view.createImageData(28, 28);
  pixels.forEach((v, i) => img.data.set([v, v, v, 255], 4*i));
  view.putImageData(img, 0, 0);
}

function clearResult(text) {
  last = null;
  $('votes').tBodies[0].replaceChildren();
  $('answer').textContent = text;
  showInput(new Uint8Array(784));
  $('input').setAttribute('aria-label', 'The 28 by 28 pixels that the nets see: empty');
}

function show(result) {
  last = result;
  const body = $('votes').tBodies[0], threshold = +$('threshold').value;
  body.replaceChildren();
  const {probs, members, n, c} = result, digit = largest(probs), p = probs[digit];
  let same = 0;
  for (let m = 0; m<n; m++) {
    const own = [...members.slice(m*c, (m+1)*c)], vote = largest(own), row = body.insertRow(), bar = document.createElement('span');
    same += vote===digit;
    row.insertCell().textContent = m+1;
    row.insertCell().textContent = vote;
    bar.className = 'live-bar';
    bar.style.width = `${60*own[vote]}%`;
    row.insertCell().append(bar, percent(own[vote]));
  }
  const word = document.createElement('strong'), refused = p<threshold;
  word.textContent = refused ? 'Refused' : digit;
  const votes = `${same} of ${n} votes`;
  $('answer').replaceChildren(word, refused ? `: at most ${percent(p)} for a ${digit}, ${votes}` : ` with ${percent(p)}, ${votes}`);
  $('input').setAttribute('aria-label', `The 28 by 28 pixels that the nets see, read as ${digit}`);
}

// Drawing
const picture = () => pen.getImageData(0, 0, paper.width, paper.height);
function clear() {
  pen.fillStyle = 'white';
  pen.fillRect(0, 0, paper.width, paper.height);
  asked++;
  clearResult('Draw a digit.');
}
function stroke(from, to) {
  Object.assign(pen, {lineWidth: 20, lineCap: 'round', lineJoin: 'round', strokeStyle: 'black'});
  pen.beginPath();
  pen.moveTo(...from);
  pen.lineTo(...to);
  pen.stroke();
}
function place(e) {
  const r = paper.getBoundingClientRect();
  return [(e.clientX-r.left)*paper.width/r.width, (e.clientY-r.top)*paper.height/r.height];
}
paper.addEventListener('pointerdown', e => {
  if (e.button) return;
  paper.setPointerCapture(e.pointerId);
  load().catch(() => {});
  down = true;
  at = place(e);
  stroke(at, at);
});
paper.addEventListener('pointermove', e => {
  if (!down) return;
  for (const o of e.getCoalescedEvents?.().length ? e.getCoalescedEvents() : [e]) { const to = place(o); stroke(at, to); at = to; }
});
for (const o of ['pointerup', 'pointercancel']) paper.addEventListener(o, () => { if (down) { down = false; read(picture()); } });


// Keyboard: a ring shows the position of the pen; it is filled while the pen is down
const steps = {ArrowLeft: [-8, 0], ArrowRight: [8, 0], ArrowUp: [0, -8], ArrowDown: [0, 8]};
function showPen(on = true) {
  Object.assign($('pen').style, {left: `${100*at[0]/paper.width}%`, top: `${100*at[1]/paper.height}%`});
  $('pen').className = on ? key ? 'live-down' : 'live-up' : '';
}
function lift() { if (key) { key = false; read(picture()); } }
paper.addEventListener('keydown', e => {
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  if (e.key===' ') {
    if (key) lift();
    else { key = true; load().catch(() => {}); stroke(at, at); }
  } else if (e.key==='Delete' || e.key==='Backspace') { key = false; clear(); }
  else if (steps[e.key]) {
    const to = at.map((o, i) => Math.min(270, Math.max(10, o+steps[e.key][i])));
    if (key) stroke(at, to);
    at = to;
  } else return;
  e.preventDefault();
  showPen();
});
paper.addEventListener('focus', () => showPen(paper.matches(':focus-visible')));
paper.addEventListener('blur', () => { lift(); showPen(false); });

// Photos
async function open(file) {
  let image;
  try { image = await createImageBitmap(file); }
  catch { return clearResult(`${file.name} can't be read as an image. Choose a PNG or JPEG file.`); }
  const {width, height} = image;
  if (width*height>64e6) return clearResult(`${file.name} has more than 64 million pixels: make it smaller, or crop it.`);
  const copy = new OffscreenCanvas(width, height).getContext('2d', {willReadFrequently: true});
  copy.fillStyle = 'white';
  copy.fillRect(0, 0, width, height);
  copy.drawImage(image, 0, 0);
  clear();
  const f = Math.min(paper.width/width, paper.height/height), size = [width*f, height*f];
  pen.drawImage(image, (paper.width-size[0])/2, (paper.height-size[1])/2, ...size);
  load().catch(() => {});
  return read(copy.getImageData(0, 0, width, height));
}
$('file').addEventListener('change', e => { if (e.target.files.length) open(e.target.files[0]); e.target.value = ''; });
for (const o of ['dragenter', 'dragover']) paper.addEventListener(o, e => { e.preventDefault(); paper.classList.add('live-over'); });
for (const o of ['dragleave', 'drop']) paper.addEventListener(o, () => paper.classList.remove('live-over'));
paper.addEventListener('drop', e => { e.preventDefault(); if (e.dataTransfer.files.length) open(e.dataTransfer.files[0]); });

$('clear').addEventListener('click', clear);
$('threshold').addEventListener('input', () => { showThreshold(); if (last) show(last); });
function showThreshold() { $('threshold-shown').textContent = percent(+$('threshold').value); }
showThreshold();
clear();
