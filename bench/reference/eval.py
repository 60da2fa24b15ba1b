"""Times evaluation alone on the electronics reviews' test rows, sorted by length, in batches of 4,096 tokens.

    python eval.py --model DIR --data DIR [--precision fp32|tf32|bf16] [--rows N] [--passes N]

bf16 has two ways, autocast and bf16 weights: each runs in a process of its own, the faster one is reported.
Prints one JSON line; `seconds` is the best pass. The head is fresh, so the accuracy is that of guessing.
"""

import argparse
import json
import subprocess
import sys
import time

import common


def measure(args):
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    common.use_all_cores()
    common.use_tf32(args.precision == "tf32")
    torch.manual_seed(42)
    rows, stars = common.load_reviews(args.data, "test", args.rows)
    labels = [stars.index(s) for s in rows["stars"]]
    tokenizer = AutoTokenizer.from_pretrained(args.model, model_max_length=512)
    input_ids = tokenizer(list(rows["text"]), truncation=True)["input_ids"]
    batches = common.token_batches([len(ids) for ids in input_ids], budget=4096)
    dtype = torch.bfloat16 if args.precision == "bf16-weights" else torch.float32
    model = AutoModelForSequenceClassification.from_pretrained(args.model, num_labels=len(stars), dtype=dtype)
    model.to(common.device()).eval()

    bf16 = args.precision == "bf16-autocast"
    common.predict(model, tokenizer, input_ids, batches[-1:], bf16)  # warm-up: the longest batch
    seconds = []
    for _ in range(args.passes):
        start = time.perf_counter()
        answers = common.predict(model, tokenizer, input_ids, batches, bf16)
        seconds.append(time.perf_counter() - start)
    common.print_result(
        seconds=min(seconds),
        peak_memory_mb=common.peak_memory_mb(),
        accuracy=sum(a == b for a, b in zip(answers, labels)) / len(labels),
        variant=args.precision,
    )


def fastest_bf16(args):
    results = []
    for variant in ("bf16-autocast", "bf16-weights"):
        command = [sys.executable, __file__, "--model", args.model, "--data", args.data, "--precision", variant]
        command += ["--rows", str(args.rows), "--passes", str(args.passes)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        results.append(json.loads(done.stdout.splitlines()[-1]))
    common.print_result(**min(results, key=lambda result: result["seconds"]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--passes", type=int, default=2)
    parser.add_argument("--precision", choices=("fp32", "tf32", "bf16", "bf16-autocast", "bf16-weights"), default="fp32")
    args = parser.parse_args()
    fastest_bf16(args) if args.precision == "bf16" else measure(args)


if __name__ == "__main__":
    main()
