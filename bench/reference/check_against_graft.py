"""Checks that PEFT and transformers load what Graft wrote, and answer as Graft does.

    python check_against_graft.py --base DIR --adapter DIR --merged DIR --texts FILE
        --adapter-predictions FILE --merged-predictions FILE [--max-length N] [--text-column NAME]

The adapter folder is loaded with PEFT on the base, the merged folder with AutoModelForSequenceClassification.
A missing, unexpected or mismatched weight, and anything logged or warned while loading, is a failure (but
that the base has no head of its own is what the adapter is for). Texts are a .txt file (a text a line), or a
.jsonl, .csv or .tsv with a text column. Predictions are Graft's JSON Lines: {"label", "score", "logits"} a row, in
order. Prints the largest differences; exit 1 above 1e-4 or on a finding.
"""

import argparse
import csv
import json
import logging
import sys
import warnings

import numpy as np
import torch
from peft import PeftModel
from transformers import AutoModelForSequenceClassification, AutoTokenizer

TOLERANCE = 1e-4


class Listener(logging.Handler):
    """Collects what is logged at WARNING or above, and what is warned, while it is entered."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.heard = []

    def emit(self, record):
        self.heard.append(record.getMessage())

    def __enter__(self):
        self.loggers = [logging.getLogger(name) for name in ("", "transformers", "peft")]
        for logger in self.loggers:
            logger.addHandler(self)
        self.catcher = warnings.catch_warnings(record=True)
        self.warned = self.catcher.__enter__()
        warnings.simplefilter("always")
        return self

    def __exit__(self, *error):
        self.catcher.__exit__(*error)
        for logger in self.loggers:
            logger.removeHandler(self)
        self.heard += [str(warning.message) for warning in self.warned]


def read_texts(path, column):
    with open(path, encoding="utf-8-sig", newline="") as file:
        if path.endswith((".csv", ".tsv")):
            rows = csv.DictReader(file, delimiter="\t" if path.endswith(".tsv") else ",")
            return [row[column] for row in rows]
        # Not splitlines(): a text may hold U+2028 and the like.
        lines = [line.removesuffix("\r") for line in file.read().removesuffix("\n").split("\n")]
    return [json.loads(line)[column] for line in lines if line] if path.endswith(".jsonl") else lines


def read_predictions(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def logits_of(model, tokenizer, texts, max_length):
    limit = max_length or model.config.max_position_embeddings
    logits = []
    with torch.inference_mode():
        for text in texts:  # one by one: no padding enters the comparison
            inputs = tokenizer(text, truncation=True, max_length=limit, return_tensors="pt")
            logits.append(model(**inputs).logits[0].tolist())
    return np.array(logits)


def compare(name, logits, predictions, id2label):
    """Findings about one model; prints the largest differences."""
    graft = np.array([row["logits"] for row in predictions])
    if graft.shape != logits.shape:
        return [f"{name}: predictions have the shape {graft.shape}, the reference {logits.shape}"]
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = shifted / shifted.sum(axis=1, keepdims=True)
    best = graft.argmax(axis=1)
    scores = np.array([row["score"] for row in predictions])
    difference = np.abs(graft - logits).max()
    score_difference = np.abs(scores - probabilities[np.arange(len(best)), best]).max()
    print(f"{name}: {len(logits)} texts, logits differ by at most {difference:.3g}, scores by {score_difference:.3g}")
    findings = []
    for what, value in (("logits", difference), ("scores", score_difference)):
        if not value <= TOLERANCE:  # also true of NaN
            findings.append(f"{name}: {what} differ by {value:.3g}, more than {TOLERANCE:g}")
    wrong = [i for i, row in enumerate(predictions) if str(row["label"]) != str(id2label[best[i]])]
    if wrong:
        findings.append(f"{name}: row {wrong[0] + 1} has label {predictions[wrong[0]]['label']}, not {id2label[best[wrong[0]]]}")
    return findings


def main():
    parser = argparse.ArgumentParser()
    for option in ("base", "adapter", "merged", "texts", "adapter-predictions", "merged-predictions"):
        parser.add_argument(f"--{option}", required=True)
    parser.add_argument("--max-length", type=int)
    parser.add_argument("--text-column", default="text")
    args = parser.parse_args()
    texts = read_texts(args.texts, args.text_column)
    findings = []

    with Listener() as listener:
        merged, info = AutoModelForSequenceClassification.from_pretrained(args.merged, output_loading_info=True)
        merged_tokenizer = AutoTokenizer.from_pretrained(args.merged)
    findings += [f"merged folder, {key}: {value}" for key, value in info.items() if value]
    findings += [f"merged folder, loading says: {text}" for text in listener.heard]
    merged.eval()

    base, info = AutoModelForSequenceClassification.from_pretrained(
        args.base, num_labels=merged.config.num_labels, output_loading_info=True, ignore_mismatched_sizes=True
    )
    missing = [key for key in info["missing_keys"] if not key.startswith("classifier.")]
    findings += [f"base folder, missing weight: {key}" for key in missing]
    with Listener() as listener:
        adapted = PeftModel.from_pretrained(base, args.adapter)
    findings += [f"adapter folder, loading says: {text}" for text in listener.heard]
    adapted.eval()
    tokenizer = AutoTokenizer.from_pretrained(args.base)

    id2label = merged.config.id2label
    adapter_logits = logits_of(adapted, tokenizer, texts, args.max_length)
    merged_logits = logits_of(merged, merged_tokenizer, texts, args.max_length)
    findings += compare("adapter", adapter_logits, read_predictions(args.adapter_predictions), id2label)
    findings += compare("merged", merged_logits, read_predictions(args.merged_predictions), id2label)
    print(f"PEFT's adapter and transformers' merged model differ by {np.abs(adapter_logits - merged_logits).max():.3g}")

    for finding in findings:
        print(f"FAILED  {finding}")
    print("passed" if not findings else f"{len(findings)} findings")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
