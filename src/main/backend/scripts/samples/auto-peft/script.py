# Second round: train the adapter of last week further, stop when F1 does not rise any more.
import evaluate
import numpy as np
from datasets import load_dataset
from peft import AutoPeftModelForSequenceClassification
from transformers import AutoTokenizer, EarlyStoppingCallback, Trainer, TrainingArguments, set_seed

set_seed(7)
ADAPTER = "./runs/2024-05-17/adapter"

ds = load_dataset("csv", data_files={"train": "week2.csv", "validation": "held_out.csv"})
ds = ds.rename_column("category", "labels")

tokenizer = AutoTokenizer.from_pretrained(ADAPTER)
ds = ds.map(lambda x: tokenizer(x["subject"], x["body"], truncation=True, max_length=384), batched=True)
train = ds["train"].shuffle(seed=7).select(range(5000))

model = AutoPeftModelForSequenceClassification.from_pretrained(ADAPTER, num_labels=4, is_trainable=True)

f1 = evaluate.load("f1")

def compute_metrics(p):
    return f1.compute(predictions=np.argmax(p.predictions, -1), references=p.label_ids, average="macro")

args = TrainingArguments(
    "runs/week2",
    num_train_epochs=20,
    learning_rate=2e-4,
    per_device_train_batch_size=16,
    eval_strategy="steps",
    eval_steps=100,
    save_steps=100,
    load_best_model_at_end=True,
    metric_for_best_model="eval_f1",
    greater_is_better=True,
    optim="paged_adamw_8bit",
    bf16=True,
)
trainer = Trainer(
    model=model,
    args=args,
    train_dataset=train,
    eval_dataset=ds["validation"],
    compute_metrics=compute_metrics,
    callbacks=[EarlyStoppingCallback(early_stopping_patience=3, early_stopping_threshold=0.002)],
)
trainer.train()
model.save_pretrained("runs/week2/adapter")
