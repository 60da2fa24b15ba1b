# -*- coding: utf-8 -*-
# In[1]:
!pip install -q transformers datasets peft accelerate
%load_ext autoreload
%autoreload 2

# In[2]:
from datasets import load_dataset
from transformers import *
from peft import *
import torch, numpy as np

device = "cuda" if torch.cuda.is_available() else "cpu"
checkpoint = "distilbert-base-uncased"

# In[3]:
ds = load_dataset("imdb")
ds["train"] = ds["train"].shuffle().select(range(2000))
ds["test"] = ds["test"].shuffle(seed=0).select(range(500))
ds = ds.filter(lambda row: len(row["text"]) > 20)
ds

# In[4]:
tok = AutoTokenizer.from_pretrained(checkpoint)
enc = ds.map(lambda b: tok(b["text"], truncation=True, max_length=256), batched=True)

# In[5]:
model = AutoModelForSequenceClassification.from_pretrained(
    checkpoint, num_labels=2, id2label={0: "neg", 1: "pos"}, label2id={"neg": 0, "pos": 1}
).to(device)
lora = LoraConfig(r=4, lora_alpha=16, target_modules=["query", "value"])
model = get_peft_model(model, lora)
model.print_trainable_parameters()

# In[6]:
args = TrainingArguments("out", learning_rate=2e-5, fp16=True, num_train_epochs=1,
                         per_device_train_batch_size=16, evaluation_strategy="steps", eval_steps=50)
trainer = Trainer(model, args, train_dataset=enc["train"], eval_dataset=enc["train"], tokenizer=tok)
trainer.train()
trainer.evaluate()
this line is no python
