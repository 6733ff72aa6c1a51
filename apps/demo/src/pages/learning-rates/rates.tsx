import { useSignal } from '@preact/signals';
import type { Remote } from 'comlink';
import { rules } from '../../network/rules.js';
import { schedules } from '../../network/schedules.js';
import { typicalRates, type TypicalRates } from '../../network/typical-rates.js';
import { LogSlider, Select, Slider, Toggle } from '../../parts/fields.js';
import { HIGHEST_LOSS, LossChart } from '../../parts/loss-chart.js';
import { useRuns, type RunsWorker } from '../../training/runs.js';
import { networks, plan, TRAINING_DIGITS, type LearningRateSettings } from './defaults.js';
import { Outcome } from './outcome.js';
import { Question } from './question.js';
import { titles } from './titles.js';

const KINDS: Readonly<Record<keyof TypicalRates, string>> = {
  low: 'Too low',
  good: 'Good',
  high: 'High',
  veryHigh: 'Very high',
};

const RANGE = { min: 1e-6, max: 100 };

/** The four rates, and the question which of them is best. */
export function Rates({
  settings,
  worker,
}: {
  readonly settings: LearningRateSettings;
  readonly worker: Remote<RunsWorker>;
}) {
  const trainings = useRuns(worker);
  const answered = useSignal(false);
  const values = settings.current.value;
  const { rule, decay, steps, batch, smoothing, logarithmic } = values;
  const kinds = Object.entries(KINDS) as [keyof TypicalRates, string][];
  const start = () => {
    const now = settings.current.peek();
    return trainings.start([
      ...kinds.map(([kind, title], i) => ({
        label: `${title}, ${now[kind]}`,
        style: i,
        options: plan(now, now[kind], 'constant'),
      })),
      // Trained with the others, and shown once the question is answered.
      { label: `${now.high}, decayed`, style: kinds.length, options: plan(now, now.high, now.decay) },
    ]);
  };
  const runs = trainings.runs.value;
  const shown = answered.value ? runs : runs.slice(0, kinds.length);
  // What was trained, whatever the settings have become since.
  const trained = runs.at(0)?.options ?? { steps, batchSize: batch };
  return (
    <>
      <div class="workbench">
        <section class="controls" aria-label="Settings of the rates">
          <Select
            label="Update rule"
            value={rule}
            options={titles(rules, Object.keys(typicalRates))}
            onChange={(rule) => {
              settings.set({ rule, ...typicalRates[rule], rate: typicalRates[rule].high });
            }}
          />
          {kinds.map(([kind, title]) => (
            <LogSlider
              key={kind}
              label={title}
              {...RANGE}
              value={values[kind]}
              format={readable}
              onChange={(value) => {
                settings.set({ [kind]: value });
              }}
            />
          ))}
          <Select
            label="Network"
            value={values.network}
            options={titles(networks)}
            onChange={(network) => {
              settings.set({ network });
            }}
          />
          <Slider
            label="Steps"
            min={500}
            max={6000}
            step={500}
            value={steps}
            onChange={(steps) => {
              settings.set({ steps });
            }}
          />
          <Select
            label="Digits in a batch"
            value={String(batch)}
            options={Object.fromEntries(['4', '8', '16', '32', '64', '128'].map((size) => [size, size]))}
            onChange={(size) => {
              settings.set({ batch: Number(size) });
            }}
          />
          <Slider
            label="Smoothed over"
            min={1}
            max={200}
            value={smoothing}
            format={(span) => `${span} steps`}
            onChange={(smoothing) => {
              settings.set({ smoothing });
            }}
          />
          <Toggle
            label="Logarithmic loss"
            value={logarithmic}
            onChange={(logarithmic) => {
              settings.set({ logarithmic });
            }}
          />
          <div class="buttons">
            <button type="button" onClick={() => void start()}>
              Train
            </button>
            <button type="button" class="secondary" disabled={!trainings.busy.value} onClick={trainings.stop}>
              Stop
            </button>
          </div>
        </section>
        <section aria-label="Curves of the rates">
          <LossChart
            caption={
              logarithmic
                ? 'The loss of each batch, smoothed.'
                : `The loss of each batch, smoothed. What rises above ${HIGHEST_LOSS}, far worse than guessing (2.3), leaves the picture.`
            }
            runs={shown}
            steps={trained.steps}
            stepsPerEpoch={Math.floor(TRAINING_DIGITS / trained.batchSize)}
            span={smoothing}
            logarithmic={logarithmic}
          />
          <Outcome what="Rate" runs={shown} fault={trainings.fault.value} />
        </section>
      </div>
      <Question
        runs={runs}
        decay={decay}
        options={titles(
          schedules,
          Object.keys(schedules).filter((name) => name !== 'constant'),
        )}
        onDecay={(decay) => {
          settings.set({ decay });
          if (runs.length > 0) void start();
        }}
        onAnswer={() => {
          answered.value = true;
          if (runs.length === 0) void start();
        }}
      />
    </>
  );
}

/** Two digits, without an exponent where it can be. */
function readable(rate: number): string {
  return String(Number(rate.toPrecision(2)));
}
