"""The Python client of speechmesh, sync and async.

from speechmesh.client import Client

with Client("localhost:50051") as client, client.synthesize("Hello, world.") as stream:
    stream.write("hello.wav")
"""

from speechmesh.client.asynchronous import AsyncClient, AsyncSpeechStream
from speechmesh.client.errors import SpeechError
from speechmesh.client.files import AudioFile
from speechmesh.client.lexicon import LexiconEntry, read_lexicon
from speechmesh.client.live import LiveStream
from speechmesh.client.live_async import AsyncLiveStream
from speechmesh.client.options import SpeechOptions
from speechmesh.client.subtitles.files import SubtitleFile
from speechmesh.client.synchronous import Client, SpeechStream

__all__ = [
    "AsyncClient",
    "AsyncLiveStream",
    "AsyncSpeechStream",
    "AudioFile",
    "Client",
    "LexiconEntry",
    "LiveStream",
    "SpeechError",
    "SpeechOptions",
    "SpeechStream",
    "SubtitleFile",
    "read_lexicon",
]
