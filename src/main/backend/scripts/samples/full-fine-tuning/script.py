import pandas as pd
from datasets import Dataset
from transformers import AutoModelForSequenceClassification, AutoTokenizer, Trainer, TrainingArguments

frame = pd.read_csv("reviews.csv")
dataset = Dataset.from_pandas(frame).shuffle(seed=1).train_test_split(test_size=0.2, seed=1)
tokenizer = AutoTokenizer.from_pretrained("bert-base-german-cased")
model = AutoModelForSequenceClassification.from_pretrained("bert-base-german-cased", num_labels=3)

for param in model.bert.parameters():
    param.requires_grad = False

def encode(rows):
    enc = tokenizer(rows["Text"], padding="max_length", truncation=True, max_length=64)
    enc["labels"] = rows["Sterne"]
    return enc

dataset = dataset.map(encode, batched=True)

class WeightedTrainer(Trainer):
    def compute_loss(self, model, inputs, return_outputs=False, **kwargs):
        loss = weighted(model(**inputs), inputs["labels"])
        return loss

trainer = WeightedTrainer(
    model=model,
    args=TrainingArguments(output_dir="out", learning_rate=2e-3, num_train_epochs=get_epochs(), data_seed=3),
    train_dataset=dataset["train"],
    eval_dataset=dataset["test"],
)
trainer.train()
