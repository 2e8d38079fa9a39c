"Try the committee in the package on MNIST's test set, and write the evidence: `python results/make.py path/to/mnist`"
import json, platform, sys
from pathlib import Path

import torch
from mnist_committee.all import Committee, Evaluation, mnist_dls
from mnist_committee.committee import _write

here = Path(__file__).resolve().parent
images = here.parent/'nbs/images'

def evaluate(data):
    "Evaluate on the test set in folder `data`; write probabilities, tables and the machine's name beside this file, pictures to nbs/images"
    c,dls = Committee.pretrained(),mnist_dls(data)
    ev = c.evaluate(dls.valid)
    ev.save(here/'pretrained.npz', images=False)
    ev.members().to_csv(here/"pretrained_members.csv")
    ev.misclassified().to_csv(here/'pretrained_misclassified.csv', index=False)
    _write(images/'gallery.png', lambda tmp: ev.gallery().savefig(tmp, dpi=110, format='png', bbox_inches='tight'))
    _write(images/'size_curve.png', lambda tmp: ev.plot_size_curve().savefig(tmp, dpi=110, format='png', bbox_inches='tight'))
    machine = dict(processor=platform.processor() or platform.machine(), threads=torch.get_num_threads(), torch=torch.__version__, python=platform.python_version())
    (here/'pretrained.json').write_text(json.dumps(dict(members=len(c), parameters=c.n_params, evaluated_on=machine, training=c.training), indent=1)+'\n')
    return ev

if __name__=='__main__': print(evaluate(sys.argv[1]))
