"Drive a headless Chromium through its DevTools protocol: no driver, no library but websocket-client"
import base64, json, os, re, shutil, subprocess, tempfile, threading, time
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

limit = 600 # seconds after which something hangs, on however busy a machine
names = 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'

def chromium():
    "The path of a Chromium or Chrome, if there is one"
    return next(filter(None, map(shutil.which, names)), None)

class Left(RuntimeError):
    "The page was left for another before it answered"

class Tab:
    "One page of a browser"
    def __init__(self, url):
        import websocket
        self.ws,self.n,self.events = websocket.create_connection(url, timeout=limit, suppress_origin=True),0,[]
        for o in ('Page','Runtime','Log','Network'): self(f'{o}.enable')
        self('Emulation.setFocusEmulationEnabled', enabled=True)

    def __call__(self, method, **params):
        "Send a command, wait for its result"
        self.n += 1
        self.ws.send(json.dumps(dict(id=self.n, method=method, params=params)))
        while (o := json.loads(self.ws.recv())).get('id')!=self.n: self.events.append(o)
        if 'error' in o:
            kind = Left if re.search('navigated|context', o['error']['message']) else RuntimeError
            raise kind(f'{method}: {o["error"]["message"]}')
        return o['result']

    def js(self, code):
        "The value of a JavaScript expression, awaited if it is a promise"
        r = self('Runtime.evaluate', expression=code, returnByValue=True, awaitPromise=True)
        if 'exceptionDetails' in r: raise RuntimeError(f'{code}: {r["exceptionDetails"].get("exception", {}).get("description", r["exceptionDetails"]["text"])}')
        return r['result'].get('value')

    def wait(self, code, seconds=limit, what=None):
        "Wait until a JavaScript expression is true, on this page or the next, and give its value"
        end,res = time.time()+seconds,None
        while not res:
            try: res = self.js(code)
            except Left: pass # the next page can tell
            if not res and time.time()>end: raise AssertionError(f'{what or code}: not within {seconds} s')
            if not res: time.sleep(.1)
        return res

    def follow(self, element):
        "Click on a link, once this call is over, since the page that answers is left"
        self.js(f'void setTimeout(() => {element}.click())')

    def open(self, url):
        "Go to `url` and wait until all is loaded; gives the events on the way"
        self.events.clear()
        self('Page.navigate', url=url)
        self.wait(f"document.readyState=='complete' && location.href.split('#')[0]=={json.dumps(url.split('#')[0])}", what=f'{url} loads')
        self.js('new Promise(r => requestAnimationFrame(() => setTimeout(r, 100)))')
        return list(self.events)

    def click(self, element):
        "Click in the middle of what a JavaScript expression gives"
        x,y = self.js(f"(r => [r.x+r.width/2, r.y+r.height/2])({element}.getBoundingClientRect())")
        for o in ('mousePressed','mouseReleased'): self('Input.dispatchMouseEvent', type=o, x=x, y=y, button='left', clickCount=1)

    def width(self, w, h=900): self('Emulation.setDeviceMetricsOverride', width=w, height=h, deviceScaleFactor=1, mobile=w<600)

    def shot(self, file, full=False):
        "Save a picture of what is seen, or of the full page"
        Path(file).write_bytes(base64.b64decode(self('Page.captureScreenshot', captureBeyondViewport=full)['data']))

@contextmanager
def browser():
    "A `Tab` of a new headless browser that reaches 127.0.0.1 and nothing else"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as d:
        cmd = [chromium(), '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-background-networking',
               '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1', f'--user-data-dir={d}', '--remote-debugging-port=0', 'about:blank']
        proc = subprocess.Popen(cmd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            port,end = Path(d)/'DevToolsActivePort',time.time()+limit
            while not (port.exists() and port.read_text().count('\n')):
                assert proc.poll() is None and time.time()<end, f'{cmd[0]} does not start'
                time.sleep(.1)
            yield Tab(_page(port.read_text().split()[0]))
        finally:
            proc.terminate()
            try: proc.wait(limit)
            except subprocess.TimeoutExpired: proc.kill()

def _page(port):
    "The address of the first page's socket"
    from urllib.request import urlopen
    end = time.time()+limit
    while time.time()<end:
        pages = [o for o in json.load(urlopen(f'http://127.0.0.1:{port}/json')) if o['type']=='page']
        if pages: return pages[0]['webSocketDebuggerUrl']
        time.sleep(.1)
    raise AssertionError('the browser opens no page')

class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args): pass

class _Server(ThreadingHTTPServer):
    request_queue_size = 128 # a browser asks for many files at once, and a busy machine answers late

@contextmanager
def served(folder):
    "The address of a local server of `folder`"
    server = _Server(('127.0.0.1', 0), partial(_Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try: yield f'http://127.0.0.1:{server.server_port}'
    finally: server.shutdown()
