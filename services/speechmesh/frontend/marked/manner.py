"""How a text is spoken: what its markup says of it, as far as these voices can do it."""

from __future__ import annotations

from speechmesh.frontend.casting import Role
from speechmesh.frontend.marked.text_warnings import TextWarnings
from speechmesh.frontend.segment import Manner
from speechmesh.frontend.ssml.place import shown
from speechmesh.frontend.ssml.script import Emphasis, Text

# Emphasis by what these voices can do: slower and with more effort, or the other way.
_EMPHASIS = {
    Emphasis.STRONG: Manner(rate=0.88, energy_db=4.0, pitch_semitones=1.0),
    Emphasis.MODERATE: Manner(rate=0.94, energy_db=2.0, pitch_semitones=0.5),
    Emphasis.REDUCED: Manner(rate=1.08, energy_db=-3.0),
    Emphasis.NONE: Manner(),
}


def manner_of(text: Text, role: Role, own: Role, warnings: TextWarnings) -> Manner:
    """The manner of a text.

    Args:
        text: of a document.
        role: who speaks it.
        own: who speaks what the document calls nobody for.
        warnings: told of what the voice cannot do.
    """
    style = text.style
    emphasis = _EMPHASIS[style.emphasis] if style.emphasis else Manner()
    is_own = role.voice is own.voice
    return Manner(
        rate=style.rate * emphasis.rate,
        pitch_semitones=style.pitch_semitones + emphasis.pitch_semitones,
        energy_db=emphasis.energy_db,
        volume_db=style.volume_db,
        voice="" if is_own else role.voice.name,
        speaker="" if is_own and role.speaker is own.speaker else role.speaker.name,
        style=_speaking_style(text, role, warnings),
    )


def _speaking_style(text: Text, role: Role, warnings: TextWarnings) -> str:
    """The style that is asked for, where the voice has it; else empty, which is the request's."""
    wanted = text.style.speaking_style
    if wanted and wanted not in role.voice.styles:
        known = ", ".join(role.voice.styles)
        message = f"{shown(wanted)}: not a style of {role.voice.name!r}: {known}"
        warnings.tell("STYLE_UNKNOWN", message, text.start, text.end)
        return ""
    return wanted
