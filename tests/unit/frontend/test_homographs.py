"""Words of one spelling and several pronunciations, in sentences whose readings were settled by hand."""

from __future__ import annotations

import re

import pytest

from speechmesh.common.bundle import VoiceBundle
from speechmesh.frontend.english.g2p import EnglishG2P
from speechmesh.frontend.english.homographs import Homographs
from speechmesh.frontend.reader import load_reader

# The word in question in brackets, and what tells its reading from the other: a piece of its phones.
SENTENCES = """
They will [record] a new song. | ao1
Let's [resume]. | z uw1 m
That's [content] for children. | k aa1
He rode a [moped] to work. | p eh0 d
All day they [moped] around. | m ow1 p t
Turn off [read] receipts. | eh1
Mark it as [read]. | eh1
Mount it as [read] only. | iy1
Operations such as [read] and write. | iy1
A [close] call. | ow1 s
The [bass] swam away. | ae1
He broke the world [record]. | eh1
For the [record], I disagree. | eh1
She [records] every call. | ao1
Old [records] sound better. | eh1
We want to [present] our findings. | p r iy0
I bought her a birthday [present]. | p r eh1
At [present] nobody knows. | p r eh1
The [present] situation is bad. | p r eh1
Our [project] is late. | p r aa1
Analysts [project] a loss. | p r ax0
I [object] to that. | jh eh1 k t
A strange [object] fell. | aa1
The [subject] was closed. | s ah1
They were [content] with it. | t eh1 n t
The [content] of the letter was private. | k aa1
Please sign the [contract]. | k aa1
Metals [contract] when they cool. | k aa1
Muscles can [contract] quickly. | r ae1 k t
She will [conduct] the orchestra. | d ah1 k t
His [conduct] was shameful. | k aa1
They could not [convert] it. | v er1 t
The police found the [convict]. | k aa1
A sharp [increase] in prices. | ih1 n
Prices will [increase] again. | k r iy1 s
It crossed the [desert]. | d eh1 z
He would never [desert] us. | z er1 t
We [import] most of our food. | ih0 m
The [import] of cars fell. | ih1 m
You may [insert] the card now. | s er1 t
That was an [insult]. | ih1 n
Do not [insult] me. | s ah1 l t
You need a building [permit]. | p er1
They do not [permit] smoking. | m ih1 t
Farms [produce] milk. | d uw1 s
The farms [produce] milk. | d uw1 s
Fresh [produce] is cheap. | p r ow1
We made good [progress]. | aa1 g
Work will [progress] slowly. | g r eh1 s
The [rebel] was caught. | r eh1
They began to [rebel] against him. | b eh1 l
You can get a [refund]. | r iy1
They will [refund] you. | f ah1 n d
I [refuse] to go. | f y uw1 z
The [refuse] was collected on Monday. | r eh1 f
The police [suspect] him. | p eh1 k t
The [suspect] ran away. | s ah1 s
We must [transport] the goods. | p ao1 r t
Public [transport] is free. | r ae1 n
Please [separate] the eggs. | ey1 t
They sleep in [separate] rooms. | r ax0 t
It is hard to [estimate] the cost. | ey1 t
A rough [estimate] will do. | m ax0 t
She will [graduate] in June. | ey1 t
He is a [graduate] of Yale. | w ax0 t
They [advocate] reform. | ey1 t
An [advocate] of reform. | k ax0 t
We need to [coordinate] better. | ey1 t
It was an [appropriate] answer. | iy0 ax0 t
The mayor will [delegate] the task. | ey1 t
An [elaborate] plan. | er0 ax0 t
Could you [elaborate] on that? | er0 ey1 t
It was [deliberate]. | er0 ax0 t
Please [close] the door. | k l ow1 z
They are very [close]. | k l ow1 s
We live [close] to the sea. | k l ow1 s
She is a [close] friend. | k l ow1 s
Shops [close] at nine. | k l ow1 z
There is no [excuse] for it. | k y uw1 s
Please [excuse] me. | k y uw1 z
I [use] it daily. | y uw1 z
What is the [use] of it? | y uw1 s
For personal [use] only. | y uw1 s
You can [use] mine. | y uw1 z
It has many [uses]. | y uw1 s ax0
She [uses] a lamp. | y uw1 z ax0
Where do you [live]? | l ih1 v
We heard [live] music. | l ay1 v
The show goes [live] at nine. | l ay1 v
They [live] in Spain. | l ih1 v
Nine [lives] were saved. | l ay1 v z
He [lives] in Rome. | l ih1 v z
The [house] is old. | hh aw1 s
The barns can [house] fifty cows. | hh aw1 z
A cold [wind] blew. | w ih1 n d
Please [wind] the clock. | w ay1 n d
A [tear] ran down her cheek. | t ih1 r
Do not [tear] the paper. | t eh1 r
They took a [bow]. | b aw1
He would [bow] to the king. | b aw1
I have [read] the book. | r eh1 d
I want to [read] it. | r iy1 d
She [read] it yesterday. | r eh1 d
He [read] the letter twice. | r eh1 d
It was [read] aloud. | r eh1 d
Please [read] this. | r iy1 d
I [read] every day. | r iy1 d
They will [lead] us. | l iy1 d
The pipes were made of [lead] metal. | l eh1 d
Old [lead] paint is poisonous. | l eh1 d
She took the [lead]. | l iy1 d
Wait a [minute]. | m ih1 n
There were [minute] traces of it. | n uw1 t
He [wound] up in jail. | w aw1 n d
The [wound] healed. | w uw1 n d
He plays the [bass]. | b ey1 s
He caught a [bass] in the lake. | b ae1 s
She [dove] into the water. | d ow1 v
A white [dove] landed. | d ah1 v
I [used] to smoke. | y uw1 s t
She [used] a knife. | y uw1 z d
It is [used] to make bread. | y uw1 z d
We got [used] to it. | y uw1 s t
The [aged] man slept. | jh ax0 d
A man [aged] forty. | ey1 jh d
The [perfect] crime. | p er1
We need to [perfect] it. | f eh1 k t
Music can [console] us. | s ow1 l
The game [console] broke. | k aa1
A high [protest] was heard. | p r ow1
They [protest] against it. | t eh1 s t
An [associate] of mine. | iy0 ax0 t
I [associate] it with summer. | iy0 ey1 t
Its main [attribute] is speed. | ae1 t
We [attribute] it to luck. | r ih1 b
The sign [read], no entry. | r eh1
My wife [read] the note twice. | r eh1
Did the nurse [read] the chart? | r iy1
Let the user [read] the file. | r iy1
It is a good [read]. | r iy1
The disk [read] speed is high. | r iy1
A well [read] person knows. | r eh1
The camera [records] everything. | ao1
The company [exports] cars. | ao1 r t
Car [exports] fell. | eh1 k s
The farm [produces] milk. | d uw1
This [contrasts] with that. | ae1 s t
He [moderates] the forum. | ey1 t s
Exposure to [lead] harms children. | eh1
The paint is [lead] free. | eh1
At the [close] of trading it rose. | ow1 z
I was that [close]. | ow1 s
Are you [close]? | ow1 s
The ship's [bow] struck the ice. | aw1
He tied a [bow]. | ow1
I'm perfectly [content]. | t eh1
They were happy and [content]. | t eh1
The [content] type is wrong. | k aa1
The differences are [minute]. | ay0
He got his just [deserts]. | z er1
The [deserts] of Asia are cold. | d eh1
[Refuse] collection is on Monday. | r eh1
They had a huge [row] about money. | aw1
Muscles [contract]. | r ae1 k t
She [wound] the bandage. | aw1
A gunshot [wound]. | uw1
She is [Polish]. | ow1
The [Polish] government fell. | ow1
[Polish] the silver. | aa1
[Combine] the flour and sugar. | b ay1 n
The [combine] harvester broke. | k aa1 m
[Compact] the trash. | p ae1 k t
A [compact] car. | k aa1 m
Please [transfer] fifty dollars. | f er1
[Transfer] fifty dollars to savings. | f er1
[Upgrade] now. | ey1 d
The river [winds] through town. | ay1
Strong [winds] through the valley. | ih1
They [live] streamed it. | ay1
[Live] from New York. | ay1
[Tear] along the line. | eh1
The stock [dove] five percent. | ow1
Prices [dove] after the news. | ow1
A path which [winds] round the towers. | ay1
The lobes instantly [close] together. | ow1 z
The rooms were unwholesomely [close]. | ow1 s
Shops in [close] proximity. | ow1 s
We saw it up [close]. | ow1 s
They sat [close] together. | ow1 s
The doors [close] together. | ow1 z
Yesterday I [read] that he resigned. | eh1
Last week I [read] a book. | eh1
At last they [read] books. | iy1
The pipes are made of [lead]. | eh1
Levels of [lead] in the water rose. | eh1
He is one of the [lead] singers. | iy1
The show airs [live] on television. | ay1
Watch [live] on your phone. | ay1
Most people [live] on a farm. | ih1
It shows some wear and [tear]. | eh1
There is a [tear] in my jacket. | eh1
He had a [tear] in his eye. | ih1
He suffered a muscle [tear]. | eh1
A [tear] rolled down. | ih1
[Bow] your head. | aw1
She took a final [bow]. | aw1
Take a [bow] and arrow. | ow1
All [proceeds] go to charity. | p r ow1
[Proceeds] from the sale rose. | p r ow1
Net [proceeds] to the company fell. | p r ow1
He [proceeds] with caution. | s iy1
The case [proceeds] to trial. | s iy1
We sell fresh [produce]. | p r ow1
Add some vanilla [extract]. | eh1
A fair [use] of it. | y uw1 s
The land [use] policy changed. | y uw1 s
We have many [use] cases. | y uw1 s
They [use] it for cases. | y uw1 z
The [Polish] team won. | ow1
A [minute] speck of dust. | ay0
The nurse [wound] the bandage around it. | aw1
She saw the [wound] on his arm. | uw1
They closed the [lead] mine. | eh1
The [lead] is mine. | iy1
[Bass] guitar and a sea view. | ey1
It was a [blessed] relief. | ax0 d
The priest [blessed] us. | s t
She read from the book of [Job]. | ow1
The [job] is done. | aa1
We flew to [Nice], France. | iy1
A [nice] day in France. | ay1
He was born in [Reading], England. | eh1
She is [reading]. | iy1
"""


@pytest.fixture(scope="module")
def homographs() -> Homographs:
    return Homographs()


@pytest.mark.parametrize("line", [line for line in SENTENCES.splitlines() if line])
def test_the_words_around_tell_the_reading(homographs: Homographs, line: str) -> None:
    sentence, piece = line.split(" | ")
    words = re.findall(r"\[?[a-z']+\]?|[,.?]", sentence.lower())
    at = next(i for i, word in enumerate(words) if word.startswith("["))
    plain = ["" if word in ",.?" else word.strip("[]") for word in words]
    assert piece in " ".join(homographs.phones(plain, at) or ())


def test_other_words_are_none_of_its_business(homographs: Homographs) -> None:
    assert homographs.phones(["a", "word"], 1) is None
    assert homographs.phones(["this", "is"], 0) is None


def test_the_reader_asks_it(bootstrap: VoiceBundle) -> None:
    reader = load_reader(bootstrap)
    (segment,) = reader.plan("They record a record.", max_words=20, first_max_words=20).segments
    tokens = reader.tokens(segment)
    spoken = [
        " ".join(bootstrap.tokens[t] for t in tokens.tokens[w.first_token : w.first_token + w.n_tokens])
        for w in tokens.words
    ]
    assert spoken[1] == "r ih0 k ao1 r d"
    assert spoken[3] == "r eh1 k er0 d"


def test_a_word_by_itself_keeps_its_commoner_reading() -> None:
    g2p = EnglishG2P()
    for word in ("read", "live", "record", "use", "close"):
        assert g2p.phones(word)
        assert g2p.homograph([word], 0)
