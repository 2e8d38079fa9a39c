"""Words that this project has a better one for, wherever readers meet them: `python .ci/words.py` reads the README, the
changelog, the guide for contributors, and the docstrings, comments and messages of the modules."""
import io, re, sys, tokenize
from pathlib import Path

root = Path(__file__).resolve().parent.parent

better = { # what not to write, and what instead
    r'\bask(s|ed|ing)?\b': 'evaluate, predict, query, give',
    r'\b(answers?|opinions?)\b': 'predictions, outputs, votes',
    r'\b(nets?|committees?|members) (say|said)\b|\b(net|committee) says\b': 'predict',
    r'\b(go|goes|going|went) on with\b': 'resume',
    r'\bmend(s|ed|ing)?\b': 'fix',
    r'\b(figures|lines?) (asked|to reach|of the issue)\b': 'target, result, measurement',
    r'\bhonest figures\b': 'results',
    r'\b(digits|images)\b[^.]{0,30}\btried on\b': 'held-out digits, validation set, out-of-fold',
    r'\bdraws,? when\b': 'test-time augmentation',
    r'(?<!len\()\bvocab\b(?!=| is | names |.vocab is )': 'class names', # not where code says so
    r'\b(is|are|was|were) written down\b': 'checkpoint',
    r'\bto be had\b': 'available, you can get X with Y',
    r'\d% right\b': 'accuracy',
    r'\d\s%(?!\w)': '99.82%, without a space',
}

def faults(text):
    "What in `text` should be another word"
    return [f'"{text[max(0, m.start()-30):m.end()+30].strip()}": write {new}'
            for old,new in better.items() for m in re.finditer(old, text, re.I)]

def prose(source):
    "The comments and strings of a Python module, without code in backticks and braces"
    kinds = tokenize.COMMENT,tokenize.STRING,getattr(tokenize, 'FSTRING_MIDDLE', None)
    for o in tokenize.generate_tokens(io.StringIO(source).readline):
        if o.type in kinds and len(o.string.split())>2: yield o.start[0],re.sub('`[^`]*`|{[^}]*}', '', o.string)

def main():
    bad = []
    for o in (root/'README.md', root/'CHANGELOG.md', root/'CONTRIBUTING.md'):
        text = re.sub(r'```.*?```|`[^`]*`', '', o.read_text(encoding='utf-8'), flags=re.S)
        bad += [f'{o.name}: {m}' for m in faults(text)]
    for o in sorted((root/'mnist_committee').glob('*.py')):
        for n,text in prose(o.read_text(encoding='utf-8')): bad += [f'{o.name}:{n}: {m}' for m in faults(text)]
    print('\n'.join(bad) or 'no word to replace')
    return bool(bad)

if __name__=='__main__': sys.exit(main())
