import torch
from peft import PeftModel, LoraConfig, get_peft_model, TaskType
from transformers import AutoTokenizer, AutoModelForSequenceClassification, Trainer, TrainingArguments
import datasets as d
MODEL_NAME: str = "xlm-roberta-base"
ID2LABEL = {0: "NEG", 1: "POS"}
LABEL2ID = {v: k for k, v in ID2LABEL.items()}
tokenizer = AutoTokenizer.from_pretrained(MODEL_NAME)
train = d.load_dataset("json", data_files="train.jsonl")["train"]
test = d.load_dataset("json", data_files={"test": ["a.jsonl", "b.jsonl"]}, split="test")
def tok(x):
    x = tokenizer(x["sentence"], truncation=True, padding="longest", max_length=2 ** 7)
    return x
train, test = (s.map(tok, batched=True) for s in (train, test))
model = AutoModelForSequenceClassification.from_pretrained(MODEL_NAME, num_labels=len(ID2LABEL), id2label=ID2LABEL, label2id=LABEL2ID)
cfg = LoraConfig(TaskType.SEQ_CLS, r=8, target_modules=r".*\.(query|value)$")
cfg.lora_alpha = 32
model = get_peft_model(model, cfg)
for lr in [1e-4, 3e-4]:
    args = TrainingArguments(output_dir=f"out-{lr}", learning_rate=lr, seed=0, logging_steps=50, max_grad_norm=0.5)
    t = Trainer(model=model, args=args, train_dataset=train, eval_dataset=test)
    t.train()
print("done")
