"""Makes fixtures/metrics/cases.json: logits, labels and what scikit-learn says of them.

    python bench/reference/make_metrics_cases.py
"""

import json
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn import metrics

ROOT = Path(__file__).resolve().parents[2]
warnings.simplefilter("ignore")  # undefined cases are the point of this file


def none_if_nan(value):
    return None if np.isnan(value) else float(value)


def case(name, logits, labels):
    # Four decimals keep the file small; the engine's logits are float32, the arithmetic after them float64.
    logits = np.round(np.asarray(logits, dtype=np.float64), 4)
    z = logits.astype(np.float32).astype(np.float64)
    y = np.asarray(labels)
    n, k = z.shape
    every = list(range(k))
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    predicted = z.argmax(axis=1)
    expected = {"accuracy": metrics.accuracy_score(y, predicted)}
    for average in ("macro", "micro", "weighted"):
        scores = metrics.precision_recall_fscore_support(y, predicted, average=average, zero_division=0)
        for key, value in zip(("precision", "recall", "f1"), scores):
            expected[f"{key}_{average}"] = float(value)
    expected["mcc"] = metrics.matthews_corrcoef(y, predicted)
    for key, average in (("roc_auc", "macro"), ("roc_auc_weighted", "weighted")):
        if k == 2:
            expected[key] = none_if_nan(metrics.roc_auc_score(y, p[:, 1], average=average))
        else:
            try:
                value = metrics.roc_auc_score(y, p, multi_class="ovr", average=average, labels=every)
            except ValueError:  # a single class throughout
                value = np.nan
            expected[key] = none_if_nan(value)
    expected["log_loss"] = metrics.log_loss(y, p, labels=every)
    per_class = metrics.precision_recall_fscore_support(y, predicted, labels=every, zero_division=0)
    expected["per_class"] = [
        {"label": f"class {i}", "precision": float(a), "recall": float(b), "f1": float(f), "support": int(s)}
        for i, (a, b, f, s) in enumerate(zip(*per_class))
    ]
    expected["confusion_matrix"] = metrics.confusion_matrix(y, predicted, labels=every).tolist()
    return {
        "name": name,
        "num_labels": k,
        "logits": logits.ravel().tolist(),
        "labels": y.tolist(),
        "probabilities": p[:3].ravel().tolist(),
        "predictions": predicted.tolist(),
        "expected": expected,
    }


def noisy(rng, labels, k, strength):
    """Logits that favour the true label by `strength` standard deviations."""
    logits = rng.normal(size=(len(labels), k))
    logits[np.arange(len(labels)), labels] += strength
    return logits


def main():
    rng = np.random.default_rng(7)
    two = rng.permutation(np.repeat([0, 1], 30))
    rare = (rng.random(80) < 0.1).astype(int)
    five = rng.permutation(np.repeat(np.arange(5), 16))
    no_two = rng.choice([0, 1, 3, 4], size=60)
    twenty = rng.permutation(np.repeat(np.arange(20), 8))
    some_of_twenty = rng.integers(0, 9, size=40)
    never = noisy(rng, five, 5, 1.0)
    never[:, 3] = -9.0
    neither = noisy(rng, no_two, 5, 1.5)
    neither[:, 2] = -9.0
    uniform = np.zeros((40, 4))
    cases = [
        case("two balanced classes", noisy(rng, two, 2, 1.0), two),
        case("two classes, one of them rare", noisy(rng, rare, 2, 0.7), rare),
        case("two classes, only the first present", noisy(rng, np.zeros(20, int), 2, 0.5), np.zeros(20, int)),
        case("two classes, only the second present and predicted", np.tile([-1.0, 2.0], (6, 1)), np.ones(6, int)),
        case("two classes, many equal scores", np.round(noisy(rng, two, 2, 0.8)), two),
        case("two classes, every answer wrong", noisy(rng, 1 - two, 2, 30.0), two),
        case("two classes, logits far beyond saturation", noisy(rng, two, 2, 0.5) * 60, two),
        case("five balanced classes", noisy(rng, five, 5, 1.2), five),
        case("five classes, one never predicted", never, five),
        case("five classes, one absent but predicted", noisy(rng, no_two, 5, 0.5), no_two),
        case("five classes, one neither present nor predicted", neither, no_two),
        case("five classes, all rows of one", noisy(rng, np.full(15, 2), 5, 1.0), np.full(15, 2)),
        case("four classes, all scores equal", uniform, rng.integers(0, 4, size=40)),
        case("twenty classes", noisy(rng, twenty, 20, 2.0), twenty),
        case("twenty classes, most absent", noisy(rng, some_of_twenty, 20, 2.0), some_of_twenty),
        case("one row", [[0.3, -0.2, 1.1]], [2]),
    ]
    target = ROOT / "fixtures" / "metrics" / "cases.json"
    rows = ",\n".join(json.dumps(c) for c in cases)
    target.write_text(f'{{"scikit_learn": "{sklearn.__version__}", "cases": [\n{rows}\n]}}\n')
    print(f"{len(cases)} cases, {target.stat().st_size} bytes: {target}")


if __name__ == "__main__":
    main()
