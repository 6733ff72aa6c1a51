import { Chart } from '../../parts/chart.js';
import { Figures } from '../../parts/figures.js';
import { thinned } from './history.js';
import { percent } from './reading.js';
import type { Phase, Session } from './session.js';

/** How the training goes: figures and curves. */
export function Progress({ session }: { readonly session: Session }) {
  const history = thinned(session.history.value);
  const options = session.options.value;
  const speed = session.stepsPerSecond.value;
  const examination = session.examination.value;
  const threads = session.threads.value;
  const loss = history.loss.at(-1);
  return (
    <section aria-label="Progress">
      <p role="status" class="status">
        {sentence(session.phase.value, threads)}
        {session.phase.value !== 'loading' && !crossOriginIsolated && (
          <> The page is not cross-origin isolated, so it has no shared memory and trains on one core.</>
        )}
      </p>
      <Figures
        figures={{
          step: `${session.steps.value} of ${options?.steps ?? 0}`,
          loss: loss === undefined ? '–' : loss.toPrecision(3),
          'held-out accuracy': examination === undefined ? '–' : percent(examination.accuracy),
          'steps/s': speed === 0 ? '–' : speed.toFixed(speed < 10 ? 1 : 0),
          'examples/s': speed === 0 ? '–' : (speed * (options?.batchSize ?? 0)).toFixed(0),
          threads: threads === 0 ? '–' : String(threads),
        }}
      />
      <div class="panels">
        <Chart
          caption="Loss: training, averaged over about ten steps, and held-out digits."
          xLabel="step"
          yLabel="cross-entropy"
          x={history.steps}
          series={[
            { label: 'training', values: history.loss },
            { label: 'held out', values: history.heldOutLoss },
          ]}
          logarithmic
        />
        <Chart
          caption="Accuracy: the share of digits that are read rightly."
          xLabel="step"
          yLabel="accuracy"
          x={history.steps}
          series={[
            { label: 'training', values: history.accuracy },
            { label: 'held out', values: history.heldOutAccuracy },
          ]}
        />
      </div>
    </section>
  );
}

function sentence(phase: Phase, threads: number): string {
  const on = threads === 1 ? 'one thread' : `${threads} threads`;
  switch (phase) {
    case 'loading':
      return 'Loading the digits.';
    case 'ready':
      return `Ready to train on ${on}.`;
    case 'training':
      return `Training on ${on}.`;
    case 'paused':
      return 'Paused.';
    case 'finished':
      return 'Trained to the end.';
    case 'diverged':
      return 'The loss is no number any more: the learning rate is too high, or the weights began too large. Start over with less.';
  }
}
