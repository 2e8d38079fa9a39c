"Drive JupyterLab in a browser: open the quick start, run all its cells, and wait for the gallery: `python .ci/lab.py FOLDER`"
import json, os, subprocess, sys, time
from pathlib import Path
from urllib.request import urlopen

from browser import browser, limit

nb = 'tutorials/quickstart.ipynb'

def check_lab(folder):
    "Run the quick start of the notebooks in `folder`, a copy"
    own,log = f'{folder}/.jupyter',open(f'{folder}/lab.log', 'w')
    env = {k:v for k,v in os.environ.items() if not k.startswith('JUPYTER')} | dict(
        JUPYTER_CONFIG_DIR=own, JUPYTER_RUNTIME_DIR=f'{own}/run', JUPYTERLAB_SETTINGS_DIR=f'{own}/settings',
        JUPYTERLAB_WORKSPACES_DIR=f'{own}/spaces')
    cmd = [sys.executable, '-m', 'jupyterlab', '--no-browser', '--allow-root', '--ip=127.0.0.1', '--port=0',
           '--IdentityProvider.token=', '--expose-app-in-browser', f'--ServerApp.root_dir={folder}']
    lab = subprocess.Popen(cmd, env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        end = time.time()+limit
        while not (home := _address(Path(f'{folder}/.jupyter/run'))) or not _answers(f'{home}/api'):
            said = Path(f'{folder}/lab.log').read_text()[-3000:]
            assert lab.poll() is None and time.time()<end, f'JupyterLab does not start:\n{said}'
            time.sleep(.5)
        with browser() as tab: return _run(tab, home)
    finally:
        lab.terminate()
        try: lab.wait(30)
        except subprocess.TimeoutExpired: lab.kill()

def _address(run):
    "Where the server listens that wrote the folder `run`, once it says so"
    try: return next((f"http://127.0.0.1:{json.loads(o.read_text())['port']}" for o in run.glob('jpserver-*.json')), None)
    except ValueError: pass # half written

def _answers(url):
    try: return urlopen(url, timeout=limit).status==200
    except OSError: return False

def _run(tab, home):
    "Clear all outputs, run all cells; gives the seconds until all are done and the gallery is there"
    tab.width(1280)
    tab('Page.navigate', url=f'{home}/lab/tree/{nb}')
    tab.wait("!!window.jupyterapp && document.querySelectorAll('.jp-Notebook-cell').length>5", what='the notebook opens')
    tab.js("void (window.book = [...jupyterapp.shell.widgets('main')].find(o => o.context?.path?.endsWith('.ipynb')))")
    tab.click("document.querySelector('.jp-Notebook-cell')")
    tab.wait("jupyterapp.shell.currentWidget===book && book.sessionContext.session?.kernel?.status=='idle'", what='a kernel starts')
    tab.js("jupyterapp.commands.execute('notebook:clear-all-cell-outputs').then(() => true)")
    outputs = "[...book.content.widgets].filter(c => c.model.type=='code').map(c => c.model.sharedModel.toJSON())"
    assert not tab.js(f"{outputs}.some(c => c.outputs.length)"), 'outputs are not cleared'
    start = time.time()
    tab.js("void jupyterapp.commands.execute('notebook:run-all-cells')")
    gallery = f"{outputs}.find(c => [].concat(c.source).join('').includes('.gallery('))"
    done = f"(c => c.some(o => o.outputs.some(p => p.output_type=='error')) || c.every(o => o.execution_count))({outputs})"
    tab.wait(done, 6*limit, 'all cells run')
    errors = tab.js(f"{outputs}.flatMap(c => c.outputs).filter(o => o.output_type=='error').map(o => o.ename + ': ' + o.evalue)")
    assert not errors, f'in JupyterLab the quick start fails: {errors}'
    assert tab.js(f"({gallery}).outputs.some(o => o.data?.['image/png'])"), 'the gallery is not there'
    # and it is seen: scroll to its cell
    tab.js("""(p => { const i = p.widgets.findIndex(c => c.model.type=='code' && c.model.sharedModel.getSource().includes('.gallery('));
        p.activeCellIndex = i; return p.scrollToItem(i, 'start').then(() => true); })(book.content)""")
    tab.wait("[...document.querySelectorAll('.jp-Notebook-cell.jp-mod-active img')].some(o => o.naturalWidth>300 && o.getBoundingClientRect().top<innerHeight)", what='the gallery appears')
    return time.time()-start

if __name__=='__main__': print(f'the gallery appears, {check_lab(Path(sys.argv[1]).resolve()):.0f} s after "Run all cells"')
