"""Makes a small random encoder of each type, and an adapter over it that PEFT trained, with the logits of both together.

    python make_architectures.py --golden DIR --texts FILE --output DIR TYPE=TARGET,TARGET [...]

TYPE is a model_type, the TARGETs the layers that LoRA adapts. Writes OUTPUT/TYPE/model (a bare encoder, no head),
OUTPUT/TYPE/adapter and OUTPUT/TYPE/expected.json. Sizes and tokenizers are those of DIR/models/TYPE. FILE: a JSON list.
"""

import argparse
import json
import os
import shutil

import torch
from peft import LoraConfig, TaskType, get_peft_model
from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification, AutoTokenizer
from transformers.utils import logging

# Types without a golden model: whose tokenizer they take, and their sizes.
SMALL = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 64}
OTHERS = {
    "camembert": ("xlm-roberta", {}),
    "eurobert": ("modernbert", {"num_key_value_heads": 2, "max_position_embeddings": 66}),
    "nomic_bert": ("bert", {"max_position_embeddings": 66}),
}
LABELS = 5


def make_encoder(golden, kind, folder):
    source, sizes = OTHERS.get(kind, (kind, None))
    source = os.path.join(golden, "models", source)
    if sizes is None:
        config = AutoConfig.from_pretrained(source)
    else:
        kept = AutoConfig.from_pretrained(source).to_dict()
        keys = ("vocab_size", "pad_token_id", "bos_token_id", "eos_token_id", "max_position_embeddings", "type_vocab_size")
        config = AutoConfig.for_model(kind, **{key: kept[key] for key in keys if key in kept} | SMALL | sizes)
        config.initializer_range = 0.3
    config.architectures = None
    for key in ("bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id", "mask_token_id"):
        if (getattr(config, key, None) or 0) >= config.vocab_size:  # of the base checkpoint's own tokenizer
            setattr(config, key, None)
    model = AutoModel.from_config(config).float()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 1:  # biases of 0 and scales of 1 would hide that they are used
                parameter += 0.2 * torch.randn_like(parameter)
    model.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(os.path.join(source, name), folder)


def train_adapter(folder, targets, texts):
    model, info = AutoModelForSequenceClassification.from_pretrained(
        os.path.join(folder, "model"), num_labels=LABELS, output_loading_info=True
    )
    tokenizer = AutoTokenizer.from_pretrained(os.path.join(folder, "model"))
    # PEFT saves `classifier` and `score` by itself; what else the encoder's file lacks would be lost.
    new = {key.rpartition(".")[0] for key in info["missing_keys"]}
    saved = sorted(name for name in new if name.split(".")[0] not in ("classifier", "score", "pre_classifier"))
    lora = LoraConfig(
        task_type=TaskType.SEQ_CLS, r=4, lora_alpha=8, target_modules=targets, modules_to_save=saved or None
    )
    model = get_peft_model(model, lora).train()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-2)
    cut = {"truncation": True, "max_length": 32}
    for step in range(4):
        inputs = tokenizer(texts, padding=True, return_tensors="pt", **cut)
        labels = torch.arange(len(texts)) % LABELS
        model(**inputs, labels=labels).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.eval().save_pretrained(os.path.join(folder, "adapter"))
    with torch.inference_mode():
        logits = [model(**tokenizer([text], return_tensors="pt", **cut)).logits[0].tolist() for text in texts]
    with open(os.path.join(folder, "expected.json"), "w", encoding="utf-8") as file:
        json.dump({"max_length": cut["max_length"], "logits": logits}, file)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--golden", required=True)
    parser.add_argument("--texts", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("types", nargs="+")
    args = parser.parse_args()
    with open(args.texts, encoding="utf-8") as file:
        texts = json.load(file)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    for i, named in enumerate(args.types):
        kind, targets = named.split("=")
        torch.manual_seed(i)
        folder = os.path.join(args.output, kind)
        make_encoder(args.golden, kind, os.path.join(folder, "model"))
        train_adapter(folder, targets.split(","), texts)


if __name__ == "__main__":
    main()
