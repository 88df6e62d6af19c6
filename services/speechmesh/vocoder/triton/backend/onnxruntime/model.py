"""Triton's `onnxruntime` backend where only its python backend is at hand: runs model.onnx by ONNX Runtime.

Loaded by Triton's python backend as a python-based backend, so that a model repository made for the stock
image (native onnxruntime backend) loads here unchanged. It reads the same config.pbtxt.
"""

import ctypes
import json
import os
import queue
import threading
from pathlib import Path

import numpy as np
import onnxruntime as ort
import triton_python_backend_utils as pb_utils  # provided by Triton

# Says of a request that others come first; the native backend does not know it.
_GIVES_WAY = "gives_way"
# A thread of 10 has a tenth of the share in the cores that one of 0 has.
_NICENESS = 10


class TritonPythonModel:
    """One instance of a model: one session.

    Requests that give way wait for a thread of their own, of low priority, while `execute` returns: so the instance is
    there at once for an urgent one, which takes the core from them.
    """

    @staticmethod
    def auto_complete_config(auto_complete_model_config):
        """The config is complete as written."""
        return auto_complete_model_config

    def initialize(self, args):
        """Opens the session that config.pbtxt describes."""
        config = json.loads(args["model_config"])
        parameters = {name: entry["string_value"] for name, entry in config.get("parameters", {}).items()}
        path = Path(args["model_repository"]) / args["model_version"] / "model.onnx"
        options = ort.SessionOptions()
        options.intra_op_num_threads = int(parameters.get("intra_op_thread_count", 0))
        options.inter_op_num_threads = int(parameters.get("inter_op_thread_count", 0))
        options.enable_mem_pattern = parameters.get("enable_mem_pattern", "1") != "0"
        for name, value in parameters.items():
            if name.startswith("session."):
                options.add_session_config_entry(name, value)
        self._session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        _require_same_shapes(config, self._session)
        self._run_options = ort.RunOptions()
        if shrink := parameters.get("memory.enable_memory_arena_shrinkage"):
            self._run_options.add_run_config_entry("memory.enable_memory_arena_shrinkage", shrink)
        self._inputs = [entry["name"] for entry in config["input"]]
        self._outputs = [entry["name"] for entry in config["output"]]
        self._max_batch_size = config["max_batch_size"]
        self._waiting = queue.SimpleQueue()
        self._aside = threading.Thread(target=self._run_aside, name="aside", daemon=True)
        self._aside.start()

    def execute(self, requests):
        """Runs the requests that the dynamic batcher put together, or leaves them to the other thread."""
        if all(_GIVES_WAY in request.parameters() and not _is_traced(request) for request in requests):
            self._waiting.put([(request, request.get_response_sender()) for request in requests])
            return None
        return self._answer(requests)

    def finalize(self):
        """Answers what waits, then ends the thread."""
        self._waiting.put(None)
        self._aside.join()

    def _run_aside(self):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
        while self._take_waiting():
            pass

    def _take_waiting(self):
        """Answers those that wait, once there are some; whether more may come.

        Nothing of a request may be held while the next is waited for: Triton ends its trace when it is gone.
        """
        members = self._waiting.get() or []
        going_on = bool(members)
        # Those that came meanwhile share the run, as they would have in the dynamic batcher.
        while going_on and len(members) < self._max_batch_size and not self._waiting.empty():
            more = self._waiting.get() or []
            going_on = bool(more)
            members += more
        if members:
            self._answer_aside(members)
        return going_on

    def _answer_aside(self, members):
        try:
            responses = self._answer([request for request, _ in members])
        except Exception as error:  # unanswered, their callers would wait, and the thread would be gone
            failure = pb_utils.TritonError(str(error))
            responses = [pb_utils.InferenceResponse(error=failure) for _ in members]
        for (_, sender), response in zip(members, responses, strict=True):
            sender.send(response, flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)

    def _answer(self, requests):
        """A response to each request; those of equal shape take one run."""
        responses = [None] * len(requests)
        groups = {}
        for index, request in enumerate(requests):
            if request.is_cancelled():
                error = pb_utils.TritonError("cancelled", pb_utils.TritonError.CANCELLED)
                responses[index] = pb_utils.InferenceResponse(error=error)
                continue
            tensors = [_to_numpy(pb_utils.get_input_tensor_by_name(request, name)) for name in self._inputs]
            # As the native backend does, only what is asked for is computed and sent.
            wanted = tuple(name for name in self._outputs if name in request.requested_output_names())
            key = (wanted, *(t.shape[1:] for t in tensors))
            groups.setdefault(key, []).append((index, tensors))
        for (wanted, *_), members in groups.items():
            self._run(members, wanted, responses)
        return responses

    def _run(self, members, wanted, responses):
        sizes = [tensors[0].shape[0] for _, tensors in members]
        try:
            if len(members) == 1:
                feeds = dict(zip(self._inputs, members[0][1], strict=True))
            else:
                columns = zip(*(tensors for _, tensors in members), strict=True)
                feeds = dict(zip(self._inputs, map(np.concatenate, columns), strict=True))
            results = self._session.run(wanted, feeds, self._run_options)
        except Exception as error:  # one group's failure is not its neighbours'
            for index, _ in members:
                responses[index] = pb_utils.InferenceResponse(error=pb_utils.TritonError(str(error)))
            return
        start = 0
        for (index, _), size in zip(members, sizes, strict=True):
            tensors = [
                _to_tensor(name, np.ascontiguousarray(result[start : start + size]))
                for name, result in zip(wanted, results, strict=True)
            ]
            responses[index] = pb_utils.InferenceResponse(output_tensors=tensors)
            start += size


def _require_same_shapes(config, session):
    """Refuses what the native backend would: dims of config.pbtxt that are not the graph's.

    An output's must be the same, open ones included; an input's may say less of what the graph fixes nowhere.
    """
    for kind, tensors in (("input", session.get_inputs()), ("output", session.get_outputs())):
        shapes = {tensor.name: [d if isinstance(d, int) else -1 for d in tensor.shape] for tensor in tensors}
        for entry in config[kind]:
            name, dims = entry["name"], [-1, *map(int, entry["dims"])]
            if name not in shapes:
                raise pb_utils.TritonModelException(f"{kind} {name} is not one of {', '.join(shapes)}")
            shape = shapes[name]
            same = len(shape) == len(dims) and all(
                model == wanted or (kind == "input" and model == -1)
                for model, wanted in zip(shape, dims, strict=True)
            )
            if not same:
                raise pb_utils.TritonModelException(
                    f"{kind} {name}: the model has {shape}, config.pbtxt {dims}"
                )


def _is_traced(request):
    """Whether Triton traces a request.

    Triton reads the trace header without its length, so that a byte of old memory after it hides it now and then (seen
    in 2.51, unchanged in its sources since): of requests answered here 1 to 5 % have no trace, of those answered by a
    response sender, whose memory is another's before, 10 to 25 %.
    """
    return bool(request.trace().get_context())


# The name that DLPack's standard gives to a capsule whose tensor was taken; it must live as long as the capsules.
_TAKEN = b"used_dltensor"
_set_capsule_name = ctypes.pythonapi.PyCapsule_SetName
_set_capsule_name.argtypes = (ctypes.py_object, ctypes.c_char_p)


def _to_tensor(name, array):
    """A tensor of an array, by DLPack, see _to_numpy.

    Triton marks a capsule that it took by a name of its own, which numpy does not know and prints an error about,
    for every output of every run.
    """
    capsule = array.__dlpack__()
    tensor = pb_utils.Tensor.from_dlpack(name, capsule)
    _set_capsule_name(capsule, _TAKEN)
    return tensor


def _to_numpy(tensor):
    """The array of a tensor, by DLPack: the stub was built for numpy 1, and with numpy 2 it misreads arrays."""
    return np.from_dlpack(tensor)
