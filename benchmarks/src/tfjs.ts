import * as tf from '@tensorflow/tfjs';
import { type Contender, type Work } from './contender.js';
import { makeBatch, makeModel } from './downhill.js';

/** TensorFlow.js in plain JavaScript, written with its core operations and an optimizer, tidied. */
export async function tfjsCpu(work: Work): Promise<Contender> {
  const select = async () => {
    await tf.setBackend('cpu');
  };
  tf.enableProdMode();
  await select();
  const weights = makeModel(work)
    .parameters()
    .map((parameter) => {
      // A weight is [inputs, outputs] here, so that no step has to transpose it.
      const value = tf.tensor(parameter.dataSync(), [...parameter.shape]);
      return tf.variable(parameter.rank === 2 ? value.transpose() : value);
    });
  const { inputs: x, targets: y } = makeBatch(work);
  const inputs = tf.tensor2d(x.dataSync() as Float32Array, [work.batch, work.sizes[0]]);
  const outputs = work.sizes[work.sizes.length - 1];
  const targets =
    work.loss === 'crossEntropy'
      ? tf.oneHot(tf.tensor1d(y.dataSync() as Int32Array, 'int32'), outputs)
      : tf.tensor2d(y.dataSync() as Float32Array, [work.batch, outputs]);
  const forward = (): tf.Tensor2D => {
    let value = inputs;
    for (let i = 0; i < weights.length; i += 2) {
      value = value.matMul(weights[i] as tf.Tensor2D).add(weights[i + 1]);
      if (i + 2 < weights.length) value = work.activation === 'relu' ? value.relu() : value.tanh();
    }
    return value;
  };
  const optimizer =
    work.momentum > 0 ? tf.train.momentum(work.learningRate, work.momentum) : tf.train.sgd(work.learningRate);
  const lossOf = (): tf.Scalar =>
    work.loss === 'crossEntropy'
      ? tf.losses.softmaxCrossEntropy(targets, forward())
      : targets.sub(forward()).square().mean();
  return {
    name: 'tfjs cpu',
    select,
    step: () => tf.tidy(() => optimizer.minimize(lossOf, true)?.dataSync()[0] ?? NaN),
  };
}
