"""Make the large files of the live page, docs/live/: `python .ci/live_make.py`

They are the runtime, onnxruntime-web as the npm registry has it, and the committee of the package as an ONNX file. The weights that
half precision holds exactly, as those of the package, are kept in it: half the bytes, and the same result to the last bit."""
import hashlib, io, json, sys, tarfile, tempfile
from pathlib import Path
from urllib.request import urlopen

import numpy as np, onnx
from onnx import TensorProto, helper, numpy_helper

root = Path(__file__).resolve().parent.parent
runtime = 'https://registry.npmjs.org/onnxruntime-web/-/onnxruntime-web-1.30.0.tgz'
wanted = 'ort.wasm.bundle.min.mjs', 'ort-wasm-simd-threaded.wasm'

def fetch_runtime(out):
    "Write the two files of onnxruntime-web that the page needs"
    with urlopen(runtime) as f: data = f.read()
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for o in wanted: (out/o).write_bytes(tar.extractfile(f'package/dist/{o}').read())

def halved(model):
    "`model` with the weights in half precision that are exact there"
    g,new = model.graph,[]
    for o in g.initializer:
        if o.data_type!=TensorProto.FLOAT: continue
        x = numpy_helper.to_array(o)
        if x.size<2 or not (x==x.astype(np.float16)).all(): continue
        new.append(helper.make_node('Cast', [f'{o.name}.half'], [o.name], to=TensorProto.FLOAT))
        o.CopyFrom(numpy_helper.from_array(x.astype(np.float16), f'{o.name}.half'))
    nodes = [*new, *g.node]
    del g.node[:]
    g.node.extend(nodes)
    return model

def write_committee(out):
    "Write the committee, and what the page should know of it"
    from mnist_committee.committee import Committee
    import mnist_committee.export
    import onnxruntime
    c = Committee.pretrained('cpu')
    with tempfile.TemporaryDirectory() as d:
        file = c.export_onnx(Path(d)/'c.onnx')
        model = halved(onnx.load(file))
        whole = onnxruntime.InferenceSession(file)
    data = model.SerializeToString()
    x = np.random.default_rng(0).integers(0, 256, (20,1,28,28), dtype=np.uint8)
    for a,b in zip(whole.run(None, dict(images=x)), onnxruntime.InferenceSession(data).run(None, dict(images=x))): assert (a==b).all()
    (out/'committee.onnx').write_bytes(data)

if __name__=='__main__':
    out = Path(sys.argv[1]) if len(sys.argv)>1 else root/'docs'/'live'
    out.mkdir(parents=True, exist_ok=True)
    write_committee(out)
    fetch_runtime(out)
    for o in sorted(out.iterdir()): print(o.name, o.stat().st_size, hashlib.sha256(o.read_bytes()).hexdigest()[:16])
