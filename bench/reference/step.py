"""Times training steps of a classifier with LoRA on full rows: forward, backward, clipping, AdamW.

    python step.py --model DIR --targets NAME,NAME --length 128|512 [--precision fp32|tf32|bf16] [--steps N] [--warm-up N]

Prints one JSON line with the seconds of each measured step.
"""

import argparse
import statistics
import time

import torch
from peft import LoraConfig, TaskType, get_peft_model
from transformers import AutoModelForSequenceClassification

import common


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--targets", default="query,value")
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--warm-up", type=int, default=2)
    parser.add_argument("--precision", choices=("fp32", "tf32", "bf16"), default="fp32")
    args = parser.parse_args()

    common.use_all_cores()
    common.use_tf32(args.precision == "tf32")
    torch.manual_seed(42)
    device = common.device()
    model = AutoModelForSequenceClassification.from_pretrained(args.model, num_labels=2)
    lora = LoraConfig(
        task_type=TaskType.SEQ_CLS,
        r=16,
        lora_alpha=32,
        target_modules=args.targets.split(","),
        lora_dropout=0.05,
        bias="none",
    )
    model = get_peft_model(model, lora).to(device).train()
    trainable = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trainable, lr=5e-5, weight_decay=0.0)

    seconds = []
    for _ in range(args.warm_up + args.steps):
        shape = (args.batch_size, args.length)
        words = model.config.vocab_size
        input_ids = torch.randint(min(1000, words // 2), words, shape, device=device)
        labels = torch.randint(0, 2, (args.batch_size,), device=device)
        start = time.perf_counter()
        with common.autocast(args.precision == "bf16"):
            loss = model(input_ids=input_ids, attention_mask=torch.ones_like(input_ids), labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trainable, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        loss.item()
        seconds.append(time.perf_counter() - start)

    measured = seconds[args.warm_up :]
    common.print_result(
        seconds_per_step=measured,
        median_seconds=statistics.median(measured),
        peak_memory_mb=common.peak_memory_mb(),
    )


if __name__ == "__main__":
    main()
