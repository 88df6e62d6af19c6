"""English text normalisation: from what is written to the words and pauses to speak.

One scanner walks over the folded text. At each position an ordered list of recognisers, chosen by the
character there, is asked in turn; the first that knows what begins there says how it is read and
where to go on. So the work is linear in the text, and every word knows the part of the caller's text
it came from.
"""

from __future__ import annotations

import string

from speechmesh.frontend.english import (
    abbreviations,
    addresses,
    chemistry,
    citations,
    codes,
    dates,
    emoji,
    latex,
    layout,
    markup,
    money,
    myriads,
    places,
    punctuation,
    quantities,
    roman,
    software,
    symbols,
    times,
    words,
)
from speechmesh.frontend.english.digit_groups import regroup
from speechmesh.frontend.english.folding import CURRENCY_SYMBOLS, FRACTIONS, UNSPEAKABLE, fold
from speechmesh.frontend.english.options import DEFAULT_OPTIONS, ReadingOptions
from speechmesh.frontend.english.reading import Context, Reading, Recogniser
from speechmesh.frontend.spoken import SpokenText

# The pickier come first: a recogniser may rely on those before it having refused.
_NUMERIC: tuple[Recogniser, ...] = (
    myriads.recognise_myriads,
    addresses.recognise_url,
    addresses.recognise_email,
    addresses.recognise_domain,
    software.recognise_hardware,
    codes.recognise_code,
    citations.recognise_book,
    citations.recognise_coordinate,
    dates.recognise_numeric_date,
    dates.recognise_day_first,
    times.recognise_time,
    codes.recognise_hyphen_number,
    codes.recognise_after_product,
    codes.recognise_models,
    codes.recognise_clause,
    times.recognise_duration,
    times.recognise_cooking,
    times.recognise_height,
    codes.recognise_phone,
    software.recognise_standard,
    software.recognise_machine,
    software.recognise_release,
    codes.recognise_version,
    codes.recognise_hyphenated_numbers,
    codes.recognise_ordinal,
    dates.recognise_decade,
    codes.recognise_product,
    codes.recognise_ratio,
    codes.recognise_triple,
    money.recognise_money_after,
    quantities.recognise_scientific,
    quantities.recognise_quantity,
    codes.recognise_alphanumeric,
    quantities.recognise_plain,
)
_LETTERS: tuple[Recogniser, ...] = (
    words.recognise_plain_word,
    addresses.recognise_url,
    addresses.recognise_email,
    addresses.recognise_domain,
    software.recognise_hardware,
    codes.recognise_code,
    citations.recognise_citation,
    abbreviations.recognise_dotted_letters,
    addresses.recognise_path,
    symbols.recognise_function,
    symbols.recognise_shorthand,
    symbols.recognise_operator,
    addresses.recognise_dotted_name,
    codes.recognise_version,
    money.recognise_money,
    chemistry.recognise_formula,
    codes.recognise_alphanumeric,
    places.recognise_province,
    places.recognise_state,
    dates.recognise_span,
    dates.recognise_month,
    dates.recognise_weekday,
    places.recognise_direction,
    abbreviations.recognise_abbreviation,
    roman.recognise_roman,
    abbreviations.recognise_initial,
    words.recognise_word,
)
_OTHERS: tuple[Recogniser, ...] = (
    latex.recognise_latex,
    markup.recognise_markup,
    markup.recognise_bracket,
    addresses.recognise_path,
    addresses.recognise_handle,
    addresses.recognise_hashtag,
    money.recognise_money,
    quantities.recognise_vulgar_fraction,
    punctuation.recognise_pause,
    symbols.recognise_number_sign,
    symbols.recognise_operator,
    punctuation.recognise_dash,
    punctuation.recognise_full_stop,
    punctuation.recognise_colon,
    symbols.recognise_slash,
    symbols.recognise_symbol,
)
_SIGNED: tuple[Recogniser, ...] = (
    times.recognise_offset,
    codes.recognise_phone,
    times.recognise_height,
    money.recognise_money,
    money.recognise_money_after,
    quantities.recognise_quantity,
    *_OTHERS,
)
_RECOGNISERS: dict[str, tuple[Recogniser, ...]] = {
    **dict.fromkeys(string.ascii_letters, _LETTERS),
    **dict.fromkeys(string.digits, _NUMERIC),
    **dict.fromkeys("-–−+±~.(", _SIGNED),
    **dict.fromkeys(CURRENCY_SYMBOLS, (myriads.recognise_myriads, *_OTHERS)),
    **dict.fromkeys(FRACTIONS, _OTHERS),
    **dict.fromkeys(myriads.LEFT_OVER, (myriads.recognise_left_over,)),
    UNSPEAKABLE: (emoji.recognise_emoji,),
    "★": (symbols.recognise_symbol,),
    **dict.fromkeys(" \n", (layout.recognise_space,)),
    "'": (dates.recognise_decade, punctuation.recognise_quote),
    '"': (punctuation.recognise_quote,),
    ",": (punctuation.recognise_pause,),
}


def normalise(text: str, options: ReadingOptions = DEFAULT_OPTIONS) -> SpokenText:
    """Read English text as words and pauses, with what cannot be spoken.

    Never raises, whatever the string holds; time and space are linear in its length.

    Args:
        text: any string.
        options: what the caller chooses about the reading.

    Returns:
        The items to speak, spans in code points of ``text``.
    """
    context = Context(regroup(fold(text, emoji.emoji_at if options.name_emoji else None)))
    position = layout.open_line(context, 0)
    while position < len(context.text):
        reading = _read(context, position)
        context.add(reading)
        position = reading.end
    return context.finish()


def _read(context: Context, position: int) -> Reading:
    for recognise in _RECOGNISERS.get(context.text[position], _OTHERS):
        reading = recognise(context, position)
        if reading is not None:
            return reading
    return punctuation.recognise_silent(context, position)
