"""Build the docs site from the notebooks: `python .ci/docs.py [FOLDER]`, by default into docs/.

nbdev makes each notebook into a page, smalldocs makes the pages into a site. What is done here beside that makes it the site that
Quarto would build: the same addresses (`data.html` for `01_data.ipynb`) and links that stay within the site, wherever it is served."""
import os, re, shutil, subprocess, sys, tempfile
from configparser import ConfigParser
from pathlib import Path

root = Path(__file__).resolve().parent.parent

def sources():
    "The files that the site is made from"
    names = subprocess.run(['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'], cwd=root, check=True, stdout=subprocess.PIPE, text=True).stdout
    return sorted({o for o in names.split('\0') if o and not o.startswith('docs/') and (root/o).is_file()})

def repo_url():
    "Where the repository is published, or ''"
    ini = ConfigParser(interpolation=None)
    ini.read(root/'settings.ini', encoding='utf-8')
    return ini['DEFAULT']['repo_url']

def process(dest):
    "Copy the sources into the folder `dest`, and have nbdev make the notebooks into pages in dest/_proc"
    for o in sources():
        (dest/o).parent.mkdir(parents=True, exist_ok=True)
        try: shutil.copy2(root/o, dest/o)
        except FileNotFoundError: pass # of a notebook that runs meanwhile
    with (dest/'pyproject.toml').open('a') as f:
        f.write('renderer = "signature.Table"\n')  # [tool.nbdev] is its last part
        if repo_url(): f.write(f'[project.urls]\nRepository = "{repo_url()}"\n')
    os.chdir(dest)
    sys.path.insert(0, str(dest))
    # what `nbdev-proc-nbs` does, but that it would try to install Quarto first
    from nbdev.quarto import refresh_quarto_yml
    from nbdev.serve import proc_nbs
    refresh_quarto_yml()
    proc_nbs(force=True)
    return dest/'_proc'

def render(proc, out):
    "Have smalldocs make the pages in `proc` into a site in `out`"
    from smalldocs.config import load
    from smalldocs.site import Site

    class Docs(Site):
        def read(self, src):
            "Pages are named as nbdev asks Quarto to"
            page = super().read(src)
            if name := page.front.get('output-file'): page.out = page.out.with_name(name)
            return page

        def find_page(self, target):
            return super().find_page(target) or next((o for o in self.pages.values() if o.out==target), None)

        def resolve(self, href, page, record=True):
            "nbdev links names to the published site: stay in this one"
            home = str(self.project.website.get('site-url') or '').rstrip('/')
            return super().resolve(href[len(home):] if href.startswith(home+'/') else href, page, record)

        def write_sitemap(self):
            "Without the times of files, which differ from clone to clone"
            super().write_sitemap()
            file = self.out/'sitemap.xml'
            if file.exists(): file.write_text(re.sub(r'\s*<lastmod>.*?</lastmod>', '', file.read_text(encoding='utf-8')), encoding='utf-8')

    project = load(proc)
    if not repo_url(): project.website['site-url'] = None  # published nowhere yet
    site = Docs(project, quiet=True)
    site.build()
    for css in (site.out/'site_libs').rglob('*.css'):  # themes fetch fonts from Google: the reader's own will do
        text = css.read_text(encoding='utf-8')
        css.write_text(re.sub(r'@import url\(https?://[^)]*\);?', '', text), encoding='utf-8')
    (site.out/'.nojekyll').touch()
    (site.out/'live').mkdir(exist_ok=True)
    for o in (root/'docs'/'live').iterdir():  # what `live_make.py` wrote, 20 MB: docs/ keeps the only copy
        if o.suffix in ('.onnx','.wasm','.mjs'): shutil.copy2(o, site.out/'live')
    known = 'output-file is not read', 'format commonmark is not built', 'unknown key format-links'  # what only Quarto does, and the above
    faults = [o for o in site.warnings if not any(k in o for k in known)]
    faults += [f'{o.name}: a link of Markdown is left, {m[0]}: no name that nbdev links to can be within a link'
               for o in site.out.rglob('*.html') for m in [re.search(r'\]\([^)\s]*\.ipynb', o.read_text(encoding='utf-8'))] if m]
    if faults: raise SystemExit('\n'.join(['The docs have faults:', *faults]))
    if out.exists(): shutil.rmtree(out)
    shutil.copytree(site.out, out)

def main():
    out = Path(sys.argv[1] if len(sys.argv)>1 else root/'docs').resolve()
    with tempfile.TemporaryDirectory() as d: render(process(Path(d).resolve()), out)
    print(f'{len(list(out.rglob("*.html")))} pages in {os.path.relpath(out, root)}')

if __name__=='__main__': main()
