"Everything that a notebook wants: `from mnist_committee.all import *`"
from mnist_committee.images import *
from mnist_committee.files import *
from mnist_committee.data import *
from mnist_committee.augment import *
from mnist_committee.paper import *
from mnist_committee.prep import *
from mnist_committee.model import *
from mnist_committee.fast import *
from mnist_committee.train import *
from mnist_committee.evaluation import *
from mnist_committee.gallery import *
from mnist_committee.member import *
from mnist_committee.voter import *
from mnist_committee.folder import *
from mnist_committee.fitting import *
from mnist_committee.committee import *
