"""Find a patch in a photo. 在照片里找一小块。

Cross-correlation with the patch, its mean taken away, divided by how lively each place is, is largest where the patch is from.
"""

import numpy as np

import convolver
from convolver.demo import load_photo

photo = np.asarray(load_photo(None).grey)[40:168:2, 180:308:2].astype(int)
row, column = 30, 22
patch = photo[row : row + 7, column : column + 7]
template = np.round((patch - patch.mean()) / 2).astype(int)

alike = convolver.correlate2d(photo, template, mode="valid")
windows = np.lib.stride_tricks.sliding_window_view(photo, patch.shape)
score = alike / np.maximum(windows.std(axis=(2, 3)), 1)
found = tuple(int(place) for place in np.unravel_index(score.argmax(), score.shape))
print(f"the patch is from {(row, column)}, and is found at {found}")
assert found == (row, column)

turned = convolver.convolve2d(photo, template, mode="valid") / np.maximum(windows.std(axis=(2, 3)), 1)
elsewhere = tuple(int(place) for place in np.unravel_index(turned.argmax(), turned.shape))
print(f"convolution looks for the patch turned round: at {elsewhere}")
assert elsewhere != (row, column)
