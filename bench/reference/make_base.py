"""Makes a model folder of the size of an architecture's base checkpoint, with random weights, for timing steps.

    python make_base.py --architecture NAME --output DIR

NAME is a model_type. No tokenizer: token ids are drawn.
"""

import argparse
import os
import shutil

import torch
from transformers import AutoConfig, AutoModel

ROBERTA = {"max_position_embeddings": 514, "type_vocab_size": 1, "layer_norm_eps": 1e-5}
SIZE = {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072}

# What the config.json of each base checkpoint says beside the defaults of its configuration class.
BASES = {
    "bert": {},  # bert-base-uncased
    "roberta": ROBERTA | {"vocab_size": 50265},
    "xlm-roberta": ROBERTA | {"vocab_size": 250002},
    "camembert": ROBERTA | {"vocab_size": 32005},
    "distilbert": {},  # distilbert-base-uncased
    "electra": SIZE | {"embedding_size": 768},  # electra-base-discriminator
    "mpnet": {"vocab_size": 30527, "max_position_embeddings": 514, "layer_norm_eps": 1e-5},
    "albert": SIZE | {"hidden_dropout_prob": 0, "attention_probs_dropout_prob": 0},  # albert-base-v2
    "deberta-v2": SIZE  # deberta-v3-base
    | {"vocab_size": 128100, "type_vocab_size": 0, "layer_norm_eps": 1e-7, "norm_rel_ebd": "layer_norm"}
    | {"relative_attention": True, "position_buckets": 256, "max_relative_positions": -1, "share_att_key": True}
    | {"pos_att_type": ["p2c", "c2p"], "position_biased_input": False},
    "modernbert": {"classifier_pooling": "mean"},  # ModernBERT-base
    "eurobert": SIZE,  # EuroBERT-210m
    "nomic_bert": SIZE | {"vocab_size": 30528},  # nomic-embed-text-v1.5
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--architecture", required=True, choices=sorted(BASES))
    parser.add_argument("--output", required=True)
    args = parser.parse_args()

    unfinished = f"{args.output}.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    torch.manual_seed(42)
    AutoModel.from_config(AutoConfig.for_model(args.architecture, **BASES[args.architecture])).save_pretrained(unfinished)
    os.rename(unfinished, args.output)


if __name__ == "__main__":
    main()
