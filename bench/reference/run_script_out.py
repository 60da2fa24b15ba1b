"""Runs a script that Graft wrote ("script out"), unchanged, and compares what it reaches with what Graft reached.

    python run_script_out.py SCRIPT --accuracy 0.984 [--within 0.03]

Starts in the script's folder, where its data is. Prints one JSON line; exit 1 where the difference is larger.
"""

import argparse
import os
import runpy
import sys
import time

import common


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("script")
    parser.add_argument("--accuracy", type=float, required=True, help="what Graft reached")
    parser.add_argument("--within", type=float, default=0.03)
    args = parser.parse_args()
    folder, name = os.path.split(os.path.abspath(args.script))
    os.chdir(folder)
    start = time.perf_counter()
    trainer = runpy.run_path(name)["trainer"]
    seconds = time.perf_counter() - start
    evaluated = [entry for entry in trainer.state.log_history if "eval_accuracy" in entry]
    accuracy = evaluated[-1]["eval_accuracy"]
    trainable = sum(p.numel() for p in trainer.model.parameters() if p.requires_grad)
    difference = accuracy - args.accuracy
    common.print_result(
        accuracy=accuracy,
        graft=args.accuracy,
        difference=round(difference, 4),
        steps=trainer.state.global_step,
        trainable=trainable,
        seconds=round(seconds, 1),
    )
    sys.exit(0 if abs(difference) <= args.within else 1)


if __name__ == "__main__":
    main()
