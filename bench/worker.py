"""A contender's load generator, a process of its own: commands on standard input, answers on standard output.

One JSON object a line. The yardstick runs inside of it; the others are called. It ends with its input, so
that it never outlives the bench.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from pathlib import Path
from typing import Any

from bench import figures
from bench.figures import Stream
from bench.load import Load, Visit, Window, closed_loop, open_loop
from bench.speakers import GrpcSpeaker, HttpSpeaker, Speaker
from bench.texts import LOADS


def _say(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


def _mark(moment: str) -> None:
    _say({"event": moment})


def _speaker(options: dict[str, Any]) -> Speaker:
    if options["kind"] == "grpc":
        return GrpcSpeaker(options["target"], options["voice"], options["sample_rate_hz"])
    if options["kind"] == "http":
        return HttpSpeaker("127.0.0.1", options["port"], options["sample_rate_hz"])
    from bench.yardstick import YardstickSpeaker  # noqa: PLC0415 - the load generators stay without ONNX

    return YardstickSpeaker(Path(options["folder"]))


async def _single(speaker: Speaker, text: str) -> dict[str, Any]:
    stream = Stream(time.monotonic())
    await speaker.speak(text, stream)
    return figures.single(stream)


async def _loaded(speaker: Speaker, options: dict[str, Any], command: dict[str, Any]) -> dict[str, Any]:
    window = Window(**command["window"])
    texts = list(LOADS[options["texts"]])
    random.Random(command["seed"]).shuffle(texts)  # the same texts in the same order for each contender
    load: Load
    if command["op"] == "closed":
        paced = command.get("paced", False)
        load = await closed_loop(speaker, texts, command["streams"], window, _mark, paced=paced)
    else:
        load = await open_loop(speaker, texts, command["rate_per_s"], command["seed"], window, _mark)
    return figures.cell(load.streams, load.begin_s, load.end_s)


async def _visited(speaker: Speaker, command: dict[str, Any]) -> dict[str, Any]:
    """A closed loop of one long text, with requests that come on top of it."""
    window = Window(**command["window"])
    visits = [Visit(at_s, text) for at_s, text in command["visits"]]
    load = await closed_loop(speaker, [command["text"]], command["streams"], window, _mark, visits=visits)
    cell = figures.cell(load.streams, load.begin_s, load.end_s)
    return cell | {"visits": [figures.single(stream) for stream in load.visits]}


async def _serve(options: dict[str, Any]) -> None:
    speaker = _speaker(options)  # may load models; nothing else runs yet
    try:
        _mark("ready")
        while line := await asyncio.to_thread(sys.stdin.readline):
            command = json.loads(line)
            if command["op"] == "single":
                result = await _single(speaker, command["text"])
            elif command["op"] == "visited":
                result = await _visited(speaker, command)
            else:
                result = await _loaded(speaker, options, command)
            _say({"event": "result", "result": result})
    finally:
        await speaker.close()


if __name__ == "__main__":
    asyncio.run(_serve(json.loads(sys.argv[1])))
