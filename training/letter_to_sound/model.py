"""The letter-to-sound network: letters in, phones out one after the other, each chosen in the light of those before.

A network that decides all phones at once (CTC) reads 64 % of unseen words right where this reads more: which syllable
carries the stress is one decision over the whole word, and only the phones already said tell what was decided.
"""

import torch
from torch import Tensor, nn

from training.letter_to_sound.corpus import EDGE_ID, LETTERS


class LetterToSound(nn.Module):
    """Letters are read in both directions; two layers of LSTM say the phones, with attention between them.

    The layers below and above the attention see whole sequences at once in training: nothing is fed back but the
    phone before.
    """

    def __init__(self, n_phones: int, width: int = 256, dropout: float = 0.3) -> None:
        super().__init__()
        n_classes = n_phones + 1  # and the word's edge: its end as a choice, its begin as the phone before
        self.letter = nn.Embedding(len(LETTERS) + 1, width)
        self.context = nn.Conv1d(width, width, kernel_size=3, padding=1)
        self.reader = nn.LSTM(width, width, 2, bidirectional=True, batch_first=True, dropout=dropout)
        self.keys = nn.Linear(2 * width, width, bias=False)
        self.values = nn.Linear(2 * width, width)
        self.phone = nn.Embedding(n_classes, width)
        self.below = nn.LSTM(width, width, batch_first=True)
        self.above = nn.LSTM(2 * width, width, batch_first=True)
        self.head = nn.Linear(3 * width, n_classes)
        self.dropout = nn.Dropout(dropout)

    def read(self, letters: Tensor) -> tuple[Tensor, Tensor]:
        """`letters` int64 [B, L] of equal lengths -> keys [B, L, W] and values [B, L, W] to attend to."""
        x = self.letter(letters)
        x = self.dropout(x + torch.relu(self.context(x.transpose(1, 2)).transpose(1, 2)))
        hidden, _ = self.reader(x)
        hidden = self.dropout(hidden)
        return self.keys(hidden), self.values(hidden)

    def forward(self, letters: Tensor, before: Tensor) -> Tensor:
        """`letters` int64 [B, L], `before` int64 [B, P]: the phone before each -> logits [B, P, classes]."""
        keys, values = self.read(letters)
        below, _ = self.below(self.dropout(self.phone(before)))
        below = self.dropout(below)
        heard = attend(below, keys, values)
        above, _ = self.above(torch.cat([below, heard], dim=-1))
        return self.head(torch.cat([self.dropout(above), heard, below], dim=-1))


def attend(query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """`query` [B, P, W], `keys` and `values` [B, L, W] -> [B, P, W]."""
    scores = torch.matmul(query, keys.transpose(1, 2)) * keys.shape[-1] ** -0.5
    return torch.matmul(scores.softmax(dim=-1), values)


class Cell(nn.Module):
    """One step of an LSTM's layer, in operators that a loop's body may hold."""

    def __init__(self, layer: nn.LSTM) -> None:
        super().__init__()
        self.weight = nn.Parameter(
            torch.cat([layer.weight_ih_l0, layer.weight_hh_l0], dim=1).detach().t().contiguous()
        )
        self.bias = nn.Parameter((layer.bias_ih_l0 + layer.bias_hh_l0).detach().clone())

    def forward(self, x: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
        """`x` [B, I], `hidden` and `cell` [B, W] -> the next hidden and cell."""
        gates = torch.matmul(torch.cat([x, hidden], dim=-1), self.weight) + self.bias
        take, forget, new, give = gates.chunk(4, dim=-1)
        cell = torch.sigmoid(forget) * cell + torch.sigmoid(take) * torch.tanh(new)
        return torch.sigmoid(give) * torch.tanh(cell), cell


class Speaker(nn.Module):
    """Says the phones of words that were read: the likeliest each time, until all words have ended."""

    def __init__(self, network: LetterToSound) -> None:
        super().__init__()
        self.phone = network.phone
        self.below, self.above = Cell(network.below), Cell(network.above)
        self.head = network.head
        self.edge = EDGE_ID

    def forward(self, keys: Tensor, values: Tensor) -> Tensor:
        """`keys` and `values` [B, L, W] -> phone ids int64 [B, P], `EDGE_ID` behind the last one of each word."""
        batch, length, width = keys.shape
        below = torch.zeros(batch, width, device=keys.device)
        below_cell, above, above_cell = below, below, below
        last = torch.full((batch,), self.edge, dtype=torch.long, device=keys.device)
        ended = torch.zeros(batch, dtype=torch.bool, device=keys.device)
        said = torch.zeros(batch, 0, dtype=torch.long, device=keys.device)
        goes_on = True
        while goes_on:
            below, below_cell = self.below(self.phone(last), below, below_cell)
            heard = attend_once(below, keys, values)
            above, above_cell = self.above(torch.cat([below, heard], dim=-1), above, above_cell)
            chosen = self.head(torch.cat([above, heard, below], dim=-1)).argmax(dim=-1)
            last = torch.where(ended, torch.full_like(chosen, self.edge), chosen)
            ended = torch.logical_or(ended, last == self.edge)
            said = torch.cat([said, last.unsqueeze(1)], dim=1)
            goes_on = bool(torch.logical_not(ended).any()) and said.shape[1] < 2 * length
        return said


def attend_once(query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """`query` [B, W] -> [B, W]; see attend."""
    scores = torch.matmul(keys, query.unsqueeze(-1)) * keys.shape[-1] ** -0.5  # [B, L, 1]
    return (scores.softmax(dim=1) * values).sum(dim=1)


class Reader(nn.Module):
    """What the network reads from letters, see `LetterToSound.read`."""

    def __init__(self, network: LetterToSound) -> None:
        super().__init__()
        self.network = network

    def forward(self, letters: Tensor) -> tuple[Tensor, Tensor]:
        """`letters` int64 [B, L] -> keys and values."""
        return self.network.read(letters)


class Pronouncer(nn.Module):
    """What is exported: a word's letters to its phones, in one run."""

    def __init__(self, network: LetterToSound) -> None:
        super().__init__()
        letters = torch.ones(2, 8, dtype=torch.long, device=network.head.weight.device)
        self.reader = torch.jit.trace(Reader(network.eval()), letters)
        self.speaker = Speaker(network)

    def forward(self, letters: Tensor) -> Tensor:
        """`letters` int64 [B, L] -> `phones` int64 [B, P], `EDGE_ID` behind the last one of each word."""
        keys, values = self.reader(letters)
        return self.speaker(keys, values)
