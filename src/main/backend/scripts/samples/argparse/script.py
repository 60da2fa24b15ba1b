"""Fine-tunes a classifier with settings from the command line."""
import argparse
import os
import random

import evaluate
import numpy as np
import torch
from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    EarlyStoppingCallback,
    Trainer,
    TrainingArguments,
    set_seed,
)

task_to_keys = {
    "mrpc": ("sentence1", "sentence2"),
    "sst2": ("sentence", None),
}


def parse_args():
    parser = argparse.ArgumentParser(description="GLUE")
    parser.add_argument("--task_name", type=str, default="mrpc", choices=list(task_to_keys.keys()))
    parser.add_argument("--model_name_or_path", "-m", type=str, default="roberta-base")
    parser.add_argument("--max-length", type=int, default=128)
    parser.add_argument("--learning_rate", type=float, default=3e-4)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1234)
    parser.add_argument("--pad_to_max_length", action="store_true")
    parser.add_argument("--run_name", type=str, required=True)
    group = parser.add_argument_group("lora")
    group.add_argument("--lora_r", type=int, default=8)
    args = parser.parse_args()
    return args


def main():
    args = parse_args()
    set_seed(args.seed)
    raw_datasets = load_dataset("glue", args.task_name)
    is_regression = args.task_name == "stsb"
    num_labels = 1 if is_regression else 2
    config = AutoConfig.from_pretrained(args.model_name_or_path, num_labels=num_labels)
    tokenizer = AutoTokenizer.from_pretrained(args.model_name_or_path)
    model = AutoModelForSequenceClassification.from_pretrained(args.model_name_or_path, config=config)
    sentence1_key, sentence2_key = task_to_keys[args.task_name]
    padding = "max_length" if args.pad_to_max_length else False

    def preprocess_function(examples):
        texts = (
            (examples[sentence1_key],)
            if sentence2_key is None
            else (examples[sentence1_key], examples[sentence2_key])
        )
        result = tokenizer(*texts, padding=padding, max_length=args.max_length, truncation=True)
        result["labels"] = examples["label"]
        return result

    processed = raw_datasets.map(
        preprocess_function, batched=True, remove_columns=raw_datasets["train"].column_names
    )
    model = get_peft_model(
        model,
        LoraConfig(task_type="SEQ_CLS", r=args.lora_r, lora_alpha=2 * args.lora_r, lora_dropout=0.1),
    )
    output_dir = os.path.join("runs", args.task_name)
    training_args = TrainingArguments(
        output_dir=output_dir,
        run_name=args.run_name,
        learning_rate=args.learning_rate,
        num_train_epochs=args.epochs,
        per_device_train_batch_size=16,
        eval_strategy="epoch",
        save_strategy="epoch",
        load_best_model_at_end=True,
        metric_for_best_model="accuracy",
        seed=args.seed,
        dataloader_num_workers=4,
        report_to="none",
    )
    metric = evaluate.load("accuracy")

    def compute_metrics(p):
        preds = np.argmax(p.predictions, axis=1)
        return metric.compute(predictions=preds, references=p.label_ids)

    trainer = Trainer(
        model=model,
        args=training_args,
        train_dataset=processed["train"],
        eval_dataset=processed["validation"],
        data_collator=DataCollatorWithPadding(tokenizer),
        compute_metrics=compute_metrics,
        callbacks=[EarlyStoppingCallback(early_stopping_patience=2)],
    )
    trainer.train()
    trainer.save_model(output_dir)


if __name__ == "__main__":
    main()
