"""The teachers: Debian's synthesisers, which tell when each phone ends."""

from __future__ import annotations

from training.voices.settings import EspeakTeacher, FestivalTeacher, FliteTeacher
from training.voices.teachers.espeak import Espeak
from training.voices.teachers.festival import Festival
from training.voices.teachers.flite import Flite
from training.voices.utterance import TeacherVoice


def open_teacher(settings: FliteTeacher | FestivalTeacher | EspeakTeacher) -> TeacherVoice:
    """The teacher of a speaker.

    Raises:
        Incompatible: when it is not installed, saying which Debian package brings it.
    """
    if isinstance(settings, FliteTeacher):
        return Flite(settings)
    if isinstance(settings, FestivalTeacher):
        return Festival(settings)
    return Espeak(settings)
