"""Puts exported tiers into a voice bundle: files, and the `vocoders` block of voice.yaml; the rest stays as it is."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml
from pydantic import ValidationError

from speechmesh.common.bundle import Tier, VocoderConfig, VoiceConfig, load_bundle
from speechmesh.common.errors import Incompatible
from speechmesh.vocoder.export.card import Card
from speechmesh.vocoder.export.description import MODEL_FILE
from speechmesh.vocoder.export.fingerprint import file_sha256
from speechmesh.vocoder.export.options import TIERS

_BLOCK = "vocoders"


def place_in_voice(card: Card, out: Path, folder: Path) -> bool:
    """Puts the tiers of an export into a voice; whether anything changed.

    Raises:
        Incompatible: naming the fields in which the feature spaces differ, or when voice.yaml cannot be changed; the
            voice is then as it was.
    """
    bundle = load_bundle(folder)
    bundle.config.feature_space.require_equal(card.feature_space, f"--voice {folder} and {card.source.file}")
    files = {tier: f"vocoder.{tier}.onnx" for tier in card.tiers}
    vocoders: dict[Tier, VocoderConfig] = dict(bundle.config.vocoders)
    vocoders |= {tier: card.config(tier, file) for tier, file in files.items()}
    path, text = folder / "voice.yaml", ""
    if vocoders != bundle.config.vocoders:
        # Before any model is replaced: the old block may not fit the new ones.
        text = with_vocoders(path.read_text(encoding="utf-8"), vocoders, path)
        _require_equal_rest(text, bundle.config, vocoders, path)
    changed = False
    for tier, of_tier in card.tiers.items():
        file = files[tier]
        target = folder / file
        if not target.is_file() or file_sha256(target) != of_tier.sha256:
            partial = folder / f".{file}.partial"
            shutil.copyfile(out / card.model_name(tier) / MODEL_FILE, partial)
            partial.replace(target)
            changed = True
    if not text:
        return changed
    partial = folder / ".voice.yaml.partial"
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
    return True


def with_vocoders(text: str, vocoders: dict[Tier, VocoderConfig], path: Path = Path("voice.yaml")) -> str:
    """A voice.yaml with another `vocoders` block, every other character as it was.

    Raises:
        Incompatible: when there is no such block on the top level.
    """
    root = yaml.compose(text)
    keys = (
        [key for key, _ in root.value] if isinstance(root, yaml.MappingNode) and not root.flow_style else []
    )
    index = next((i for i, key in enumerate(keys) if key.value == _BLOCK), None)
    if index is None:
        raise Incompatible(f"{path} has no block `{_BLOCK}` to replace")
    start = keys[index].start_mark.index
    end = keys[index + 1].start_mark.index if index + 1 < len(keys) else len(text)
    old = text[start:end]
    # Comments and blank lines before the next key belong to that one.
    return text[:start] + _block(vocoders) + "".join(_trailing(old.splitlines(keepends=True))) + text[end:]


def _trailing(lines: list[str]) -> list[str]:
    first = len(lines)
    while first > 1 and (not lines[first - 1].strip() or lines[first - 1].startswith(("#", "...", "---"))):
        first -= 1
    return lines[first:]


def _block(vocoders: dict[Tier, VocoderConfig]) -> str:
    values = {
        tier: vocoders[tier].model_dump(mode="json", exclude_defaults=True, exclude_none=True)
        for tier in TIERS
        if tier in vocoders
    }
    return yaml.safe_dump({_BLOCK: values}, sort_keys=False, default_flow_style=None, width=110)


def _require_equal_rest(text: str, old: VoiceConfig, vocoders: dict[Tier, VocoderConfig], path: Path) -> None:
    """That the new text says what the old one said, but for the vocoders: the file is somebody's own."""
    try:
        new = VoiceConfig.model_validate(yaml.safe_load(text))
    except (yaml.YAMLError, ValidationError) as error:
        raise Incompatible(f"{path}: its `{_BLOCK}` block cannot be replaced: {error}") from None
    if new != old.model_copy(update={"vocoders": vocoders}):
        raise Incompatible(f"{path}: its `{_BLOCK}` block cannot be replaced without a change of the rest")
