"""onnxruntime, set up for one model on one thread."""

import os
from pathlib import Path
from typing import Any

_TELEMETRY_SWITCH = "ORT_DISABLE_TELEMETRY"


def load_onnxruntime() -> Any:
    """The module, kept from reporting to its maker: on Windows, and from 1.29 on everywhere. Raises
    ImportError."""
    os.environ[_TELEMETRY_SWITCH] = "1"
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    return onnxruntime


def open_session(model: bytes | Path) -> Any:
    """An onnxruntime session on one thread, for a model's bytes or its file. Raises ImportError, and
    onnxruntime's own errors for a bad model."""
    runtime = load_onnxruntime()
    fatal_only = 4
    runtime.set_default_logger_severity(fatal_only)
    options = runtime.SessionOptions()
    options.log_severity_level = fatal_only
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # makes nothing faster here
    options.execution_mode = runtime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    return runtime.InferenceSession(os.fspath(model), options, providers=["CPUExecutionProvider"])
