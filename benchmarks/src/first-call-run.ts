/** One run of `measureFirstCalls`, in a process of its own: prints what it found as JSON. */
import { gradients } from '@downhill/autograd';
import { resnet } from '@downhill/convnets';
import { crossEntropy } from '@downhill/layers';
import { adam } from '@downhill/optimizers';
import { compile, type Tensor } from '@downhill/tensor';
import { concrete, trainingStep, useBackend } from './downhill.js';
import { type FirstCall, type FirstCallWork } from './first-call.js';
import { labels, uniform } from './numbers.js';
import { lenetTask } from './works/lenet.js';

type Step = (images: Tensor, labels: Tensor) => Tensor;

const works: Readonly<Record<FirstCallWork, () => { step: Step; images: Tensor; answers: Tensor }>> = {
  lenet: () => ({
    step: trainingStep(lenetTask),
    images: concrete(lenetTask.inputs),
    answers: concrete(lenetTask.targets),
  }),
  resnet50: () => {
    const model = resnet(50, { classes: 10 });
    const parameters = model.parameters();
    const optimizer = adam({ learningRate: 1e-3 });
    return {
      step: (images, answers) => {
        const loss = crossEntropy(model.forward(images, { training: true }), answers);
        optimizer.step(parameters, gradients(loss, parameters));
        return loss;
      },
      images: concrete(uniform([2, 3, 64, 64], 1)),
      answers: concrete(labels(2, 10, 2)),
    };
  },
};

await useBackend('wasm');
const { step, images, answers } = works[process.argv[2] as FirstCallWork]();
const compiled = compile(step);
const losses: number[] = [];
const times: number[] = [];
for (let i = 0; i < 4; i++) {
  const start = performance.now();
  losses.push(compiled(images, answers).item());
  times.push(performance.now() - start);
}
const result: FirstCall = { firstMilliseconds: times[0], secondMilliseconds: times[1], losses };
console.log(JSON.stringify(result));
process.exit();
