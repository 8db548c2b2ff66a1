"""One training by fastai as its users write it, in a Python that has fastai: called by `benchmarks.peer_fastai`.

`python fastai_side.py FOLDER SEED EPOCHS` with FOLDER/{train,val,test}/<class>/*; prints one JSON object.
"""

import json
import sys
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")


def main() -> None:
    from fastai.vision.all import (
        ImageDataLoaders,
        Resize,
        accuracy,
        aug_transforms,
        get_image_files,
        set_seed,
        squeezenet1_1,
        vision_learner,
    )

    folder, seed, epochs = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    set_seed(seed)
    loaders = ImageDataLoaders.from_folder(
        folder, train="train", valid="val", bs=32, item_tfms=Resize(224), batch_tfms=aug_transforms(), num_workers=2
    )
    learner = vision_learner(loaders, squeezenet1_1, metrics=accuracy)
    with learner.no_bar(), learner.no_logging():
        learner.fine_tune(epochs - 1)  # after one epoch of the head alone
        test = loaders.test_dl(get_image_files(folder / "test"), with_labels=True)
        predictions, labels = learner.get_preds(dl=test)
    print(json.dumps({"test_accuracy": float((predictions.argmax(1) == labels).float().mean())}))


if __name__ == "__main__":
    main()
