"""The corpus stage, measured: near-duplicate removal against datasketch, and the whole stage.

    python benchmarks/corpus.py [--documents 100000] [--runs 5] [--threads 2] [--json]
    VIOBERT_DATA=… python benchmarks/corpus.py --stage 1200000

The first is side by side in one process, medians of alternating runs; ``--stage`` adds one run of
the whole stage, after fetching, on so many documents resampled from the texts of VIOBERT_DATA.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

import near_duplicates
import whole_stage


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2, help="of viobert")
    parser.add_argument("--stage", type=int, default=0, help="documents for the whole stage")
    parser.add_argument("--json", action="store_true", help="one JSON object a line and no more")
    options = parser.parse_args()
    data = os.environ.get("VIOBERT_DATA")
    if options.stage and not data:
        sys.exit("VIOBERT_DATA must name the folder of the texts to resample")
    found = near_duplicates.measure(options.documents, options.runs, options.threads, options.json)
    print(json.dumps(found) if options.json else near_duplicates.table(found), flush=True)
    if options.stage and data:
        found = whole_stage.measure(options.stage, Path(data).absolute())
        print(json.dumps(found, indent=None if options.json else 2))


if __name__ == "__main__":
    main()
