import os
from datasets import load_dataset
from transformers import AutoModelForSequenceClassification, AutoTokenizer, Trainer, TrainingArguments
from peft import LoraConfig, get_peft_model

org, size = "google-bert", "base"
model_id = f"{org}/bert-{size}-uncased"
layers = 12
common = dict(seed=3, report_to=[], logging_steps=10)
training = {
    **common,
    "learning_rate": 1e-3 / 2,
    "num_train_epochs": 2 + 1,
    "per_device_train_batch_size": int(os.environ.get("BATCH", "16")),
    "weight_decay": 0.01,
}
if os.environ.get("DEBUG"):
    training["max_steps"] = 10
training.update(warmup_steps=100)
lora = {"r": 8, "lora_alpha": 16, "task_type": "SEQ_CLS", "target_modules": ["query", "key", "value"]}
lora["layers_to_transform"] = [10, 11]

raw = load_dataset(path="dair-ai/emotion", name="split")
tokenizer = AutoTokenizer.from_pretrained(model_id)

def encode(batch, limit=96):
    return tokenizer(batch["text"], truncation=True, max_length=limit)

encoded = raw.map(encode, batched=True)
train = encoded["train"].shuffle(seed=5).select(range(1000, 3000))

def model_init():
    base = AutoModelForSequenceClassification.from_pretrained(model_id, num_labels=6, revision="main")
    return get_peft_model(base, LoraConfig(**lora))

trainer = Trainer(
    model_init=model_init,
    args=TrainingArguments("out", **training),
    train_dataset=train,
    eval_dataset=encoded["validation"],
)
trainer.train()
