"""Makes a model folder of BERT-base's shape (110 M parameters) with random weights, for timing steps.

    python make_bert_base.py --tokenizer DIR --output DIR

The tokenizer files are copied from a checkpoint with the same vocabulary of 30,522 entries.
"""

import argparse
import os
import shutil

import torch
from transformers import BertConfig, BertModel


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--output", required=True)
    args = parser.parse_args()

    unfinished = f"{args.output}.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    torch.manual_seed(42)
    BertModel(BertConfig()).save_pretrained(unfinished)
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
        if os.path.exists(source := os.path.join(args.tokenizer, name)):
            shutil.copy(source, unfinished)
    os.rename(unfinished, args.output)


if __name__ == "__main__":
    main()
