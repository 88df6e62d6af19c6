"""What is wrong with an argument of a measurement is said before anything is started."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from bench import __main__ as bench
from bench import gpu, urgent


@pytest.mark.parametrize("main", [bench.main, gpu.main, urgent.main])
def test_a_voice_that_is_no_bundle_is_named(
    main: Callable[[Sequence[str]], int], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["--voice", "english"])
    assert refused.value.code == 2
    assert "argument --voice: 'english' is no folder of a voice bundle" in capsys.readouterr().err
