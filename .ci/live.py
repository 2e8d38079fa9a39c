"Use the live page as a reader would, and compare it with Python: `python .ci/live.py [FOLDER]`"
import base64, json, sys, tempfile, warnings
from pathlib import Path

import numpy as np, onnxruntime
from PIL import Image

from browser import browser, served
from mnist_committee.all import Committee, Evaluation
from mnist_committee.data import sample_digits
from mnist_committee.ink import to_mnist
from reader import faults, wide_js

root = Path(__file__).resolve().parent.parent
nets = len(Committee.pretrained('cpu'))
rows = "document.querySelectorAll('#live-votes tbody tr').length"
answer = "document.getElementById('live-answer').textContent"
canvas = "document.getElementById('live-paper')"

def requests(events): return [o['params']['request']['url'] for o in events if o.get('method')=='Network.requestWillBeSent']
def loaded(events): return sum(o['params']['encodedDataLength'] for o in events if o.get('method')=='Network.loadingFinished')

def draw(tab, *points):
    "Draw a line with the mouse, in pixels of the canvas"
    x,y,w = tab.js(f'(r => [r.x, r.y, r.width/280])({canvas}.getBoundingClientRect())')
    for i,(a,b) in enumerate(points):
        tab('Input.dispatchMouseEvent', type='mouseMoved' if i else 'mousePressed', x=x+a*w, y=y+b*w, button='left', buttons=1, clickCount=int(i==0))
    tab('Input.dispatchMouseEvent', type='mouseReleased', x=x+a*w, y=y+b*w, button='left', clickCount=1)

def press(tab, key, n=1):
    for _ in range(n):
        for o in ('rawKeyDown','keyUp'): tab('Input.dispatchKeyEvent', type=o, key=key)

def check_use(tab, home):
    "Nothing large is loaded before the first stroke, nothing comes from elsewhere; mouse, keys, photo and slider work"
    events = tab.open(f'{home}/live.html')
    usual = Committee.pretrained('cpu').calibration['threshold']
    assert tab.js("document.getElementById('live-threshold').value")==f'{usual:.3f}', f'the page does not refuse below {usual:.3f}'
    assert not [o for o in requests(events) if o.endswith(('.wasm','.onnx')) or 'ort.' in o], 'the committee is loaded before it is used'
    before = loaded(events)
    tab.events.clear()
    draw(tab, (80,60), (200,60), (150,150), (130,230))
    tab.wait(f'{rows}=={nets}', what='all nets vote')
    assert tab.js(answer).startswith('7 with'), tab.js(answer)
    assert not (bad := faults(tab.events, home)), bad
    after = loaded(tab.events)
    tab.js("(o => { o.value = 1; o.dispatchEvent(new Event('input')); })(document.getElementById('live-threshold'))")
    assert tab.js(answer).startswith('Refused'), 'a threshold of 100% refuses'
    tab.click("document.getElementById('live-clear')")
    assert tab.js(f'{rows}==0 && {answer}=="Draw a digit."'), 'the paper is cleared'
    tab.js(f"{canvas}.focus(); document.getElementById('live-threshold').value = .5")
    press(tab, 'ArrowUp', 10)
    press(tab, ' ')
    press(tab, 'ArrowDown', 20)
    press(tab, ' ')
    tab.wait(f"{answer}.startsWith('1 with')", what='a 1 drawn with the keyboard is read')
    press(tab, 'Delete')
    assert tab.js(answer)=='Draw a digit.'
    return before,after

def check_photo(tab, digit):
    "Photos in another shape, colour and light are read as in Python, one that is nearly black too"
    rng = np.random.default_rng(0)
    ink = np.asarray(Image.fromarray(np.pad(digit, 4)).resize((300,300), Image.BICUBIC))[:,:,None]/255
    blue = ((1-ink)*[230,220,200] + ink*[40,60,150])*np.linspace(1, .5, 300)[:,None,None] + rng.normal(0, 4, (300,300,3))
    black = ((1-ink)*30 + ink*5)*np.linspace(1, .4, 300)[:,None,None]*np.ones(3)
    for x in (blue,black): check_one_photo(tab, x.clip(0, 255).astype(np.uint8)[:,20:])

def check_one_photo(tab, photo):
    "Opened as a file, `photo` (height,width,3) gives the pixels that `to_mnist` gives"
    tab.js("document.getElementById('live-clear').click()")
    tab.wait(f'{rows}==0', what='the paper is cleared')
    with tempfile.TemporaryDirectory() as d:
        Image.fromarray(photo).save(f'{d}/photo.png')
        node = tab('DOM.querySelector', nodeId=tab('DOM.getDocument')['root']['nodeId'], selector='#live-file')['nodeId']
        tab('DOM.setFileInputFiles', nodeId=node, files=[f'{d}/photo.png'])
        tab.wait(f'{rows}=={nets}', what='a photo is read')
    seen = tab.js("[...document.getElementById('live-input').getContext('2d').getImageData(0, 0, 28, 28).data].filter((o, i) => i%4==0)")
    assert (np.array(seen).reshape(28,28)==to_mnist(photo)).all(), 'a photo has other pixels than in Python'

# Put a digit on the paper, ten times as large and black on white, and read it
put_js = """(async digit => {
  const {read} = await import('./live/live.js'), small = new OffscreenCanvas(28, 28), to = small.getContext('2d'), img = to.createImageData(28, 28);
  digit.forEach((v, i) => img.data.set([255-v, 255-v, 255-v, 255], 4*i));
  to.putImageData(img, 0, 0);
  const pen = %s.getContext('2d');
  pen.drawImage(small, 0, 0, 280, 280);
  const page = pen.getImageData(0, 0, 280, 280), start = performance.now(), res = await read(page), ms = performance.now()-start;
  let text = '';
  for (let i = 0; i<page.data.length; i += 4) text += String.fromCharCode(page.data[i]);
  return {page: btoa(text), pixels: [...res.pixels], probs: res.probs, ms};
})(%s)"""

def check_digits(tab, digits, model):
    "Digits on the canvas give the pixels of `to_mnist`, the digits of `predict`, and the probabilities of the ONNX file"
    res = [tab.js(put_js % (canvas, json.dumps(o.ravel().tolist()))) for o in digits]
    pages = [np.frombuffer(base64.b64decode(o['page']), np.uint8).reshape(280,280) for o in res]
    want = np.stack([to_mnist(o) for o in pages])
    pixels,probs = (np.array([o[k] for o in res]) for k in ('pixels','probs'))
    assert (pixels.reshape(want.shape)==want).all(), f'{(pixels.reshape(want.shape)!=want).any((1,2)).sum()} digits have other pixels than in Python'
    p = Committee.pretrained('cpu').predict(want).numpy()
    exact = onnxruntime.InferenceSession(model).run(None, dict(images=want[:,None]))[0]
    assert abs(exact-p).max()<.05, 'docs/live/committee.onnx is not the committee of the package: run .ci/live_make.py'
    assert (probs.argmax(1)==p.argmax(1)).all(), 'a digit is read otherwise than by `predict`'
    assert abs(probs-exact).max()<1e-3, f'probabilities differ by {abs(probs-exact).max()}'
    return abs(probs-exact).max(),abs(probs-p).max(),np.median([o['ms'] for o in res])

def check_live(folder, n=100):
    "Check the live page of the site in `folder`, and tell what was measured"
    folder = Path(folder).resolve()
    kept,sample = Evaluation.load(root/'results/pretrained.npz').images,sample_digits()[0]
    hard = kept[kept.any((1,2))][:n//2] # test digits that some committee got wrong: the evidence keeps no others
    digits = np.concatenate([hard, sample[::len(sample)//(n-len(hard))][:n-len(hard)]])
    with warnings.catch_warnings(), served(folder.parent) as url, browser() as tab:
        warnings.simplefilter('ignore')
        home = f'{url}/{folder.name}'
        tab.width(390)
        before,after = check_use(tab, home)
        assert not (wide := tab.js(wide_js)), wide
        check_photo(tab, sample[3600])
        a,b,ms = check_digits(tab, digits, folder/'live/committee.onnx')
    return (f'{before/1e6:.2f} MB before the first stroke, {after/1e6:.1f} MB with it; {len(digits)} digits ({len(hard)} of them hard ones of the test set) '
            f'as in Python, probabilities within {a:.1g} of fp32 and {b:.1g} of predict; {ms:.0f} ms a vote')

if __name__=='__main__': print(check_live(sys.argv[1] if len(sys.argv)>1 else root/'docs'))
