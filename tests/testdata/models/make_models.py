"""Makes the small models of this folder: python3 make_models.py (needs onnx and numpy)."""

import numpy as np
from onnx import TensorProto as T, checker, helper as h, numpy_helper as nh, save


def info(name, dtype, shape):
    return h.make_tensor_value_info(name, dtype, shape)


def write(file, nodes, inputs, outputs, initializers=()):
    graph = h.make_graph(nodes, file, inputs, outputs, list(initializers))
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8)
    checker.check_model(model)
    save(model, f"{file}.onnx")


DTYPES = {
    "float16": T.FLOAT16, "float32": T.FLOAT, "float64": T.DOUBLE,
    "int8": T.INT8, "uint8": T.UINT8, "int16": T.INT16, "uint16": T.UINT16,
    "int32": T.INT32, "uint32": T.UINT32, "int64": T.INT64, "uint64": T.UINT64,
    "bool": T.BOOL, "string": T.STRING,
}
for name, dtype in DTYPES.items():
    write(f"identity_{name}", [h.make_node("Identity", ["x"], ["y"])],
          [info("x", dtype, ["N", 3])], [info("y", dtype, ["N", 3])])

# y[n] = x[n] * (1, 10, 100, 1000): every row and every column tells itself apart.
weights = nh.from_array(np.array([[1], [10], [100], [1000]], np.float32), "w")
write("weigh", [h.make_node("MatMul", ["x", "w"], ["y"])],
      [info("x", T.FLOAT, ["N", 4])], [info("y", T.FLOAT, ["N", 1])], [weights])

# Two inputs of different types, two outputs.
write("two_in_two_out", [
    h.make_node("Cast", ["ids"], ["idsf"], to=T.FLOAT),
    h.make_node("Add", ["idsf", "bias"], ["sum"]),
    h.make_node("ReduceMax", ["ids"], ["top"], axes=[1], keepdims=0),
], [info("ids", T.INT64, ["N", 2]), info("bias", T.FLOAT, ["N", 2])],
    [info("sum", T.FLOAT, ["N", 2]), info("top", T.INT64, ["N"])])

# The sequence is free beside the batch: rows of one length share a run.
write("free_length", [h.make_node("Add", ["ids", "ids"], ["twice"])],
      [info("ids", T.INT64, ["N", "T"])], [info("twice", T.INT64, ["N", "T"])])

# A batch fixed at 1, names with a colon, a second output of another rank.
write("batch_of_one", [
    h.make_node("Neg", ["input:0"], ["minus:0"]),
    h.make_node("ReduceSum", ["input:0"], ["total:0"], keepdims=0),
], [info("input:0", T.FLOAT, [1, 3])], [info("minus:0", T.FLOAT, [1, 3]), info("total:0", T.FLOAT, [])])

# A scalar and a state whose batch axis is the second, as voice detectors have them.
write("scalar_and_state", [
    h.make_node("Cast", ["sr"], ["srf"], to=T.FLOAT),
    h.make_node("Mul", ["x", "srf"], ["y"]),
    h.make_node("Add", ["state", "state"], ["stateN"]),
], [info("x", T.FLOAT, ["N", 2]), info("state", T.FLOAT, [2, "N", 1]), info("sr", T.INT64, [])],
    [info("y", T.FLOAT, ["N", 2]), info("stateN", T.FLOAT, [2, "N", 1])])

# No row axis at all.
write("fixed_pair", [h.make_node("Neg", ["x"], ["y"])],
      [info("x", T.FLOAT, [2, 3])], [info("y", T.FLOAT, [2, 3])])

# The output's first axis has another name, but counts rows all the same.
write("renamed_rows", [h.make_node("Neg", ["x"], ["y"])],
      [info("x", T.FLOAT, ["batch", 2])], [info("y", T.FLOAT, ["unk__3", 2])])

# The output's first axis counts what was found, not rows: [number of elements above 0].
zero = nh.from_array(np.array(0, np.float32), "zero")
write("found_things", [
    h.make_node("Greater", ["x", "zero"], ["mask"]),
    h.make_node("Reshape", ["mask", "all"], ["flat"]),
    h.make_node("Compress", ["x", "flat"], ["y"]),
],
      [info("x", T.FLOAT, ["N", 2])], [info("y", T.FLOAT, ["found"])],
      [zero, nh.from_array(np.array([-1], np.int64), "all")])

# Fails on an index of 5 or more: one row's input breaks a shared run.
table = nh.from_array(np.arange(5, dtype=np.float32) * 10, "table")
write("look_up", [h.make_node("Gather", ["table", "i"], ["y"])],
      [info("i", T.INT64, ["N", 1])], [info("y", T.FLOAT, ["N", 1])], [table])

# Three classes of an image: the means of red, green and blue.
write("mean_colour", [h.make_node("ReduceMean", ["image"], ["scores"], axes=[2, 3], keepdims=0)],
      [info("image", T.FLOAT, ["N", 3, 32, 32])], [info("scores", T.FLOAT, ["N", 3])])
