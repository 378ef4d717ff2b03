"""The handwritten digits that scikit-learn carries: 1797 images of 8 x 8 pixels (UCI, Alpaydin & Kaynak 1998)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .data import Dataset

NAME = "digits"

#: Every so many images, one is for the test.
EVERY = 5


def load() -> Dataset:
    """Samples (1, 64), pixels of 0 to 16, ten classes; static."""
    from sklearn.datasets import load_digits

    from .data import IMAGES, Dataset, Split

    images, labels = load_digits(return_X_y=True)
    test = np.arange(len(labels)) % EVERY == EVERY - 1
    halves = [
        Split([row[None] for row in np.asarray(images[chosen], np.float64)], np.asarray(labels[chosen], np.int64), [])
        for chosen in (~test, test)
    ]
    classes = tuple(str(digit) for digit in range(10))
    found = f"10 classes: {', '.join(classes)}; {len(halves[0])} + {len(halves[1])} images of {images.shape[1]} pixels"
    return Dataset(NAME, halves[0], halves[1], classes, static=True, found=found, options=IMAGES)
