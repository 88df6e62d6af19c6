"""`make soak` in short: random requests through the whole mesh, all ending as they must, and nothing piling up."""

from __future__ import annotations

from bench.soak.course import soak
from bench.soak.processes import MeshProcesses
from bench.soak.verdict import growths
from tests.e2e.conftest import UpMesh

SEGMENTS, BLOCK, STREAMS = 90, 15, 8
# Allocators and caches still fill: only what is far beyond them counts here, the full run has the narrow bound.
MAX_MEMORY_GROWTH = 0.25
# Connections are renewed once a minute and the old ones closed a little later; pools start threads when they need them.
MAX_MORE_DESCRIPTORS, MAX_MORE_THREADS = 4, 4


async def test_random_requests_end_as_they_must_and_leave_nothing_behind(up_mesh: UpMesh) -> None:
    blocks = [
        block
        async for block in soak(
            up_mesh.target,
            MeshProcesses(up_mesh.process.pid),
            n_segments=SEGMENTS,
            n_streams=STREAMS,
            seed=7,
            block=BLOCK,
        )
    ]
    answers = [answer for block in blocks for answer in block.answers]
    assert blocks[-1].segments >= SEGMENTS
    assert [answer.failure for answer in answers if answer.failure] == []
    assert sum(answer.spoken for answer in answers) > SEGMENTS / 4
    assert any(answer.request.bad_field for answer in answers)
    assert any(answer.request.leave_after is not None for answer in answers)
    for growth in growths([block.held for block in blocks]):
        assert growth.memory_growth < MAX_MEMORY_GROWTH, growth
        assert growth.descriptors[1] <= growth.descriptors[0] + MAX_MORE_DESCRIPTORS, growth
        assert growth.threads[1] <= growth.threads[0] + MAX_MORE_THREADS, growth


def test_every_process_of_the_mesh_is_watched(up_mesh: UpMesh) -> None:
    held = MeshProcesses(up_mesh.process.pid).read()
    assert {"frontend", "acoustic", "vocoder", "triton server"} <= held.keys()
    stubs = {name for name in held if name.startswith("stub ")}
    assert {name.rpartition(".")[0] for name in stubs} == {"stub english", "stub mandarin"}
    for each in held.values():
        assert each.peak_rss_kib > 0
        assert 0 < each.uss_kib <= each.pss_kib <= each.rss_kib
        assert each.descriptors > 0
        assert each.threads > 0
