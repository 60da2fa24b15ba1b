"""Loads what `graft export` wrote in the programs that it is for, and compares their answers with Graft's.

    python check_exports.py [--expected FILE] [--base DIR] [--source DIR] [--json] DIR [DIR ...]

Each DIR is the folder of one target; the programs that this Python lacks are named and left out. Without --expected the
texts and answers are those of verification.json; FILE holds {"texts": [...], "logits": [[...]], "vectors": [[...]]}.
Logits and scores (what a pipeline gives) or vectors are compared; prints the largest differences, fails beyond the limit.
What is logged or warned while a folder is loaded fails too. Programs that take batches get texts in batches of 1, 3, 8, ...
"""

import argparse
import importlib.util
import json
import logging
import os
import sys
import warnings

import numpy as np

# Of a logit or an element of a vector, as a share of the largest one (at least 1); int8 is held by its scores alone.
LIMITS = {"fp32": 1e-4, "fp16": 2e-2, "bf16": 0.16, "int8": np.inf}
SCORE_LIMITS = {"fp32": 1e-4, "fp16": 1e-2, "bf16": 0.08, "int8": 0.1}


class Listener(logging.Handler):
    """Collects what is logged at WARNING or above, and what is warned, while it is entered."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.heard = []

    def emit(self, record):
        self.heard.append(record.getMessage())

    def __enter__(self):
        self.loggers = [logging.getLogger(name) for name in ("", "transformers", "peft", "sentence_transformers")]
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
        # What a library says of its own code is not about the folder.
        self.heard += [str(said.message) for said in self.warned if not issubclass(said.category, DeprecationWarning)]


def softmax(logits):
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def tokenized(folder, case, kind, batches=(1, 3, 8)):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    cut = {"truncation": True, "max_length": case["max_length"], "padding": True}
    texts, sizes = list(case["texts"]), list(batches)
    while texts:
        size = sizes.pop(0) if len(sizes) > 1 else sizes[0]
        yield tokenizer(texts[:size], return_tensors=kind, **cut)
        del texts[:size]


def by_label(answers, labels):
    # One text gives a list of its answers, in newer versions a list of that list.
    scores = {answer["label"]: answer["score"] for answer in np.array(answers).flat}
    return [scores[label] for label in labels]


def classifier(model, tokenizer, case):
    """Logits of the model and scores of the pipeline, with nothing said about either."""
    import torch
    from transformers import pipeline

    model.eval()
    cut = {"truncation": True, "max_length": case["max_length"]}
    logits = []
    for text in case["texts"]:
        with torch.no_grad():
            logits.append(model(**tokenizer([text], return_tensors="pt", **cut)).logits[0].float().numpy())
    classify = pipeline("text-classification", model=model, tokenizer=tokenizer, top_k=None)
    scores = [by_label(classify(text, **cut), case["labels"]) for text in case["texts"]]
    return {"logits": np.array(logits), "scores": np.array(scores)}


def of_logits(logits):
    return {"logits": np.array(logits), "scores": softmax(np.array(logits, np.float64))}


def hf(folder, case, _):
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    with Listener() as listener:
        model, info = AutoModelForSequenceClassification.from_pretrained(
            folder, dtype=torch.float32, output_loading_info=True
        )
        tokenizer = AutoTokenizer.from_pretrained(folder)
    unlike = [f"{key}: {value}" for key, value in info.items() if value]
    yield "transformers", classifier(model, tokenizer, case), listener.heard + unlike


def peft(folder, case, base):
    import torch
    from peft import PeftModel
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    labels = dict(enumerate(case["labels"]))
    model = AutoModelForSequenceClassification.from_pretrained(
        base, id2label=labels, label2id={name: id for id, name in labels.items()}, dtype=torch.float32,
        ignore_mismatched_sizes=True,
    )
    with Listener() as listener:  # that the base has no head of its own is what the adapter is for
        model = PeftModel.from_pretrained(model, folder)
    yield "peft", classifier(model, AutoTokenizer.from_pretrained(base), case), listener.heard


def onnx(folder, case, _):
    import onnxruntime

    (name,) = os.listdir(os.path.join(folder, "onnx"))
    session = onnxruntime.InferenceSession(os.path.join(folder, "onnx", name))
    # A tokenizer may give more than the model takes: token types of DeBERTa-v3.
    names = [given.name for given in session.get_inputs()]
    feeds = ({name: inputs[name].astype("int64") for name in names} for inputs in tokenized(folder, case, "np"))
    yield "onnxruntime", of_logits([row for feed in feeds for row in session.run(["logits"], feed)[0]]), []


def savedmodel(folder, case, _):
    import tensorflow as tf

    loaded = tf.saved_model.load(folder)
    answer = loaded.signatures["serving_default"]
    names = answer.structured_input_signature[1]
    feeds = ({name: tf.constant(inputs[name], tf.int32) for name in names} for inputs in tokenized(folder, case, "np"))
    yield "tensorflow", of_logits([row for feed in feeds for row in answer(**feed)["logits"].numpy()]), []


def embedding(folder, case, _):
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers import AutoModel

    kept = {"dtype": "float32"}
    with Listener() as listener:
        model = SentenceTransformer(folder, model_kwargs=kept)
    yield "sentence-transformers", {"vectors": model.encode(case["texts"])}, listener.heard
    if case["source"]:
        source = SentenceTransformer(case["source"], model_kwargs=kept).encode(case["texts"])
        yield "sentence-transformers, its source", {"vectors": source}, []
    with Listener() as listener:
        model = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    with open(os.path.join(folder, "modules.json"), encoding="utf-8") as file:
        normalized = any(module["type"].endswith("Normalize") for module in json.load(file))
    pooled = []
    for inputs in tokenized(folder, case, "pt", batches=(1,)):
        with torch.no_grad():
            hidden = model(**inputs).last_hidden_state[0]
        vector = hidden[0] if case["pooling"] == "cls" else hidden.mean(0)
        pooled.append((torch.nn.functional.normalize(vector, dim=0) if normalized else vector).numpy())
    yield "transformers", {"vectors": np.array(pooled)}, listener.heard


NEEDED = {"savedmodel": "tensorflow", "embedding": "sentence_transformers", "peft": "peft", "hf": "torch"}


def compared(folder, args):
    with open(os.path.join(folder, "verification.json"), encoding="utf-8") as file:
        proof = json.load(file)
    target = proof["target"]
    precision = {"onnx-fp16": "fp16", "onnx-int8": "int8"}.get(
        target, proof["precision"] if target in ("hf", "embedding") else "fp32"
    )
    needed = NEEDED.get(target, "onnxruntime")
    if importlib.util.find_spec(needed) is None:
        print(f"{target}: this Python lacks {needed}", file=sys.stderr)
        return
    values = [case["values"] for case in proof["fixed"]]
    case = {"texts": [case["text"] for case in proof["fixed"]], "vectors" if proof["pooling"] else "logits": values}
    if args.expected:
        with open(args.expected, encoding="utf-8") as file:
            case = json.load(file)
    case |= {key: proof[key] for key in ("labels", "max_length", "pooling")} | {"source": args.source}
    answer = onnx if target.startswith("onnx") else globals()[target]
    for consumer, found, heard in answer(folder, case, args.base):
        row = {"target": target, "consumer": consumer, "texts": len(case["texts"]), "passed": not heard, "heard": heard}
        for what, got in found.items():
            wanted = softmax(np.array(case["logits"], np.float64)) if what == "scores" else np.array(case[what])
            scale = 1.0 if what == "scores" else max(1.0, float(np.abs(wanted).max()))
            limit = (SCORE_LIMITS if what == "scores" else LIMITS)[precision] * scale
            difference = float(np.abs(wanted - got).max()) if wanted.shape == got.shape else np.inf
            row[what] = {"difference": difference, "limit": limit if np.isfinite(limit) else None}
            row["passed"] &= difference <= limit
        yield row


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--base", help="the base model's folder, for an adapter")
    parser.add_argument("--expected", help="texts and what Graft answers to them")
    parser.add_argument("--source", help="the sentence-transformers folder that an embedding export was made of")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    failed = False
    for folder in args.folders:
        for row in compared(folder, args):
            failed |= not row["passed"]
            if args.json:
                print(json.dumps(row), flush=True)
                continue
            parts = [
                f"{what} differ by {row[what]['difference']:.1e} (limit {row[what]['limit'] or np.inf:.1e})"
                for what in ("logits", "scores", "vectors")
                if what in row
            ]
            print(f"{row['target']} in {row['consumer']}: {', '.join(parts)}{'' if row['passed'] else '  FAILED'}")
            for words in row["heard"]:
                print(f"    loading says: {words}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
