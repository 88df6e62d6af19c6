"""The letter-to-sound network: letters in, CTC phone slots out, all at once."""

import torch
from corpus import LETTERS, SLOTS_PER_LETTER
from torch import Tensor, nn


class LetterToSound(nn.Module):
    """Two bidirectional LSTM layers; the second hears what the first would have said.

    Feeding an intermediate CTC output back is self-conditioned CTC (Nozaki and Komatsu, 2021,
    https://arxiv.org/abs/2104.02724): slots that are decided independently would else disagree, above all
    on which syllable carries the stress.
    """

    def __init__(self, n_phones: int, width: int = 160, dropout: float = 0.1) -> None:
        super().__init__()
        n_classes = n_phones + 1
        self.n_classes = n_classes
        self.embed = nn.Embedding(len(LETTERS) + 1, width)
        self.context = nn.Conv1d(width, width, kernel_size=3, padding=1)
        self.first = nn.LSTM(width, width, bidirectional=True, batch_first=True)
        self.narrow = nn.Linear(2 * width, width)
        self.second = nn.LSTM(width, width, bidirectional=True, batch_first=True)
        self.head = nn.Linear(2 * width, SLOTS_PER_LETTER * n_classes)
        self.heard = nn.Linear(SLOTS_PER_LETTER * n_classes, width)
        self.dropout = nn.Dropout(dropout)

    def _slots(self, hidden: Tensor) -> Tensor:
        """[B, L, 2 * width] -> logits [B, L, slots, classes]."""
        batch, length, _ = hidden.shape
        return self.head(hidden).view(batch, length, SLOTS_PER_LETTER, self.n_classes)

    def forward(self, letters: Tensor) -> tuple[Tensor, Tensor]:
        """`letters` int64 [B, L] -> logits [B, 2L, classes], final and intermediate."""
        batch, length = letters.shape
        x = self.embed(letters)
        x = x + torch.relu(self.context(x.transpose(1, 2)).transpose(1, 2))
        hidden, _ = self.first(self.dropout(x))
        early = self._slots(hidden)
        said = torch.softmax(early, dim=-1).view(batch, length, -1)
        x = self.narrow(self.dropout(hidden)) + self.heard(said)
        again, _ = self.second(self.dropout(x))
        final = self._slots(self.dropout(again + hidden))
        shape = (batch, length * SLOTS_PER_LETTER, self.n_classes)
        return final.reshape(shape), early.reshape(shape)


class Decider(nn.Module):
    """What is exported: the likeliest class of every slot, so that no logits cross the runtime's border."""

    def __init__(self, network: LetterToSound) -> None:
        super().__init__()
        self.network = network

    def forward(self, letters: Tensor) -> Tensor:
        """`letters` int64 [B, L] -> `slots` int64 [B, 2L]; 0 is blank."""
        return self.network(letters)[0].argmax(dim=-1)
