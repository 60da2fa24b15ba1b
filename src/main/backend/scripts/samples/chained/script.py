from datasets import load_dataset
from transformers import AutoModelForSequenceClassification as Model, AutoTokenizer, Trainer, TrainingArguments
from peft import LoraConfig, get_peft_model

MODEL = "microsoft/deberta-v3-small"
tokenizer = AutoTokenizer.from_pretrained(MODEL, use_fast=True)
parts = (
    load_dataset("ag_news", split="train[:4000]")
    .map(lambda rows: tokenizer(rows["text"], truncation=True), batched=True)
    .remove_columns(["text"])
    .train_test_split(test_size=0.25, seed=13)
)
Trainer(
    model=get_peft_model(
        Model.from_pretrained(MODEL, num_labels=4),
        LoraConfig(
            task_type="SEQ_CLS",
            target_modules=["query", "value"],
            modules_to_save=["pooler", "classifier"],
            use_dora=True,
        ),
    ),
    args=TrainingArguments(
        output_dir="out",
        num_train_epochs=1,
        learning_rate=5e-4,
        seed=13,
        per_gpu_train_batch_size=32,
        optim="adafactor",
        gradient_checkpointing=True,
    ),
    train_dataset=parts["train"],
    eval_dataset=parts["test"],
).train()
