import { Select, Slider } from '../../parts/fields.js';
import { Figures } from '../../parts/figures.js';
import type { DropoutSettings } from './defaults.js';
import { activations, MASKS, neuronAverages } from './neuron.js';

const SLIDERS = {
  w0: 'Weight w0',
  w1: 'Weight w1',
  x: 'Input x',
  y: 'Input y',
} as const;

/** The neuron that can be worked by hand: four masks, their average, and the scaled pass. */
export function LinearNeuron({ settings }: { readonly settings: DropoutSettings }) {
  const values = settings.current.value;
  const { w0, w1, x, y, activation } = values;
  const { outputs, average, scaled } = neuronAverages([w0, w1], [x, y], activation);
  const linear = !Object.hasOwn(activations, activation) || activation === 'none';
  const formula = (sum: string): string => (linear ? sum : `f(${sum})`);
  return (
    <div class="workbench">
      <section class="controls" aria-label="Settings of the neuron">
        {(Object.entries(SLIDERS) as [keyof typeof SLIDERS, string][]).map(([name, label]) => (
          <Slider
            key={name}
            label={label}
            min={-3}
            max={3}
            step={0.1}
            value={values[name]}
            format={(value) => value.toFixed(1)}
            onChange={(value) => {
              settings.set({ [name]: value });
            }}
          />
        ))}
        <Select
          label="Non-linearity f"
          value={linear ? 'none' : activation}
          options={Object.fromEntries(Object.entries(activations).map(([name, { title }]) => [name, title]))}
          onChange={(activation) => {
            settings.set({ activation });
          }}
        />
      </section>
      <section aria-label="The neuron">
        <p class="prose">
          Two inputs, each dropped half of the time: four masks, all as likely. For a linear neuron their
          average is <strong>0.5 (w0 x + w1 y)</strong>, exactly what one pass gives with the inputs halved.
          With a non-linearity behind the sum the two differ, and scaling is but an approximation, though
          mostly a good one.
        </p>
        <div class="scroll" tabIndex={0} role="region" aria-label="The four masks">
          <table>
            <thead>
              <tr>
                <th scope="col">Kept</th>
                <th scope="col">Sum</th>
                <th scope="col">Output</th>
              </tr>
            </thead>
            <tbody>
              {MASKS.map(([first, second], i) => (
                <tr key={i}>
                  <th scope="row">
                    {[first === 1 ? 'x' : '', second === 1 ? 'y' : ''].filter(Boolean).join(' and ') ||
                      'neither'}
                  </th>
                  <td>
                    {formula(
                      [first === 1 ? 'w0 x' : '', second === 1 ? 'w1 y' : ''].filter(Boolean).join(' + ') ||
                        '0',
                    )}
                  </td>
                  <td>{outputs[i].toFixed(4)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <div aria-live="polite">
          <Figures
            figures={{
              'average of the four': average.toFixed(7),
              [formula('0.5 (w0 x + w1 y)')]: scaled.toFixed(7),
              difference: (scaled - average).toFixed(7),
            }}
          />
        </div>
      </section>
    </div>
  );
}
