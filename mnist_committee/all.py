"Everything that a notebook wants: `from mnist_committee.all import *`"
from mnist_committee.data import *
from mnist_committee.augment import *
from mnist_committee.model import *
from mnist_committee.train import *
from mnist_committee.committee import *
from mnist_committee.report import *
