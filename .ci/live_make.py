"""Make the large files of the live page, docs/live/: `python .ci/live_make.py`

They are the runtime, onnxruntime-web as the npm registry has it, and the committee of the package as an ONNX file."""
import hashlib, io, sys, tarfile
from pathlib import Path
from urllib.request import urlopen

root = Path(__file__).resolve().parent.parent
runtime = 'https://registry.npmjs.org/onnxruntime-web/-/onnxruntime-web-1.30.0.tgz'
wanted = 'ort.wasm.bundle.min.mjs', 'ort-wasm-simd-threaded.wasm'

def fetch_runtime(out):
    "Write the two files of onnxruntime-web that the page needs"
    with urlopen(runtime) as f: data = f.read()
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for o in wanted: (out/o).write_bytes(tar.extractfile(f'package/dist/{o}').read())

def write_committee(out):
    "Write the committee of the package"
    from mnist_committee.committee import Committee
    import mnist_committee.export
    Committee.pretrained('cpu').export_onnx(out/'committee.onnx')

if __name__=='__main__':
    out = Path(sys.argv[1]) if len(sys.argv)>1 else root/'docs'/'live'
    out.mkdir(parents=True, exist_ok=True)
    write_committee(out)
    fetch_runtime(out)
    for o in sorted(out.iterdir()): print(o.name, o.stat().st_size, hashlib.sha256(o.read_bytes()).hexdigest()[:16])
