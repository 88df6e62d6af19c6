"""`vocoder.yaml`: how an exported vocoder streams and what it takes, for use without a voice bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from speechmesh.common.bundle import VocoderConfig
from speechmesh.common.errors import Incompatible
from speechmesh.common.features import FeatureSpace

FILE_NAME = "vocoder.yaml"
MODEL_FILE = "1/model.onnx"


class VocoderDescription(BaseModel):
    """The content of vocoder.yaml; `vocoder.model` is relative to its folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    name: str
    vocoder: VocoderConfig
    feature_space: FeatureSpace

    @property
    def config(self) -> VocoderConfig:
        """How it streams; see ServedVocoder."""
        return self.vocoder

    @property
    def n_mels(self) -> int:
        """M: values in a frame."""
        return self.feature_space.n_mels

    def write(self, folder: Path) -> None:
        """Writes vocoder.yaml into `folder`."""
        values = self.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
        text = yaml.safe_dump(
            {"format": self.format} | values, sort_keys=False, default_flow_style=None, width=110
        )
        (folder / FILE_NAME).write_text(text, encoding="utf-8")


def load_description(folder: Path) -> VocoderDescription:
    """The description in an exported vocoder's folder.

    Raises:
        Incompatible: naming the file and the field that is wrong.
    """
    path = folder / FILE_NAME
    try:
        return VocoderDescription.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise Incompatible(f"{path}: {error.strerror}") from None
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise Incompatible(f"{path}: {problems}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # see load_bundle
        raise Incompatible(f"{path}: not YAML: {error}") from None
