import { arrival } from '../race/arrival.js';
import { markOf } from '../race/marks.js';
import type { Trajectory } from '../race/trajectory.js';

/** A line of the table. */
export interface Entry {
  readonly name: string;
  readonly title: string;
  /** Its place among all racers, which gives it its mark. */
  readonly place: number;
  /** Whether it races. */
  readonly on: boolean;
  /** Undefined where it finds its step length itself. */
  readonly learningRate: number | undefined;
  /** Undefined until it is computed. */
  readonly trajectory: Trajectory | undefined;
}

export interface StandingsProps {
  readonly entries: readonly Entry[];
  readonly step: number;
  /** The loss below which a racer has arrived. */
  readonly goal: number;
  /** Called with a racer that is to join or to leave; left out where nobody can. */
  readonly onToggle?: (name: string, on: boolean) => void;
}

/** Who races, with the mark on the map, and how each is doing at a step. */
export function Standings({ entries, step, goal, onToggle }: StandingsProps) {
  return (
    <div class="scroll" role="region" aria-label="Standings" tabIndex={0}>
      <table class="standings">
        <thead>
          <tr>
            <th scope="col">Rule</th>
            <th scope="col" class="number">
              Rate
            </th>
            <th scope="col" class="number">
              Loss
            </th>
            <th scope="col">State, at step</th>
          </tr>
        </thead>
        <tbody>
          {entries.map(({ name, title, place, on, learningRate, trajectory }) => (
            <tr key={name} data-racer={name}>
              <th scope="row">
                <label>
                  {onToggle === undefined ? null : (
                    <input
                      type="checkbox"
                      checked={on}
                      onChange={({ currentTarget }) => {
                        onToggle(name, currentTarget.checked);
                      }}
                    />
                  )}
                  <MarkSample place={place} />
                  {title}
                </label>
              </th>
              <td class="number">{learningRate === undefined ? '–' : shortNumber(learningRate)}</td>
              <td class="number">{on ? lossText(trajectory, step) : ''}</td>
              <td class={longText(trajectory) ? 'wrapped' : undefined}>
                {on ? stateText(trajectory, step, goal) : ''}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The line and the marker of a racer, as they are on the map. */
function MarkSample({ place }: { readonly place: number }) {
  const { color, dash, path, hollow } = markOf(place);
  return (
    <svg class="mark" width="34" height="16" viewBox="-17 -8 34 16" aria-hidden="true">
      <path d="M-17 0H17" stroke={color} stroke-width="2" stroke-dasharray={dash.join(' ')} />
      <path
        d={path}
        fill={hollow ? 'var(--ground)' : color}
        stroke={hollow ? color : 'var(--ground)'}
        stroke-width="1.5"
      />
    </svg>
  );
}

export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'none' : value > 0 ? '∞' : '−∞';
  const text = Math.abs(value) < 1e-3 && value !== 0 ? value.toExponential(1) : Number(value.toPrecision(3));
  return String(text).replace('-', '−');
}

function lossText(trajectory: Trajectory | undefined, step: number): string {
  if (trajectory === undefined) return '…';
  if (trajectory.loss.length === 0) return '–';
  return shortNumber(trajectory.loss[Math.min(step, trajectory.loss.length - 1)]);
}

/** Whether what is said of its state may need more than one line. */
function longText(trajectory: Trajectory | undefined): boolean {
  return trajectory?.ending === 'refused' || trajectory?.evaluations !== undefined;
}

function stateText(trajectory: Trajectory | undefined, step: number, goal: number): string {
  if (trajectory === undefined) return 'computing';
  const { ending, message, evaluations, loss } = trajectory;
  if (ending === 'refused') return `refuses: ${message ?? 'no reason'}`;
  const end = loss.length - 1;
  const over = step >= end;
  const arrived = arrival(trajectory, goal);
  const work = evaluations === undefined ? '' : `, ${evaluations[Math.min(step, end)]} gradients`;
  if (ending === 'diverged' && over) return `diverged: ${end}${work}`;
  if (arrived !== undefined && step >= arrived) return `arrived: ${arrived}${work}`;
  if (ending === 'minimum' && over) return `at rest: ${end}${work}`;
  return `on the way${work}`;
}
