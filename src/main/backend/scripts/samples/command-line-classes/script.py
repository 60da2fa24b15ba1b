from transformers import (AutoModelForSequenceClassification, AutoTokenizer, DataCollatorWithPadding,
                          TrainingArguments, Trainer, HfArgumentParser, set_seed)
from dataclasses import dataclass, field
from typing import Optional
from datasets import load_dataset
import evaluate, logging, sys, os
logger = logging.getLogger(__name__)
@dataclass
class DataTrainingArguments:
    task_name: Optional[str] = field(default=None, metadata={"help": "x"})
    dataset_name: Optional[str] = field(default="imdb")
    max_seq_length: int = field(default=128)
    pad_to_max_length: bool = field(default=True)
    train_file: Optional[str] = field(default=None)
    def __post_init__(self):
        if self.task_name is not None:
            self.task_name = self.task_name.lower()
@dataclass
class ModelArguments:
    model_name_or_path: str = field(default="bert-base-cased")
def main():
    parser = HfArgumentParser((ModelArguments, DataTrainingArguments, TrainingArguments))
    if len(sys.argv) == 2 and sys.argv[1].endswith(".json"):
        model_args, data_args, training_args = parser.parse_json_file(json_file=os.path.abspath(sys.argv[1]))
    else:
        model_args, data_args, training_args = parser.parse_args_into_dataclasses()
    set_seed(training_args.seed)
    if data_args.task_name is not None:
        raw_datasets = load_dataset("glue", data_args.task_name)
    elif data_args.dataset_name is not None:
        raw_datasets = load_dataset(data_args.dataset_name)
    else:
        raw_datasets = load_dataset("csv", data_files={"train": data_args.train_file})
    label_list = raw_datasets["train"].unique("label")
    label_list.sort()
    num_labels = len(label_list)
    tokenizer = AutoTokenizer.from_pretrained(model_args.model_name_or_path)
    model = AutoModelForSequenceClassification.from_pretrained(model_args.model_name_or_path, num_labels=num_labels)
    padding = "max_length" if data_args.pad_to_max_length else False
    max_seq_length = min(data_args.max_seq_length, tokenizer.model_max_length)
    def preprocess_function(examples):
        return tokenizer(examples["text"], padding=padding, max_length=max_seq_length, truncation=True)
    with training_args.main_process_first(desc="dataset map pre-processing"):
        raw_datasets = raw_datasets.map(preprocess_function, batched=True)
    if training_args.do_train:
        train_dataset = raw_datasets["train"]
    if training_args.do_eval:
        eval_dataset = raw_datasets["test"]
    for index in [1,2]:
        logger.info(f"Sample {index}")
    trainer = Trainer(model=model, args=training_args, train_dataset=train_dataset if training_args.do_train else None,
        eval_dataset=eval_dataset if training_args.do_eval else None, processing_class=tokenizer)
    if training_args.do_train:
        train_result = trainer.train(resume_from_checkpoint=None)
        metrics = train_result.metrics
        trainer.save_model()
        trainer.log_metrics("train", metrics)
def _mp_fn(index):
    main()
if __name__ == "__main__":
    main()
