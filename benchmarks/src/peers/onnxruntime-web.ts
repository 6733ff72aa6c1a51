/** ONNX Runtime for browsers, on WebAssembly: runs networks, does not train them. */
import { env, InferenceSession, Tensor } from 'onnxruntime-web';
import { Cannot, type Library } from '../library.js';
import { floats } from '../numbers.js';
import { encodeOnnx, INPUT, OUTPUT } from '../onnx.js';

export function open(threads: number): Promise<Library> {
  env.wasm.numThreads = threads;
  env.logLevel = 'error';
  return Promise.resolve({
    prepare: async (task) => {
      if (task.kind !== 'inference') throw new Cannot('it runs trained networks');
      const session = await InferenceSession.create(encodeOnnx(task.network));
      const image = floats(task.input);
      let logits: ArrayLike<number> = [];
      return {
        run: async () => {
          const results = await session.run({ [INPUT]: new Tensor('float32', image, task.input.shape) });
          logits = results[OUTPUT].data as Float32Array;
          return undefined;
        },
        result: () => logits,
        dispose: () => void session.release(),
      };
    },
  });
}
