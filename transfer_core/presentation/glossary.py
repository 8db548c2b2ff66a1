"""Words that somebody new to the field does not know, each with one plain sentence: the one place where they stand.

Pages underline the first use of each; docs/glossary.md lists them all.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Term:
    """A word or phrase; `forms`: further spellings that mean the same. Capitals make no difference."""

    name: str
    sentence: str
    forms: tuple[str, ...] = ()


def term(name: str, sentence: str, *forms: str) -> Term:
    return Term(name=name, sentence=sentence, forms=forms)


GLOSSARY: tuple[Term, ...] = (
    term("activations", "The numbers inside a network while it looks at an image.", "activation"),
    term("AdamW", "A way to take training steps that gives every weight a step size of its own."),
    term(
        *(
            "augmentation",
            "Training images changed at random, by flips, crops or colours, so that what stays is learned.",
        ),
        *("augmented", "augmentations"),
    ),
    term("backbone", "The pretrained network without its last layer: it turns an image into numbers.", "backbones"),
    term("BatchNorm", "Layers that keep a running mean and spread of what passes through them, and even it out."),
    term("batch size", "How many images a training step looks at."),
    term(
        *("bootstrap", "Drawing the test images anew, thousands of times, to see how far a figure moves."),
        *("paired bootstrap", "bootstrapped"),
    ),
    term(
        *("calibration", "Making probabilities honest: of answers given at 80 %, 80 % should be right."),
        *("calibrated", "calibrate"),
    ),
    term("CNN codes", "What the last layer before the head says of an image: a list of numbers.", "codes"),
    term("confusion matrix", "A table of how often each class is taken for each other one."),
    term("CS231n", "Stanford's course on networks that see; its notes on transfer learning name the four scenarios."),
    term("dropout", "Switching off a random part of the numbers at each training step, against learning by heart."),
    term(
        *(
            "early stopping",
            "Ending a training once validation has not improved for a while, and keeping its best epoch.",
        ),
        *("patience",),
    ),
    term(
        *(
            "ECE",
            "Expected calibration error: how far a model's probabilities lie from how often it is right, on average.",
        ),
        *("expected calibration error",),
    ),
    term("ensemble", "Several runs that answer together, with the mean of their probabilities.", "ensembles"),
    term("epoch", "One pass over all training images.", "epochs"),
    term(
        *("features", "The numbers by which a network describes an image."),
        *("feature",),
    ),
    term(
        *("fine-tune", "To train a pretrained network further on your own images."),
        *("fine-tuning", "fine-tuned", "fine-tunes"),
    ),
    term(
        *("folds", "Equal parts of the images, each of which is the test once, so that every image is tested."),
        *("fold", "cross-validated", "cross-validation", "cross-validates"),
    ),
    term("frozen", "Left as it was pretrained; training does not change it.", "freeze", "freezes", "freezing"),
    term("head", "The last layer, which turns the backbone's numbers into your classes.", "heads", "linear head"),
    term("Head2Toe", "A published method (Evci 2022) that fits a linear classifier on features of all layers."),
    term("heat map", "A picture of which places in an image speak for a class.", "heat maps"),
    term("Holm", "A rule that asks for more evidence of each difference the more of them are tested.", "Holm’s rule"),
    term("ImageNet", "1.3 million photos in 1,000 classes, on which most networks are pretrained."),
    term("interval", "The range that the true figure lies in, in 95 of 100 such cases.", "intervals"),
    term(
        "label smoothing",
        "Teaching 90 % for the label in place of 100 %, say, so that a network is less sure of itself.",
    ),
    term(
        *("learning curve", "Accuracy by the number of training images."),
        *("learning curves",),
    ),
    term(
        *(
            "learning rate",
            "How far a training step moves the weights: too little learns slowly, too much breaks them.",
        ),
        *("learning rates",),
    ),
    term(
        *("linear probe", "A linear classifier fitted on the last features of a network that stays as it is."),
        *("linear probes", "probe", "probes"),
    ),
    term("linear SVM", "A linear classifier that keeps the widest gap between classes.", "SVM", "linear SVMs"),
    term("logistic regression", "A linear classifier that gives a probability for each class."),
    term("logit", "A network's score for a class, before it becomes a probability.", "logits"),
    term("log-loss", "How little probability a model gives to the true labels: low is good.", "log loss"),
    term("loss", "What training makes smaller: how wrong a network is, and how sure of it.", "losses"),
    term(
        *("macro-F1", "The mean of F1 over the classes, each counting alike, however many images it has."),
        *("macro F1",),
    ),
    term("F1", "One figure for a class from its recall and its precision: high only where both are."),
    term(
        *("McNemar", "A test of two models on the same images, by those images that one alone has right."),
        *("McNemar’s exact test", "McNemar's exact test", "McNemar's test"),
    ),
    term("multiply-adds", "How much a network computes for an image, which says how fast it is."),
    term(
        *("near-duplicates", "One picture stored again: scaled, brightened, cropped a little, flipped or turned."),
        *("near-duplicate",),
    ),
    term("ONNX", "A file format for networks that many programs can run."),
    term("optimizer", "The rule by which training steps change the weights."),
    term(
        *("pilots", "Short trainings of each candidate that race on validation images, to see which to train in full."),
        *("pilot",),
    ),
    term("precision", "Of the images that are named a class, the share that belongs to it."),
    term("pretrained", "Trained before, on other images, most often those of ImageNet.", "pretraining"),
    term("range test", "A few training steps at ever larger learning rates, to see where the loss falls and breaks."),
    term("recall", "Of the images that belong to a class, the share that is found."),
    term("recipe", "All settings of a run, by which it can be trained again.", "recipes"),
    term("scenario", "One of the flowchart's four cases: few or many images, similar to ImageNet or not.", "scenarios"),
    term("seed", "The number that all random choices follow from: another one shows how much they matter.", "seeds"),
    term("SGD", "Stochastic gradient descent: training steps that go downhill on the loss of a few images each."),
    term(
        *("significant", "Too large a difference to come from which images happen to be in the test."),
        *("significantly", "significance"),
    ),
    term("slide 96", "The slide of the course CS5720, week 5, that draws the decision flowchart.", "CS5720"),
    term("softmax", "The formula that turns the scores of all classes into probabilities."),
    term(
        "solver", "The program that fits a linear classifier; it needs no learning rate and ends by itself.", "solvers"
    ),
    term(
        *("splits", "The parts of the images: to train on, to choose by (validation), and to judge by (test)."),
        *("split", "validation", "test split", "validation split"),
    ),
    term("tap", "A named place in a network where its numbers are taken: an earlier or a later layer.", "taps"),
    term("temperature", "The number that logits are divided by so that the probabilities are honest."),
    term("top-1", "The share of images whose likeliest class is the right one."),
    term("transfer learning", "Using a network that was trained on other images as the start for your own."),
    term("warm-up", "The first training steps, in which the learning rate grows from almost nothing."),
    term("weight decay", "Pulling all weights a little towards zero at each step, against learning by heart."),
    term("weights", "The numbers of a network that training changes."),
)


def ordered() -> tuple[Term, ...]:
    """By name, as a dictionary has them."""
    return tuple(sorted(GLOSSARY, key=lambda each: each.name.casefold()))


def markdown() -> str:
    """docs/glossary.md."""
    lines = [f"- **{each.name}**: {each.sentence}" for each in ordered()]
    head = "Words that Graft's pages underline, and what they mean. `python -m tools.glossary` writes this file."
    return "\n".join(["# Glossary", "", head, "", *lines, ""])
