"""Token embeddings from co-occurrence: a start that is better than noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils.extmath import randomized_svd

from train.tokens import Tokens

_CHUNK = 1_000_000
# Standard deviation of the embeddings. BERT's own 0.02 drowns them in the noise of the rest:
# after 160 steps of mini-base the dev loss was 7.81 at 0.02, 7.55 at 0.04 and 7.45 at 0.08.
SPREAD = 0.08


def embeddings(
    tokens: Tokens, vocabulary: int, width: int, window: int, seed: int
) -> NDArray[np.float32]:
    """(vocabulary, width) from a truncated SVD of the PPMI matrix of pieces; 0 for the unseen.

    Pieces co-occur within ``window`` of each other in one document; contexts are smoothed with
    exponent 0.75 and singular values with 0.5 (Levy, Goldberg and Dagan, TACL 2015).
    """
    counts = cooccurrence(tokens, vocabulary, window)
    left, values, _ = randomized_svd(ppmi(counts), width, n_iter=3, random_state=seed)
    matrix = np.zeros((vocabulary, width), np.float32)
    matrix[:, : left.shape[1]] = left * np.sqrt(values)
    matrix[np.asarray(counts.sum(axis=1)).ravel() == 0] = 0  # the solver leaves dust there
    spread = matrix.std()
    scaled: NDArray[np.float32] = matrix * np.float32(SPREAD / spread) if spread > 0 else matrix
    return scaled


def cooccurrence(tokens: Tokens, vocabulary: int, window: int) -> sparse.csr_matrix:
    """(vocabulary, vocabulary) symmetric counts of pieces within ``window`` in one document."""
    document = np.repeat(np.arange(len(tokens.keys), dtype=np.int32), np.diff(tokens.offsets))
    total = sparse.csr_matrix((vocabulary, vocabulary), dtype=np.float32)
    for start in range(0, len(tokens.ids), _CHUNK):
        end = min(start + _CHUNK + window, len(tokens.ids))
        ids, owner = np.asarray(tokens.ids[start:end]), document[start:end]
        firsts = min(_CHUNK, len(tokens.ids) - start)
        pairs = []
        for distance in range(1, window + 1):
            n = min(firsts, len(ids) - distance)
            if n <= 0:
                continue
            same = owner[:n] == owner[distance : distance + n]
            pairs.append(np.stack([ids[:n][same], ids[distance : distance + n][same]]))
        if pairs:
            a, b = np.concatenate(pairs, axis=1)
            ones = np.ones(len(a), np.float32)
            total = total + sparse.csr_matrix((ones, (a, b)), (vocabulary, vocabulary))
    return (total + total.T).tocsr()


def ppmi(counts: sparse.csr_matrix) -> sparse.csr_matrix:
    """Positive pointwise mutual information of a symmetric matrix of counts."""
    occurrences = np.asarray(counts.sum(axis=1)).ravel()
    smoothed = occurrences**0.75
    context = smoothed / max(smoothed.sum(), 1e-9)
    entries = counts.tocoo()
    with np.errstate(divide="ignore"):
        values = np.log(entries.data / (occurrences[entries.row] * context[entries.col]))
    positive = values > 0
    return sparse.csr_matrix(
        (values[positive].astype(np.float32), (entries.row[positive], entries.col[positive])),
        counts.shape,
    )


def log_unigrams(tokens: Tokens, vocabulary: int) -> NDArray[np.float32]:
    """(vocabulary,) log frequency of each piece, one added to every count."""
    counts = np.bincount(tokens.ids, minlength=vocabulary) + 1.0
    return np.asarray(np.log(counts / counts.sum()), np.float32)
