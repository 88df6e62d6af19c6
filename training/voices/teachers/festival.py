"""festival's voices, through its Scheme."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from speechmesh.common.errors import Incompatible
from training.voices.corpus import Sentence
from training.voices.settings import FestivalTeacher
from training.voices.teachers.labels import read_spoken
from training.voices.utterance import Spoken

_VOICES = Path("/usr/share/festival/voices")

# A phone ends its word when nothing follows it in its syllable, nor its syllable in the word; a pause is in none.
_SCHEME = """
(define (phone_line item file)
  (let ((word (item.feat item "R:SylStructure.parent.parent.name")))
    (format file "%s %s %s %d\\n"
      (item.feat item "end") (item.name item) (item.feat item "R:SylStructure.parent.stress")
      (if (and (not (string-equal word "0"))
               (string-equal (item.feat item "R:SylStructure.n.name") "0")
               (string-equal (item.feat item "R:SylStructure.parent.n.name") "0"))
          1 0))))
(define (teach id text)
  (let ((utt (utt.synth (eval (list 'Utterance 'Text text)))) (file nil))
    (utt.save.wave utt (string-append folder "/" id ".wav") 'riff)
    (set! file (fopen (string-append folder "/" id ".lab") "w"))
    (mapcar (lambda (item) (phone_line item file)) (utt.relation.items utt 'Segment))
    (fclose file)))
"""


def festival_missing(voice: str) -> str:
    """Why a voice cannot be used; empty when it can."""
    if shutil.which("festival") is None:
        return "festival is not installed: apt-get install festival"
    name = voice.removeprefix("voice_")
    if not any(_VOICES.glob(f"*/{name}")):
        return f"festival has no voice {name}: apt-get install festvox-us-slt-hts, for example"
    return ""


class Festival:
    """One of festival's voices."""

    def __init__(self, settings: FestivalTeacher) -> None:
        """Checks that it is there.

        Raises:
            Incompatible: when it is not.
        """
        if missing := festival_missing(settings.voice):
            raise Incompatible(missing)
        self._settings = settings

    def speak(self, sentences: Sequence[Sentence]) -> list[Spoken]:
        """Speaks sentences; slower by as much as resampling will make them faster."""
        with tempfile.TemporaryDirectory(prefix="festival.") as folder:
            calls = [f"(teach {json.dumps(s.id)} {json.dumps(s.text)})" for s in sentences]
            script = Path(folder) / "teach.scm"
            script.write_text("\n".join([self._set_up(folder), _SCHEME, *calls, ""]), encoding="ascii")
            subprocess.run(["festival", "-b", str(script)], check=True, capture_output=True)
            spoken = (read_spoken(sentence, Path(folder)) for sentence in sentences)
            return [one for one in spoken if one is not None]

    def _set_up(self, folder: str) -> str:
        pace = self._settings.resample
        return "\n".join(
            [
                f"({self._settings.voice})",
                f"(set! folder {json.dumps(folder)})",
                f"(Parameter.set 'Duration_Stretch {pace:.4f})",
                # HTS voices do not listen to that; their engine has a speed of its own.
                '(if (string-equal (Parameter.get \'Synth_Method) "HTS")'
                f' (set! hts_engine_params (append hts_engine_params (list (list "-r" {1.0 / pace:.4f})))))',
            ]
        )
