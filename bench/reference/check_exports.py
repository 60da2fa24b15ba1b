"""Loads what `graft export` wrote in Python and compares its answers with those in verification.json.

    python check_exports.py DIR [DIR ...]

Each DIR is the folder of one target. Needs what the target is for: transformers and torch (hf), peft (peft, with
--base), onnxruntime, tensorflow, sentence-transformers. Prints the largest difference; fails beyond the tolerance.
"""

import argparse
import json
import os
import sys

import numpy as np

TOLERANCE = {"fp32": 1e-4, "fp16": 2e-2, "bf16": 0.16, "int8": np.inf}


def tokens(folder, proof):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    for case in proof["fixed"]:
        yield tokenizer([case["text"]], truncation=True, max_length=proof["max_length"], return_tensors="np")


def onnx(folder, proof, _):
    import onnxruntime

    (name,) = os.listdir(os.path.join(folder, "onnx"))
    session = onnxruntime.InferenceSession(os.path.join(folder, "onnx", name))
    for inputs in tokens(folder, proof):
        yield session.run(["logits"], {key: ids.astype("int64") for key, ids in inputs.items()})[0][0]


def savedmodel(folder, proof, _):
    import tensorflow as tf

    loaded = tf.saved_model.load(folder)
    answer = loaded.signatures["serving_default"]
    for inputs in tokens(folder, proof):
        yield answer(**{key: tf.constant(ids, tf.int32) for key, ids in inputs.items()})["logits"][0].numpy()


def transformers_logits(model, tokenizer, proof):
    import torch

    model.eval()
    for case in proof["fixed"]:
        inputs = tokenizer([case["text"]], truncation=True, max_length=proof["max_length"], return_tensors="pt")
        with torch.no_grad():
            yield model(**inputs).logits[0].float().numpy()


def hf(folder, proof, _):
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32)
    return transformers_logits(model, AutoTokenizer.from_pretrained(folder), proof)


def peft(folder, proof, base):
    from peft import PeftModel
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    labels = len(proof["labels"])
    model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=labels, ignore_mismatched_sizes=True)
    return transformers_logits(PeftModel.from_pretrained(model, folder), AutoTokenizer.from_pretrained(base), proof)


def embedding(folder, proof, _):
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(folder, model_kwargs={"dtype": "float32"})
    return model.encode([case["text"] for case in proof["fixed"]], normalize_embeddings=False)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--base", help="the base model's folder, for an adapter")
    args = parser.parse_args()
    failed = False
    for folder in args.folders:
        with open(os.path.join(folder, "verification.json"), encoding="utf-8") as file:
            proof = json.load(file)
        target = proof["target"]
        answer = onnx if target.startswith("onnx") else globals()[target]
        precision = {"onnx-fp16": "fp16", "onnx-int8": "int8", "hf": proof["precision"]}.get(target, "fp32")
        wanted = np.array([case["values"] for case in proof["fixed"]])
        found = np.array(list(answer(folder, proof, args.base)))
        difference = float(np.abs(wanted - found).max())
        same = int((wanted.argmax(1) == found.argmax(1)).sum())
        limit = TOLERANCE[precision] * max(1.0, float(np.abs(wanted).max()))
        failed |= not difference <= limit
        print(f"{target}: largest difference {difference:.2e} (limit {limit:.1e}), same answers {same} of {len(wanted)}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
