"""Sambert's symbols: what a token is made of, and the ids of its parts.

A voice's symbol sequence is upstream's text form, `{phone$tone$syllable_flag$word_segment$emotion$speaker}` with blanks
between; of voices that read bytes `{byte$emotion$speaker}`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from speechmesh.common.errors import Incompatible, InvalidInput

Int64 = npt.NDArray[np.int64]

# Of upstream's language PinYin: Mandarin's initials and finals, finals with r, and English phones; then pauses.
PHONES = tuple(
    """
    a_c ai_c an_c ang_c ao_c b_c c_c ch_c d_c e_c ei_c en_c eng_c er_c f_c g_c h_c i_c ia_c ian_c iang_c
    iao_c ie_c ih_c ii_c in_c ing_c io_c iong_c iou_c j_c k_c l_c m_c n_c o_c ong_c ou_c p_c q_c r_c s_c
    sh_c t_c u_c ua_c uai_c uan_c uang_c uei_c uen_c ueng_c uo_c v_c van_c ve_c vn_c xx_c z_c zh_c w_c y_c
    ga ge go aa ae ah ao aw ay b ch d dh eh er ey f g hh ih iy jh k l m n ng ow oy p r s sh t th uh uw v w y
    z zh air_c angr_c anr_c aor_c ar_c eir_c engr_c enr_c iangr_c ianr_c iaor_c iar_c ier_c ihr_c iir_c
    ingr_c inr_c iongr_c iour_c ir_c ongr_c or_c our_c uair_c uangr_c uanr_c uar_c ueir_c uenr_c uor_c ur_c
    vanr_c ver_c vnr_c vr_c pau #1 #2 #3 #4
    """.split()
)
TONES = tuple("tone1 tone_none tone4 tone2 tone3 tone5 tone0".split())
SYLLABLE_FLAGS = tuple("s_begin s_end s_none s_both s_middle".split())
WORD_SEGMENTS = tuple("word_begin word_end word_middle word_both word_none".split())
EMOTIONS = tuple(
    f"emotion_{name}"
    for name in """
    none neutral angry disgust fear happy sad surprise calm gentle relax lyrical serious disgruntled
    satisfied disappointed excited anxiety jealousy hate pity pleasure arousal dominance
    """.split()
    + [f"placeholder{i}" for i in range(1, 10)]
)
BYTES = tuple(str(i) for i in range(256))
# Padding, end and mask stand behind every table; voices from before KAN-TTS have no mask.
_N_SPECIAL = 3

# The columns of a token's features, by the names of their embeddings in the checkpoint.
FEATURES = {
    "sy_emb": PHONES,
    "tone_emb": TONES,
    "syllable_flag_emb": SYLLABLE_FLAGS,
    "ws_emb": WORD_SEGMENTS,
}
BYTE_FEATURES = {"byte_index_emb": BYTES}

# The names of a token's features in a voice bundle, without the phone, which is the token itself.
BUNDLE_FEATURES = {"tone": TONES, "syllable_flag": SYLLABLE_FLAGS, "word_segment": WORD_SEGMENTS}
# Stands before the phones in a bundle's token table: its id 0 is padding everywhere.
PAD = "<pad>"

_SYMBOL = re.compile(r"\{([^{}\s]+)\}")


@dataclass(frozen=True)
class Encoded:
    """Ids of the features [P, F], emotions [P] and speakers [P] of tokens."""

    features: Int64
    emotion: Int64
    speaker: Int64


@dataclass(frozen=True)
class Symbols:
    """The tables of one voice."""

    speakers: tuple[str, ...]
    reads_bytes: bool = False

    @property
    def features(self) -> dict[str, tuple[str, ...]]:
        """The tables of a token's features by the names of their embeddings."""
        return BYTE_FEATURES if self.reads_bytes else FEATURES

    @property
    def tokens(self) -> tuple[str, ...]:
        """The token table of a bundle; an id is one more than in the checkpoint's tables."""
        return (PAD, *(BYTES if self.reads_bytes else PHONES))

    @property
    def token_features(self) -> dict[str, tuple[str, ...]]:
        """The further tables of a bundle."""
        return {} if self.reads_bytes else BUNDLE_FEATURES

    @cached_property
    def _ids(self) -> list[dict[str, int]]:
        tables = [*self.features.values(), EMOTIONS, self.speakers]
        return [{name: i for i, name in enumerate(table)} for table in tables]

    def encode(self, symbols: Sequence[Sequence[str]]) -> Encoded:
        """Ids of tokens, each given as the names of its parts.

        Raises:
            InvalidInput: naming the token and the part that is not in its table. (Upstream drops unknown phones.)
        """
        kinds = [*self.features, "emotion", "speaker"]
        rows = []
        for place, symbol in enumerate(symbols):
            if len(symbol) != len(kinds):
                raise InvalidInput(f"symbols[{place}]", f"has {len(symbol)} parts, not {len(kinds)}")
            row = []
            for kind, ids, part in zip(kinds, self._ids, symbol, strict=True):
                if part not in ids:
                    raise InvalidInput(f"symbols[{place}]", f"{part!r} is no {kind.removesuffix('_emb')}")
                row.append(ids[part])
            rows.append(row)
        table = np.array(rows, np.int64).reshape(len(rows), len(kinds))
        return Encoded(table[:, :-2], table[:, -2], table[:, -1])

    def check_sizes(self, sizes: dict[str, int], path: object) -> None:
        """Compares the tables with the checkpoint's, which have two or three rows more.

        Raises:
            Incompatible: naming the table that differs.
        """
        expected = {name: len(table) for name, table in self.features.items()}
        expected |= {"emotion": len(EMOTIONS), "speaker": len(self.speakers)}
        for name, size in sizes.items():
            if size - expected[name] not in (_N_SPECIAL - 1, _N_SPECIAL):
                raise Incompatible(
                    f"{path}: the table {name} has {size} rows, but {expected[name]} symbols and two or three more "
                    "are known"
                )


def parse_symbols(text: str) -> list[list[str]]:
    """A symbol sequence in upstream's text form as the parts of each token.

    Raises:
        InvalidInput: when it is none.
    """
    found = _SYMBOL.findall(text)
    if not found or _SYMBOL.sub("", text).strip():
        raise InvalidInput("symbols", "are not tokens in braces, {phone$tone$...}, with blanks between")
    return [symbol.split("$") for symbol in found]
