"""Loads what `graft export` wrote in the programs that it is for, and compares their answers with Graft's.

    python check_exports.py [--expected FILE] [--base DIR] [--source DIR] [--json] DIR [DIR ...]

Each DIR is the folder of one target; the programs that this Python lacks are named and left out. Without --expected the
texts and answers are those of verification.json; FILE holds {"texts": [...], "logits": [[...]], "vectors": [[...]]}.
Logits and scores (what a pipeline gives) or vectors are compared; prints the largest differences, fails beyond the limit.
"""

import argparse
import importlib.util
import json
import os
import sys

import numpy as np

# Of a logit or an element of a vector, as a share of the largest one (at least 1); int8 is held by its scores alone.
LIMITS = {"fp32": 1e-4, "fp16": 2e-2, "bf16": 0.16, "int8": np.inf}
SCORE_LIMITS = {"fp32": 1e-4, "fp16": 1e-2, "bf16": 0.08, "int8": 0.1}


def softmax(logits):
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def tokenized(folder, case, kind):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    for text in case["texts"]:
        yield tokenizer([text], truncation=True, max_length=case["max_length"], return_tensors=kind)


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

    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32)
    yield "transformers", classifier(model, AutoTokenizer.from_pretrained(folder), case)


def peft(folder, case, base):
    import torch
    from peft import PeftModel
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    labels = dict(enumerate(case["labels"]))
    model = AutoModelForSequenceClassification.from_pretrained(
        base, id2label=labels, label2id={name: id for id, name in labels.items()}, dtype=torch.float32,
        ignore_mismatched_sizes=True,
    )
    model = PeftModel.from_pretrained(model, folder)
    yield "peft", classifier(model, AutoTokenizer.from_pretrained(base), case)


def onnx(folder, case, _):
    import onnxruntime

    (name,) = os.listdir(os.path.join(folder, "onnx"))
    session = onnxruntime.InferenceSession(os.path.join(folder, "onnx", name))
    feeds = ({key: ids.astype("int64") for key, ids in inputs.items()} for inputs in tokenized(folder, case, "np"))
    yield "onnxruntime", of_logits([session.run(["logits"], feed)[0][0] for feed in feeds])


def savedmodel(folder, case, _):
    import tensorflow as tf

    loaded = tf.saved_model.load(folder)
    answer = loaded.signatures["serving_default"]
    feeds = ({key: tf.constant(ids, tf.int32) for key, ids in inputs.items()} for inputs in tokenized(folder, case, "np"))
    yield "tensorflow", of_logits([answer(**feed)["logits"][0].numpy() for feed in feeds])


def embedding(folder, case, _):
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers import AutoModel

    kept = {"dtype": "float32"}
    vectors = SentenceTransformer(folder, model_kwargs=kept).encode(case["texts"])
    yield "sentence-transformers", {"vectors": vectors}
    if case["source"]:
        source = SentenceTransformer(case["source"], model_kwargs=kept).encode(case["texts"])
        yield "sentence-transformers, its source", {"vectors": source}
    model = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    with open(os.path.join(folder, "modules.json"), encoding="utf-8") as file:
        normalized = any(module["type"].endswith("Normalize") for module in json.load(file))
    pooled = []
    for inputs in tokenized(folder, case, "pt"):
        with torch.no_grad():
            hidden = model(**inputs).last_hidden_state[0]
        vector = hidden[0] if case["pooling"] == "cls" else hidden.mean(0)
        pooled.append((torch.nn.functional.normalize(vector, dim=0) if normalized else vector).numpy())
    yield "transformers", {"vectors": np.array(pooled)}


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
    for consumer, found in answer(folder, case, args.base):
        row = {"target": target, "consumer": consumer, "texts": len(case["texts"]), "passed": True}
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
    sys.exit(failed)


if __name__ == "__main__":
    main()
