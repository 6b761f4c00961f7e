"""The yardstick: the server that people write by hand today. `uvicorn peer:app`, models by environment."""

import os

import numpy as np
import onnxruntime as ort
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

options = ort.SessionOptions()
options.intra_op_num_threads = 1
mlp = ort.InferenceSession(os.environ["PEER_MLP"], options)
conv = ort.InferenceSession(os.environ["PEER_CONV"], options)


async def predict_mlp(request):
    x = np.asarray(await request.json(), dtype=np.float32).reshape(1, 64)
    return JSONResponse(mlp.run(None, {"x": x})[0][0].tolist())


async def predict_conv(request):
    x = np.frombuffer(await request.body(), dtype=np.float32).reshape(1, 3, 64, 64)
    return JSONResponse(conv.run(None, {"x": x})[0][0].tolist())


app = Starlette(
    routes=[
        Route("/mlp", predict_mlp, methods=["POST"]),
        Route("/conv", predict_conv, methods=["POST"]),
    ]
)
