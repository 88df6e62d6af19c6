"""What `speechmesh say` asks a server for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from typer.testing import CliRunner, Result

from speechmesh.cli.main import app
from speechmesh.client import SpeechOptions
from speechmesh.speech.v1 import speech_pb2 as pb
from speechmesh.speech.v1 import speech_pb2_grpc

SLOW = "Not whole before the caller leaves."


class Server(speech_pb2_grpc.SpeechServiceServicer):
    """Answers each request with some silence in the coding that is asked for; keeps the requests."""

    def __init__(self) -> None:
        self.requests: list[pb.SynthesizeRequest] = []
        self.port = 0

    def ListVoices(
        self, request: pb.ListVoicesRequest, context: grpc.ServicerContext
    ) -> pb.ListVoicesResponse:
        newer = pb.Voice(name="v", license="MIT [see NOTICE]", quality_tiers=[pb.QUALITY_TIER_FAST, 17])  # type: ignore[list-item]
        return pb.ListVoicesResponse(voices=[newer])

    def Synthesize(
        self, request: pb.SynthesizeRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.SynthesizeResponse]:
        self.requests.append(request)
        audio = pb.AudioFormat(encoding=request.audio.encoding, sample_rate_hz=16_000)
        yield pb.SynthesizeResponse(header=pb.StreamHeader(audio=audio), audio=bytes(64))
        if request.text == SLOW:
            ended = threading.Event()
            context.add_callback(ended.set)
            ended.wait(30)
        yield pb.SynthesizeResponse(sequence=1, summary=pb.Summary(audio_s=0.002))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    serving = Server()
    grpc_server = grpc.server(ThreadPoolExecutor(2))
    speech_pb2_grpc.add_SpeechServiceServicer_to_server(serving, grpc_server)
    serving.port = grpc_server.add_insecure_port("127.0.0.1:0")
    grpc_server.start()
    yield serving
    grpc_server.stop(None).wait()


def say(server: Server, *arguments: str | Path) -> Result:
    target = f"127.0.0.1:{server.port}"
    return CliRunner().invoke(app, ["say", *map(str, arguments), "--target", target])


def test_what_no_option_says_is_left_to_the_server(server: Server, tmp_path: Path) -> None:
    done = say(server, "Hello.", "-o", tmp_path / "out.wav")
    assert done.exit_code == 0, done.output
    assert server.requests[-1] == SpeechOptions(encoding="wav").request("Hello.")


def test_a_style_in_plain_words_may_say_the_rate(server: Server, tmp_path: Path) -> None:
    say(server, "Hello.", "--style-instruction", "a little slower", "-o", tmp_path / "out.wav")
    assert server.requests[-1].prosody == pb.Prosody()
    say(server, "Hello.", "--style-instruction", "slower", "--rate", "1", "-o", tmp_path / "out.wav")
    assert server.requests[-1].prosody == pb.Prosody(rate=1.0)


@pytest.mark.parametrize("live", [[], ["--live"]])
def test_floats_for_a_wav_file_are_refused_before_anything_is_said(
    server: Server, tmp_path: Path, live: list[str]
) -> None:
    n_before = len(server.requests)
    text = [] if live else ["Hello."]
    done = say(server, *text, *live, "--encoding", "pcm_f32le", "-o", tmp_path / "out.wav")
    assert done.exit_code == 2
    assert "pcm_f32le does not go into a WAV file" in done.output
    assert (len(server.requests), list(tmp_path.iterdir())) == (n_before, [])


def test_times_that_cannot_be_written_are_said(server: Server, tmp_path: Path) -> None:
    times = tmp_path / "nowhere" / "times.json"
    done = say(server, "Hello.", "-o", tmp_path / "out.wav", "--timestamps", times)
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    assert f"{times}: No such file or directory" in done.output
    assert "s of audio" not in done.output  # it is told at the beginning


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["Hello.", "--timeout-s", "-1"], "'--timeout-s'"), (["--live", "--timings"], "--live")],
)
def test_options_that_say_nothing_are_refused(
    server: Server, tmp_path: Path, arguments: list[str], message: str
) -> None:
    n_before = len(server.requests)
    done = say(server, *arguments, "-o", tmp_path / "out.wav")
    assert (done.exit_code, message in done.output) == (2, True)
    assert len(server.requests) == n_before


@pytest.mark.parametrize("folder", ["take[a]", "take["])
def test_a_file_is_named_as_it_was_asked_for(server: Server, tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir()
    output = tmp_path / folder / "b].wav"
    done = say(server, "Hello.", "-o", output)
    assert (done.exit_code, f"-> {output}," in done.output) == (0, True)


@pytest.mark.parametrize("while_it_comes", [True, False])
def test_ctrl_c_ends_the_player(server: Server, tmp_path: Path, while_it_comes: bool) -> None:
    """Which plays on what it has taken, and would be waited for; or would outlive the command."""
    player, taken = tmp_path / "aplay", tmp_path / "taken"
    player.write_text(f"#!/bin/sh\necho $$ > {taken}\ncat > /dev/null\nexec sleep 60\n")
    player.chmod(0o755)
    # What a shell starts in its background ignores the signal, and so does all that it starts.
    command = ["env", "--default-signal=INT", sys.executable, "-m", "speechmesh.cli.main"]
    command += ["say", SLOW if while_it_comes else "Hello."]
    saying = subprocess.Popen(
        [*command, "--target", f"127.0.0.1:{server.port}"],
        env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        stderr=subprocess.PIPE,
        text=True,
    )
    give_up_at = time.monotonic() + 30
    while not (taken.exists() and taken.read_text()) and time.monotonic() < give_up_at:
        time.sleep(0.05)
    time.sleep(0.5)  # until the command takes more audio, or waits for the player: the two cases
    saying.send_signal(signal.SIGINT)
    said = saying.communicate(timeout=10)[1]
    assert (saying.returncode, "cancelled" in said) == (130, True)
    with pytest.raises(ProcessLookupError):
        os.kill(int(taken.read_text()), 0)


def test_voices_of_a_newer_server_are_listed(server: Server) -> None:
    target = f"127.0.0.1:{server.port}"
    listed = CliRunner().invoke(app, ["voices", "--target", target], env={"COLUMNS": "200"})
    assert listed.exit_code == 0
    assert "fast, 17" in listed.output
    assert "MIT [see NOTICE]" in listed.output
