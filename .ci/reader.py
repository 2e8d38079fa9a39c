"Read the docs site as a reader would, in a browser that reaches nothing else: `python .ci/reader.py [FOLDER]`"
import json, sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import words
from browser import browser, served

def faults(events, home):
    "What went wrong while a page was loaded, and what it wanted from elsewhere"
    res,urls = [],{}
    for o in events:
        p = o.get('params', {})
        match o.get('method'):
            case 'Network.requestWillBeSent':
                urls[p['requestId']] = url = p['request']['url']
                if not url.startswith((home, 'data:', 'blob:')): res.append(f'asks for {url}')
            case 'Network.responseReceived' if p['response']['status']>=400: res.append(f'{p["response"]["url"]} gives {p["response"]["status"]}')
            case 'Network.loadingFailed' if not p.get('canceled'): res.append(f'{urls.get(p["requestId"])} is not loaded: {p["errorText"]}')
            case 'Runtime.exceptionThrown': res.append(f'exception: {p["exceptionDetails"].get("exception", {}).get("description", p["exceptionDetails"]["text"])}')
            case 'Runtime.consoleAPICalled' if p['type']=='error': res.append(f'console: {p["args"]}')
            case 'Log.entryAdded' if p['entry']['level']=='error' and p['entry']['source']!='network': res.append(f'log: {p["entry"]["text"]}')
    return res

# What is wider than the window, and not within something that scrolls
wide_js = """(() => {
  const scrolls = e => { for (; e && e!==document.body; e = e.parentElement) if (['auto','scroll','hidden','clip'].includes(getComputedStyle(e).overflowX)
      && e.id!=='quarto-content' && e.getBoundingClientRect().right<=w+1) return true; return false; };
  const w = document.documentElement.clientWidth;
  const res = [...document.querySelectorAll('main *, header *')].filter(e => { const r = e.getBoundingClientRect();
      return r.width && r.height && (r.right>w+1 || r.left<-1) && !scrolls(e.parentElement); });
  if (document.documentElement.scrollWidth>w) res.push(document.documentElement);
  return res.slice(0, 5).map(e => `<${e.tagName.toLowerCase()} class="${e.className}"> ${(e.textContent||'').trim().slice(0, 60)}`);
})()"""
# Text with less contrast than 4.5:1 to what is behind it
faint_js = r"""(() => {
  const rgba = c => { const v = (c.match(/[\d.]+/g) || [0,0,0,0]).map(Number); return [v[0],v[1],v[2], v.length>3 ? v[3] : 1]; };
  const over = (a, b) => [0,1,2].map(i => a[i]*a[3] + b[i]*(1-a[3])).concat(1);
  const light = c => c.slice(0,3).map(v => (v /= 255)<=.03928 ? v/12.92 : ((v+.055)/1.055)**2.4).reduce((s, v, i) => s + v*[.2126,.7152,.0722][i], 0);
  const behind = e => { const all = []; for (; e; e = e.parentElement) all.unshift(rgba(getComputedStyle(e).backgroundColor)); return all.reduce((b, a) => over(a, b), [255,255,255,1]); };
  const res = {}, texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode.textContent.trim(), e = texts.currentNode.parentElement;
    if (!text || !e.getBoundingClientRect().width || !e.checkVisibility({checkOpacity: true, checkVisibilityCSS: true})) continue;
    const back = behind(e), [lo,hi] = [back, over(rgba(getComputedStyle(e).color), back)].map(light).sort((x, y) => x-y), ratio = (hi+.05)/(lo+.05);
    if (ratio<4.49) res[`<${e.tagName.toLowerCase()} class="${e.className}">`] = `${ratio.toFixed(2)}:1, ${text.slice(0, 40)}`;
  }
  return Object.entries(res).map(o => o.join(' ')); })()"""
# What a reader has to scroll sideways
scrolled_js = """[...document.querySelectorAll('main *')].filter(e => e.scrollWidth>e.clientWidth+1 && e.clientWidth && ['auto','scroll'].includes(getComputedStyle(e).overflowX))
  .map(e => `<${e.tagName.toLowerCase()} class="${e.className}"> ${e.textContent.trim().slice(0, 60)}`)"""
# Pictures that a blind reader learns nothing of, and those whose text gets small: narrower than saved by more than a third
pictures_js = """[...document.querySelectorAll('img')].flatMap(e => {
  const name = (e.getAttribute('src') || '').slice(0, 40), w = e.getBoundingClientRect().width, res = [];
  if (!e.alt.trim() && e.getAttribute('role')!=='presentation') res.push(`without alt text ${name}`);
  if (w && w<e.naturalWidth*2/3) res.push(`${e.naturalWidth} px wide, shown ${Math.round(w)} px wide: ${e.alt.slice(0, 60)}`);
  return res; })"""
# Prose: all text outside code and what it prints
prose_js = """(() => { const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), res = [];
  while (texts.nextNode()) if (!texts.currentNode.parentElement.closest('pre, code, script, style, noscript, .cell-output:not(.cell-output-markdown)')) res.push(texts.currentNode.textContent);
  return res.join('').replace(/\\s+/g, ' '); })()"""
links_js = "[...document.querySelectorAll('a[href], link[href], img[src], script[src]')].map(o => o.href || o.src)"

looks = dict(overflows=wide_js, faint=faint_js, scrolls=scrolled_js, picture=pictures_js)

def set_theme(tab, dark):
    "Switch to the dark theme, or to the light one, at once"
    tab.js("void document.head.insertAdjacentHTML('beforeend', '<style>* { transition: none !important }</style>')")
    is_dark = "document.documentElement.classList.contains('quarto-dark')"
    if tab.js(is_dark)==dark: return
    tab.js("document.querySelector('.quarto-color-scheme-toggle').click()")
    tab.wait(is_dark if dark else f'!{is_dark}', what='the theme changes')

def check_pages(tab, home, pages):
    "Load every page in both themes and at two widths; check errors, requests, contrast, overflow, pictures, words and links"
    bad,links,ids = [],{},{}
    for page in pages:
        for dark in (False,True):
            for width in (1300,390):
                at = f'{page}, {"dark" if dark else "light"}, {width} px'
                tab.width(width)
                bad += [f'{at}: {o}' for o in dict.fromkeys(faults(tab.open(f'{home}/{page}'), home))]
                set_theme(tab, dark)
                bad += [f'{at}: {what} {o}' for what,js in looks.items() for o in tab.js(js)]
        bad += [f'{page}: {o}' for o in words.faults(tab.js(prose_js))]
        links[page] = set(tab.js(links_js))
        ids[page] = set(tab.js("[...document.querySelectorAll('[id]')].map(o => o.id)"))
    return bad + [f'{page}: broken link {o}' for page in pages for o in sorted(links[page]) if o.startswith(home) and not _there(o, home, ids)]

def _there(url, home, ids):
    "Whether the page or file of `url` exists, and the place in it"
    path,place = unquote(urlsplit(url).path).removeprefix(urlsplit(home).path).lstrip('/') or 'index.html',unquote(urlsplit(url).fragment)
    if path.endswith('/'): path += 'index.html'
    return place in ids[path] or not place if path in ids else (Path(_there.root)/path).is_file()

def check_search(tab, home):
    "Typing `elastic` into the search box leads to the reference of ElasticDistortion"
    tab.width(1300)
    tab.open(f'{home}/index.html')
    tab.js("[...document.querySelectorAll('.smalldocs-search input')].find(o => o.offsetParent).focus()")
    tab('Input.insertText', text='elastic')
    hit = "[...document.querySelectorAll('.search-result')].find(o => o.getAttribute('href').endsWith('augment.html#elasticdistortion'))"
    tab.wait(f'!!{hit}', what='search for "elastic" finds ElasticDistortion')
    set_theme(tab, False)
    assert not tab.js(faint_js), f'search results are faint: {tab.js(faint_js)}'
    tab.follow(hit)
    tab.wait("location.href.endsWith('augment.html#elasticdistortion') && document.readyState=='complete'", what='the result opens')
    # the browser jumps to the place once images have their size
    tab.wait("(y => y>=0 && y<innerHeight)(document.getElementById('elasticdistortion').getBoundingClientRect().top)", what='ElasticDistortion is in view')

def check_sidebar(tab, home):
    "The sidebar folds on a wide screen; on a phone it opens, and leads on"
    tab.width(1300)
    tab.open(f'{home}/index.html')
    shown = "(o => !!o && o.getBoundingClientRect().width>0 && o.getBoundingClientRect().height>0 && o.getBoundingClientRect().left>=0)"
    link = """document.querySelector('#quarto-sidebar a[href$="evaluation.html"]')"""
    tab.wait(f'{shown}({link})', what='the sidebar is there')
    fold = f"{link}.closest('li.sidebar-item-section').querySelector('[data-bs-toggle]')"
    tab.js(f'{fold}.click()')
    tab.wait(f'!{shown}({link})', what='a section folds')
    tab.width(390)
    tab.open(f'{home}/index.html')
    tab.wait(f'!{shown}({link})', what='on a phone the sidebar does not cover the page')
    tab.js("[...document.querySelectorAll('.quarto-btn-toggle')].find(o => o.offsetParent).click()")
    tab.wait(f'{shown}({link})', what='the sidebar opens on a phone')
    tab.follow(link)
    tab.wait("location.href.endsWith('evaluation.html')", what='its links work')

def check_theme(tab, home):
    "The toggle turns light into dark, and the next page remembers"
    tab.width(1300)
    tab.open(f'{home}/index.html')
    light = "(c => c[0]*.3+c[1]*.6+c[2]*.1)(getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).map(Number))>128"
    was = tab.js(light)
    tab.js("[...document.querySelectorAll('.quarto-color-scheme-toggle')].find(o => o.offsetParent).click()")
    tab.wait(f'({light})!={json.dumps(was)}', what='the theme changes')
    tab.open(f'{home}/augment.html')
    tab.wait(f'({light})!={json.dumps(was)}', what='the next page has the theme chosen')

def check_site(folder):
    "Check the site in `folder`, served below a path as GitHub does"
    folder = Path(folder).resolve()
    pages = sorted(o.relative_to(folder).as_posix() for o in folder.rglob('*.html'))
    assert 'index.html' in pages, f'{folder} holds no site: run `make docs`'
    _there.root = folder
    with served(folder.parent) as url, browser() as tab:
        home = f'{url}/{folder.name}'
        bad = check_pages(tab, home, pages)
        assert not bad, '\n'.join(bad[:40])
        for o in (check_search, check_sidebar, check_theme): o(tab, home)
    return len(pages)

if __name__=='__main__': print(check_site(sys.argv[1] if len(sys.argv)>1 else 'docs'), 'pages are as they should be')
