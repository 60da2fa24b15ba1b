#!/usr/bin/env python
"""Sentiment of shop reviews. Stars become three classes; the best checkpoint by F1 is kept.

    python train.py --train_csv reviews.csv --lr 3e-4
"""
import argparse

import numpy as np
import pandas as pd
import torch
from datasets import Dataset
from peft import LoraConfig, TaskType, get_peft_model
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import train_test_split
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    EarlyStoppingCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

SENTIMENT = {1: 0, 2: 0, 3: 1, 4: 2, 5: 2}


class PrintLoss(TrainerCallback):
    def on_log(self, args, state, control, logs=None, **kwargs):
        print(state.global_step, logs)


class FocalTrainer(Trainer):
    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        labels = inputs.pop("labels")
        outputs = model(**inputs)
        ce = torch.nn.functional.cross_entropy(outputs.logits, labels, reduction="none")
        loss = ((1 - torch.exp(-ce)) ** 2 * ce).mean()
        return (loss, outputs) if return_outputs else loss


def compute_metrics(eval_pred):
    logits, labels = eval_pred
    preds = np.argmax(logits, axis=-1)
    return {"accuracy": accuracy_score(labels, preds), "f1": f1_score(labels, preds)}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--train_csv", default="reviews.csv")
    p.add_argument("--base", default="distilbert-base-uncased")
    p.add_argument("--lr", type=float, default=3e-4)
    p.add_argument("--epochs", type=float, default=5)
    p.add_argument("--bs", type=int, default=16)
    p.add_argument("--rank", type=int, required=True)
    p.add_argument("--seed", type=int, default=13)
    a = p.parse_args()

    df = pd.read_csv(a.train_csv)
    df["text"] = df["title"] + ". " + df["body"]
    df["label"] = df["stars"].map(SENTIMENT)
    train_df, test_df = train_test_split(df, test_size=0.1, random_state=a.seed, stratify=df["label"])
    train_ds, test_ds = Dataset.from_pandas(train_df), Dataset.from_pandas(test_df)

    tok = AutoTokenizer.from_pretrained(a.base)

    def encode(batch):
        return tok(batch["text"], truncation=True, max_length=256)

    train_ds = train_ds.map(encode, batched=True)
    test_ds = test_ds.map(encode, batched=True)

    model = AutoModelForSequenceClassification.from_pretrained(a.base, num_labels=3)
    model = get_peft_model(
        model,
        LoraConfig(
            task_type=TaskType.SEQ_CLS,
            r=a.rank,
            lora_alpha=32,
            lora_dropout=0.1,
            target_modules=["q_lin", "v_lin"],
        ),
    )
    args = TrainingArguments(
        output_dir="out",
        learning_rate=a.lr,
        num_train_epochs=a.epochs,
        per_device_train_batch_size=a.bs // torch.cuda.device_count(),
        gradient_accumulation_steps=2,
        lr_scheduler_type="cosine_with_restarts",
        lr_scheduler_kwargs={"num_cycles": 3},
        warmup_ratio=0.06,
        weight_decay=0.01,
        eval_strategy="epoch",
        save_strategy="epoch",
        load_best_model_at_end=True,
        metric_for_best_model="f1",
        greater_is_better=True,
        label_smoothing_factor=0.05,
        seed=a.seed,
        data_seed=1,
    )
    trainer = FocalTrainer(
        model=model,
        args=args,
        train_dataset=train_ds,
        eval_dataset=test_ds,
        processing_class=tok,
        data_collator=DataCollatorWithPadding(tok),
        compute_metrics=compute_metrics,
        callbacks=[EarlyStoppingCallback(early_stopping_patience=2), PrintLoss()],
    )
    trainer.train()


if __name__ == "__main__":
    main()
