"""Examples from wherever they are kept: arrays, frames, files, folders, built-in sets.

`open_data` makes a `Dataset`, which splits, encodes, shuffles and yields batches at bounded memory.
"""

from chainrule.training.data.arrays import ArrayEncoder
from chainrule.training.data.dataset import Dataset
from chainrule.training.data.encoder import Column, TableEncoder
from chainrule.training.data.learning import encoder_from
from chainrule.training.data.opening import open_data
from chainrule.training.data.target import Target

__all__ = ["ArrayEncoder", "Column", "Dataset", "TableEncoder", "Target", "encoder_from", "open_data"]
