"Hand the metadata in settings.ini to setuptools"
from configparser import ConfigParser
from pathlib import Path
from setuptools import setup

ini = ConfigParser(delimiters=['='], interpolation=None)
ini.read(Path(__file__).parent/'settings.ini', encoding='utf-8')
cfg,suf = ini['DEFAULT'],'_requirements'

def lines(key):
    "The non-empty lines of a setting"
    return [o for o in cfg[key].splitlines() if o]

name = cfg['lib_name']
setup(
    version = cfg['version'],
    description = cfg['description'],
    keywords = cfg['keywords'].split(),
    author = cfg['author'],
    project_urls = {'Repository': cfg['repo_url']} if cfg['repo_url'] else {},
    classifiers = lines('classifiers'),
    python_requires = f">={cfg['min_python']}",
    install_requires = lines('requirements'),
    extras_require = {o.removesuffix(suf): lines(o) for o in cfg if o.endswith(suf)},
    packages = [name],
    package_data = {name: ['pretrained/*']},
    entry_points = dict(console_scripts=lines('console_scripts'), nbdev=[f'{name}={name}._modidx:d']))
