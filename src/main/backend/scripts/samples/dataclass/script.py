from dataclasses import asdict, dataclass, field
from pathlib import Path

from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from sklearn.metrics import accuracy_score, f1_score
import transformers as tf


@dataclass
class Config:
    root: str = "data"
    model: str = "google-bert/bert-base-cased"
    labels: list = field(default_factory=lambda: ["neg", "pos"])
    max_length: int = 192
    lr: float = field(default=4e-4, metadata={"help": "peak learning rate"})
    batch: int = 8
    accumulate: int = 4

    def effective(self):
        return self.batch * self.accumulate


cfg = Config(lr=6e-4)
root = Path(cfg.root)
files = {"train": f"{cfg.root}/train.csv", "test": str(root / "test.csv")}


class Pipeline:
    def __init__(self, cfg):
        self.cfg = cfg
        self.tokenizer = tf.AutoTokenizer.from_pretrained(cfg.model)
        self.model = tf.AutoModelForSequenceClassification.from_pretrained(cfg.model, num_labels=2)

    def encode(self, batch):
        return self.tokenizer(
            batch["review"], padding=True, truncation=True, max_length=self.cfg.max_length
        )

    def train(self):
        data = load_dataset("csv", data_files=files).rename_column("sentiment", "labels")
        data = data.map(self.encode, batched=True)
        peft_config = LoraConfig(
            task_type=TaskType.SEQ_CLS, r=16, lora_alpha=16, target_modules="all-linear",
            modules_to_save=["classifier"], use_rslora=True,
        )
        model = get_peft_model(self.model, peft_config)
        args = tf.TrainingArguments(
            "out",
            per_device_train_batch_size=self.cfg.batch,
            gradient_accumulation_steps=self.cfg.accumulate,
            learning_rate=self.cfg.lr,
            warmup_ratio=0.1,
            lr_scheduler_type=tf.SchedulerType.COSINE,
            bf16=True,
            seed=7,
            label_smoothing_factor=0.1,
        )
        return tf.Trainer(
            model=model, args=args, train_dataset=data["train"], eval_dataset=data["test"],
            compute_metrics=self.metrics,
        ).train()

    def metrics(self, p):
        predicted = p.predictions.argmax(-1)
        return {
            "accuracy": accuracy_score(p.label_ids, predicted),
            "f1": f1_score(p.label_ids, predicted, average="macro"),
        }


Pipeline(cfg).train()
