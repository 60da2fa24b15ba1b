"""What the measured scripts share. Imports nothing heavy: import time counts where a whole process is measured."""

import contextlib
import json
import os
import resource
import sys
import time


def since_process_start():
    """Seconds since the operating system started this process."""
    if sys.platform == "linux":  # psutil counts from a boot time in whole seconds
        with open("/proc/self/stat", encoding="utf-8") as file:
            start = int(file.read().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
        return time.clock_gettime(time.CLOCK_BOOTTIME) - start
    import psutil

    return time.time() - psutil.Process().create_time()


def peak_memory_mb():
    """Largest resident memory of this process so far, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / 2**20 if sys.platform == "darwin" else peak / 2**10, 1)


def use_all_cores():
    import torch

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    torch.set_num_threads(cores)


def device():
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def use_tf32(yes):
    """On a GPU from Ampere on, products of fp32 round their operands to 10 bits, or not at all."""
    import torch

    torch.set_float32_matmul_precision("high" if yes else "highest")
    torch.backends.cudnn.allow_tf32 = yes


def autocast(bf16):
    import torch

    return torch.autocast(device(), dtype=torch.bfloat16) if bf16 else contextlib.nullcontext()


def load_reviews(data, split, rows):
    """The rows that `.shuffle(seed=42).select(range(rows))` picks, and the sorted star ratings of the train split."""
    from datasets import load_dataset

    files = {name: os.path.join(data, f"electronics-reviews-{name}.csv") for name in ("train", "test")}
    reviews = load_dataset("csv", data_files=files)
    stars = sorted(set(reviews["train"]["stars"]))
    chosen = reviews[split].shuffle(seed=42)
    return chosen.select(range(min(rows, len(chosen)))), stars


def token_batches(lengths, budget):
    """Indices sorted by length, in batches of at most `budget` padded tokens."""
    batches, batch = [], []
    for index in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        if batch and (len(batch) + 1) * lengths[index] > budget:
            batches.append(batch)
            batch = []
        batch.append(index)
    return batches + [batch] if batch else batches


def predict(model, tokenizer, input_ids, batches, bf16):
    """Index of the largest logit of every row, in the order of `input_ids`."""
    import torch

    answers = [0] * len(input_ids)
    with torch.inference_mode(), autocast(bf16):
        for batch in batches:
            inputs = tokenizer.pad({"input_ids": [input_ids[i] for i in batch]}, return_tensors="pt")
            logits = model(**inputs.to(model.device)).logits
            for i, answer in zip(batch, logits.argmax(-1).tolist()):
                answers[i] = answer
    return answers


def print_result(**values):
    """The one line that bench/run.ts reads."""
    print(json.dumps(values), flush=True)
