import torch
from datasets import load_dataset
from torch.utils.data import DataLoader
from transformers import AutoModelForTokenClassification, AutoTokenizer, BitsAndBytesConfig
from peft import PrefixTuningConfig, get_peft_model

name = "dslim/bert-base-NER"
quantisation = BitsAndBytesConfig(load_in_4bit=True)
model = AutoModelForTokenClassification.from_pretrained(name, quantization_config=quantisation)
tokenizer = AutoTokenizer.from_pretrained(name)
model = get_peft_model(model, PrefixTuningConfig(task_type="TOKEN_CLS", num_virtual_tokens=20))
data = load_dataset("conll2003", split="train")
loader = DataLoader(data, batch_size=16, shuffle=True)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
for epoch in range(3):
    for batch in loader:
        loss = model(**batch).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
