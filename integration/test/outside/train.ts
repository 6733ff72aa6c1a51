/** Trains the digits network with the stranger's rule, and prints what share of the held-out digits it recognizes. */
import { wasm } from '@downhill/backend-wasm';
import { batches, mnistDigits, split } from '@downhill/data';
import { setBackend, tensor } from '@downhill/tensor';
import { adabelief } from './adabelief.js';
import { digitsNetwork } from './network.js';

setBackend(await wasm());
const [training, heldOut] = split(await mnistDigits(), { counts: [8000, 2000], seed: 1 });
const { step, countCorrect } = digitsNetwork(adabelief());
for (let epoch = 0; epoch < 2; epoch++) {
  for (const { images, labels } of batches(training, { size: 64, seed: 1, epoch })) step(images, labels);
}
const count = heldOut.labels.length;
const correct = countCorrect(tensor(heldOut.images, { shape: [count, 784] }), tensor(heldOut.labels)).item();
console.log(
  JSON.stringify({ accuracy: correct / count, packages: import.meta.resolve('@downhill/optimizers') }),
);
