"""Trains the letter-to-sound network on the lexicon, exports it to ONNX and writes the report.

    python training/letter_to_sound/train.py

Resumes from its checkpoint after an interruption. Needs torch, onnx, onnxruntime and numpy.
"""

import argparse
import json
import random
import time
from pathlib import Path

import torch
from corpus import BLANK_ID, ENGLISH, Batch, Entry, batches, is_held_out, load_entries, phone_inventory
from export import export
from model import LetterToSound
from score import score
from torch import Tensor, nn

SEED = 20240611
MODEL = ENGLISH / "data" / "letter_to_sound.onnx"
REPORT = Path(__file__).with_name("report.json")
PEAK_LEARNING_RATE = 3e-3
HELD_OUT_SAMPLE = Path(__file__).parents[2] / "tests" / "unit" / "frontend" / "data" / "heldout_words.tsv"
SAMPLE_WORDS = 500
SAVED = ("network", "average", "optimizer", "schedule")
EARLY_LOSS_SHARE = 0.3
AVERAGE_DECAY = 0.998


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--batch-size", type=int, default=256, help="words")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--checkpoint", type=Path, default=Path("/tmp/letter_to_sound.pt"))
    return parser.parse_args()


class Trainer:
    """Everything that a checkpoint holds, and one step."""

    def __init__(self, n_phones: int, total_steps: int, device: str) -> None:
        self.device = device
        self.network = LetterToSound(n_phones).to(device)
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

    def step(self, batch: Batch) -> float:
        """One update; returns the loss per word in nats."""
        self.network.train()
        letters = batch.letters.to(self.device)
        final, early = self.network(letters)
        loss = self._loss(final, batch) + EARLY_LOSS_SHARE * self._loss(early, batch)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.schedule.step()
        self.average.update_parameters(self.network)
        return float(loss.detach())

    def _loss(self, logits: Tensor, batch: Batch) -> Tensor:
        log_probs = logits.log_softmax(dim=-1).transpose(0, 1)  # CTC wants time first
        n_words, n_slots, _ = logits.shape
        lengths = torch.full((n_words,), n_slots)
        loss = nn.functional.ctc_loss(
            log_probs, batch.targets.to(self.device), lengths, batch.target_lengths,
            blank=BLANK_ID, reduction="sum", zero_infinity=True,
        )  # fmt: skip
        return loss / n_words

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


def run_epoch(trainer: Trainer, train: list[Entry], phones: list[str], args: argparse.Namespace) -> None:
    """One pass over the training words, with progress."""
    rng = random.Random(SEED + trainer.epoch)
    plan = list(batches(sorted(train, key=lambda entry: entry.word), phones, args.batch_size, rng))
    started, total = time.monotonic(), 0.0
    for i, batch in enumerate(plan, start=1):
        total += trainer.step(batch)
        if i % 50 == 0 or i == len(plan):
            pace_s = (time.monotonic() - started) / i
            left_s = pace_s * (len(plan) * (args.epochs - trainer.epoch) - i)
            print(
                f"epoch {trainer.epoch + 1}/{args.epochs} step {i}/{len(plan)} "
                f"loss {total / i:.3f} left {left_s / 60:.1f} min",
                flush=True,
            )
    trainer.epoch += 1
    trainer.seconds += time.monotonic() - started


def n_steps(train: list[Entry], batch_size: int) -> int:
    """Updates an epoch (each word length rounds up to whole batches)."""
    lengths = [len(entry.word) for entry in train]
    return sum(-(-lengths.count(length) // batch_size) for length in set(lengths))


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
    train = [entry for entry in entries if not is_held_out(entry.word)]
    trainer = Trainer(len(phones), n_steps(train, args.batch_size) * args.epochs, args.device)
    if args.checkpoint.exists():
        trainer.load(args.checkpoint)
    print(f"{len(train)} words to train on, {len(held_out)} held out, {len(phones)} phones", flush=True)
    while trainer.epoch < args.epochs:
        run_epoch(trainer, train, phones, args)
        trainer.save(args.checkpoint)
        print(f"held out: {score(trainer.average.module, held_out, phones)}", flush=True)
    write_sample(held_out)
    export(trainer.average.module, phones, MODEL)
    report = {
        "train_words": len(train),
        "held_out_words": len(held_out),
        "parameters": sum(p.numel() for p in trainer.network.parameters()),
        "epochs": args.epochs,
        "train_minutes": round(trainer.seconds / 60, 1),
        "device": f"{args.device}, {args.threads} thread(s)",
        "model_bytes": MODEL.stat().st_size,
        **score(trainer.average.module, held_out, phones),
    }
    REPORT.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
