"""Fine-tunes a checkpoint on the electronics reviews with LoRA and evaluates it, in one of two ways.

    python job.py --as-published --model DIR --data DIR --output DIR [--rows N]
    python job.py --tuned [--precision fp32|tf32|bf16] --model DIR --data DIR --output DIR [--rows N]

--as-published is the usual short script: every text padded to 512 tokens, fp32, Trainer's defaults.
--tuned is the same job with PyTorch's best settings: no padding beyond the longest text of a batch, texts of
like length together, bf16 autocast if asked for, evaluation in inference mode, sorted, with larger batches.
Prints one JSON line; `whole_seconds` counts from the start of the process, imports included.
"""

import argparse
import time

import common

EVAL_TOKENS = 4096  # a batch, as Graft's


def arguments():
    parser = argparse.ArgumentParser()
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--as-published", action="store_true")
    mode.add_argument("--tuned", action="store_true")
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--targets", default="query,value")
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--precision", choices=("fp32", "tf32", "bf16"), default="fp32")
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=42)
    return parser.parse_args()


def load_model(args, num_labels):
    from peft import LoraConfig, TaskType, get_peft_model
    from transformers import AutoModelForSequenceClassification, set_seed

    set_seed(args.seed)
    model = AutoModelForSequenceClassification.from_pretrained(args.model, num_labels=num_labels)
    lora = LoraConfig(
        task_type=TaskType.SEQ_CLS,
        r=16,
        lora_alpha=32,
        target_modules=args.targets.split(","),
        lora_dropout=0.05,
        bias="none",
    )
    return get_peft_model(model, lora)


def as_published(args):
    import evaluate  # noqa: F401  its import is part of the script's time
    import numpy as np
    from sklearn.metrics import accuracy_score
    from transformers import AutoTokenizer, Trainer, TrainingArguments

    tokenizer = AutoTokenizer.from_pretrained(args.model, model_max_length=512)

    def prepare(split):
        rows, stars = common.load_reviews(args.data, split, args.rows)
        rows = rows.map(lambda batch: tokenizer(batch["text"], padding="max_length", truncation=True), batched=True)
        return rows.map(lambda row: {"label": stars.index(row["stars"])}), stars

    train, stars = prepare("train")
    test, _ = prepare("test")

    # evaluate.load("accuracy") fetches this one call from the hub; written out, the script also runs offline.
    def compute_metrics(prediction):
        logits, labels = prediction
        return {"accuracy": accuracy_score(labels, np.argmax(logits, axis=-1))}

    model = load_model(args, len(stars))
    training = TrainingArguments(
        output_dir=args.output,
        num_train_epochs=1,
        learning_rate=args.learning_rate,
        seed=args.seed,
        disable_tqdm=True,
    )
    trainer = Trainer(
        model=model, args=training, train_dataset=train, eval_dataset=test, compute_metrics=compute_metrics
    )
    start = time.perf_counter()
    trainer.train()
    trained = time.perf_counter()
    accuracy = trainer.evaluate()["eval_accuracy"]
    evaluated = time.perf_counter()
    model.save_pretrained(args.output)
    return trained - start, evaluated - trained, accuracy, len(train)


def tuned(args):
    from sklearn.metrics import accuracy_score
    from transformers import AutoTokenizer, DataCollatorWithPadding, Trainer, TrainingArguments

    common.use_all_cores()
    common.use_tf32(args.precision == "tf32")
    tokenizer = AutoTokenizer.from_pretrained(args.model, model_max_length=512)

    def prepare(split):
        rows, stars = common.load_reviews(args.data, split, args.rows)
        return tokenizer(list(rows["text"]), truncation=True)["input_ids"], [stars.index(s) for s in rows["stars"]], stars

    train_ids, train_labels, stars = prepare("train")
    test_ids, test_labels, _ = prepare("test")
    model = load_model(args, len(stars))
    training = TrainingArguments(
        output_dir=args.output,
        num_train_epochs=1,
        learning_rate=args.learning_rate,
        seed=args.seed,
        use_cpu=common.device() == "cpu",
        bf16=args.precision == "bf16",
        train_sampling_strategy="group_by_length",
        # The rows are token ids in memory already: worker processes would only take cores from the step.
        dataloader_num_workers=0,
        dataloader_pin_memory=common.device() == "cuda",
        logging_strategy="no",
        save_strategy="no",
        disable_tqdm=True,
    )
    trainer = Trainer(
        model=model,
        args=training,
        train_dataset=[{"input_ids": ids, "labels": label} for ids, label in zip(train_ids, train_labels)],
        data_collator=DataCollatorWithPadding(tokenizer),
        processing_class=tokenizer,
    )
    start = time.perf_counter()
    trainer.train()
    trained = time.perf_counter()
    model.eval()
    batches = common.token_batches([len(ids) for ids in test_ids], EVAL_TOKENS)
    answers = common.predict(model, tokenizer, test_ids, batches, training.bf16)
    accuracy = accuracy_score(test_labels, answers)
    evaluated = time.perf_counter()
    model.save_pretrained(args.output)
    return trained - start, evaluated - trained, accuracy, len(train_ids)


def main():
    args = arguments()
    train_seconds, eval_seconds, accuracy, rows = as_published(args) if args.as_published else tuned(args)
    common.print_result(
        train_seconds=train_seconds,
        eval_seconds=eval_seconds,
        whole_seconds=common.since_process_start(),
        peak_memory_mb=common.peak_memory_mb(),
        accuracy=accuracy,
        rows=rows,
    )


if __name__ == "__main__":
    main()
