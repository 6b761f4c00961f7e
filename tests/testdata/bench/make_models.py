"""Makes the two models of the bench: `python make_models.py` (onnx 1.23.2, numpy 2.4.6).

The weights are random: the bench measures time, and a network's time does not depend on what it has learnt.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CONV_LAYERS = 30


def save(name, nodes, inputs, outputs, weights):
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in inputs.items()],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in outputs.items()],
        [numpy_helper.from_array(a.astype("float32"), n) for n, a in weights.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="marina-bench"
    )
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, f"{name}.onnx")


def make_mlp():
    random = np.random.default_rng(7)
    weights = {
        "w1": random.standard_normal((64, 256)) * 0.1,
        "b1": np.zeros(256),
        "w2": random.standard_normal((256, 10)) * 0.1,
        "b2": np.zeros(10),
    }
    nodes = [
        helper.make_node("Gemm", ["x", "w1", "b1"], ["hidden"]),
        helper.make_node("Relu", ["hidden"], ["active"]),
        helper.make_node("Gemm", ["active", "w2", "b2"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["y"], axis=1),
    ]
    save("mlp", nodes, {"x": ["N", 64]}, {"y": ["N", 10]}, weights)


def make_conv():
    """Every layer uses the same 3x3 kernel, so the file is small and the work is not."""
    random = np.random.default_rng(8)
    weights = {
        "stem_w": random.standard_normal((32, 3, 3, 3)) * 0.2,
        "layer_w": random.standard_normal((32, 32, 3, 3)) * 0.08,
        "layer_b": random.standard_normal(32) * 0.01,
        "head_w": random.standard_normal((32, 10)) * 0.3,
        "head_b": np.zeros(10),
    }
    nodes = [helper.make_node("Conv", ["x", "stem_w"], ["a0"], pads=[1, 1, 1, 1])]
    for i in range(CONV_LAYERS):
        nodes += [
            helper.make_node("Conv", [f"a{i}", "layer_w", "layer_b"], [f"c{i}"], pads=[1, 1, 1, 1]),
            helper.make_node("Relu", [f"c{i}"], [f"a{i + 1}"]),
        ]
    nodes += [
        helper.make_node("GlobalAveragePool", [f"a{CONV_LAYERS}"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["features"]),
        helper.make_node("Gemm", ["features", "head_w", "head_b"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["y"], axis=1),
    ]
    save("conv", nodes, {"x": ["N", 3, 64, 64]}, {"y": ["N", 10]}, weights)


if __name__ == "__main__":
    make_mlp()
    make_conv()
