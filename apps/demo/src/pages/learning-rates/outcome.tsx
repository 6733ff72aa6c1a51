import type { Run } from '../../training/runs.js';
import { lowest } from './lowest.js';

/** The loss of one who guesses among ten digits. */
const GUESSING = Math.log(10);

/** How each training ended, measured on all digits. */
export function Outcome({
  what,
  runs,
  fault,
}: {
  /** What differs between them: the head of the first column. */
  readonly what: string;
  readonly runs: readonly Run[];
  readonly fault?: string;
}) {
  if (fault !== undefined) return <p role="alert">The training could not go on: {fault}</p>;
  const best = lowest(runs);
  const evaluated = runs.some(({ evaluations }) => evaluations.length > 0);
  return (
    <div aria-live="polite">
      {evaluated && (
        <div
          class="scroll"
          tabIndex={0}
          role="region"
          aria-label={`How each ended, by ${what.toLowerCase()}`}
        >
          <table>
            <thead>
              <tr>
                <th scope="col">{what}</th>
                <th scope="col">Training loss</th>
                <th scope="col">Held-out accuracy</th>
                <th scope="col">Verdict</th>
              </tr>
            </thead>
            <tbody>
              {runs.map((run) => (
                <tr key={run.label}>
                  <th scope="row">{run.label}</th>
                  <OutcomeCells run={run} best={run === best} />
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}

function OutcomeCells({ run, best }: { readonly run: Run; readonly best: boolean }) {
  const { diverged, losses, evaluations } = run;
  const last = evaluations.at(-1);
  if (diverged) {
    return (
      <>
        <td>–</td>
        <td>–</td>
        <td>diverged at step {losses.length}</td>
      </>
    );
  }
  if (last === undefined) {
    return (
      <>
        <td>…</td>
        <td>…</td>
        <td>step {losses.length}</td>
      </>
    );
  }
  return (
    <>
      <td>{last.training.loss.toPrecision(3)}</td>
      <td>{(100 * last.heldOut.accuracy).toFixed(1)} %</td>
      <td>{best ? 'lowest loss' : last.training.loss > GUESSING ? 'worse than guessing' : ''}</td>
    </>
  );
}
