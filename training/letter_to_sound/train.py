"""Trains the letter-to-sound network on the lexicon, exports it to ONNX and writes the report.

    python -m training.letter_to_sound.train

Resumes from its checkpoint after an interruption. Needs torch, onnx, onnxruntime and numpy.
"""

import argparse
import json
import random
import time
from pathlib import Path

import torch
from torch import Tensor, nn

from speechmesh.frontend.english.pronunciations import WORD_FILES
from training.letter_to_sound.corpus import (
    ENGLISH,
    NOTHING_ID,
    Batch,
    Entry,
    Words,
    is_held_out,
    load_entries,
    phone_inventory,
)
from training.letter_to_sound.export import export
from training.letter_to_sound.model import LetterToSound
from training.letter_to_sound.score import read, read_by_file, score

SEED = 20240611
MODEL = ENGLISH / "data" / "letter_to_sound.onnx"
REPORT = Path(__file__).with_name("report.json")
PEAK_LEARNING_RATE = 2e-3
LABEL_SMOOTHING = 0.1
HELD_OUT_SAMPLE = Path(__file__).parents[2] / "tests" / "unit" / "frontend" / "data" / "heldout_words.tsv"
SAMPLE_WORDS = 500
SCORED_EPOCHS = 5
SAVED = ("network", "average", "optimizer", "schedule")
AVERAGE_DECAY = 0.999


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--batch-size", type=int, default=512, help="words")
    parser.add_argument("--width", type=int, default=192)
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--checkpoint", type=Path, default=Path("/tmp/letter_to_sound.pt"))
    parser.add_argument("--model", type=Path, default=MODEL, help="where to write the ONNX file")
    parser.add_argument("--report", type=Path, default=REPORT)
    return parser.parse_args()


class Trainer:
    """Everything that a checkpoint holds, and one step."""

    def __init__(self, network: LetterToSound, total_steps: int, device: str) -> None:
        self.device = device
        self.network = network.to(device)
        # The exported weights are a running average: worth about what a longer schedule would give.
        self.average = torch.optim.swa_utils.AveragedModel(
            self.network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(AVERAGE_DECAY)
        )
        self.optimizer = torch.optim.AdamW(self.network.parameters(), weight_decay=0.01)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, PEAK_LEARNING_RATE, total_steps=total_steps, pct_start=0.1
        )
        self.epoch = 0
        self.seconds = 0.0

    def step(self, batch: Batch) -> Tensor:
        """One update; returns the loss per phone in nats."""
        self.network.train()
        logits = self.network(batch.letters, batch.before)
        loss = nn.functional.cross_entropy(
            logits.transpose(1, 2), batch.phones, ignore_index=NOTHING_ID, label_smoothing=LABEL_SMOOTHING
        )
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.schedule.step()
        self.average.update_parameters(self.network)
        return loss.detach()

    def save(self, path: Path) -> None:
        """Writes the checkpoint whole or not at all."""
        state = {name: getattr(self, name).state_dict() for name in SAVED}
        torch.save({**state, "epoch": self.epoch, "seconds": self.seconds}, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def load(self, path: Path) -> None:
        """Goes on where the checkpoint stopped."""
        state = torch.load(path, map_location=self.device)
        for name in SAVED:
            getattr(self, name).load_state_dict(state[name])
        self.epoch, self.seconds = state["epoch"], state["seconds"]


def load_network(checkpoint: Path, n_phones: int) -> LetterToSound:
    """The network of a checkpoint, to be run."""
    average = torch.load(checkpoint, map_location="cpu")["average"]
    weights = {name.removeprefix("module."): value for name, value in average.items() if name != "n_averaged"}
    network = LetterToSound(n_phones, width=weights["letter.weight"].shape[1])
    network.load_state_dict(weights)
    return network.eval()


def run_epoch(trainer: Trainer, words: Words, args: argparse.Namespace) -> None:
    """One pass over the training words, with progress."""
    rng = random.Random(SEED + trainer.epoch)
    n_steps = words.n_batches(args.batch_size)
    started = time.monotonic()
    losses = []
    for i, batch in enumerate(words.batches(args.batch_size, rng), start=1):
        losses.append(trainer.step(batch))
        if i % 100 == 0 or i == n_steps:
            loss = float(torch.stack(losses).mean())
            pace_s = (time.monotonic() - started) / i
            left_s = pace_s * (n_steps * (args.epochs - trainer.epoch) - i)
            print(
                f"epoch {trainer.epoch + 1}/{args.epochs} step {i}/{n_steps} "
                f"loss {loss:.3f} left {left_s / 60:.1f} min",
                flush=True,
            )
    trainer.epoch += 1
    trainer.seconds += time.monotonic() - started


def write_sample(held_out: list[Entry]) -> None:
    """The held-out words that the unit test scores the shipped model on."""
    sample = random.Random(SEED).sample(sorted(held_out, key=lambda entry: entry.word), SAMPLE_WORDS)
    lines = sorted(f"{entry.word}\t{' '.join(entry.phones)}\n" for entry in sample)
    HELD_OUT_SAMPLE.write_text("".join(lines), encoding="ascii")


def main() -> None:
    """Trains, exports, reports."""
    args = parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(SEED)
    entries = load_entries()
    phones = phone_inventory(entries)
    held_out = [entry for entry in entries if is_held_out(entry.word)]
    train = Words([entry for entry in entries if not is_held_out(entry.word)], phones, args.device)
    unseen = Words(held_out, phones, args.device)
    network = LetterToSound(len(phones), args.width, args.dropout)
    trainer = Trainer(network, train.n_batches(args.batch_size) * args.epochs, args.device)
    if args.checkpoint.exists():
        trainer.load(args.checkpoint)
    print(f"{train.n_words} words to train on, {unseen.n_words} held out, {len(phones)} phones", flush=True)
    while trainer.epoch < args.epochs:
        run_epoch(trainer, train, args)
        trainer.save(args.checkpoint)
        if trainer.epoch % SCORED_EPOCHS == 0 or trainer.epoch == args.epochs:
            print(f"held out: {score(read(trainer.average.module, unseen, phones))}", flush=True)
    write_sample(held_out)
    export(trainer.average.module, phones, args.model)
    said = read_by_file(args.model, held_out, phones)
    words = {entry.word for entry in load_entries(WORD_FILES[:1])}
    report = {
        "train_words": train.n_words,
        "held_out_words": unseen.n_words,
        "parameters": sum(p.numel() for p in network.parameters()),
        "width": args.width,
        "dropout": args.dropout,
        "epochs": args.epochs,
        "train_minutes": round(trainer.seconds / 60, 1),
        "device": device_name(args),
        "model_bytes": args.model.stat().st_size,
        **score(said),
        "words_that_are_no_names": score([each for each in said if each[0].word in words]),
    }
    args.report.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))


def device_name(args: argparse.Namespace) -> str:
    """What it was trained on."""
    return torch.cuda.get_device_name() if args.device == "cuda" else f"cpu, {args.threads} thread(s)"


if __name__ == "__main__":
    main()
