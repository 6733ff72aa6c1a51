import {
  formatShape,
  ShapeError,
  stack,
  variable,
  zeros,
  type DType,
  type Generator,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import { checkExtents } from './extents.js';
import { lecunUniform, type Initializer } from './initializers.js';
import { Module } from './module.js';

export interface RecurrentOptions {
  /** Where weights start; `lecunUniform` with the units as fan by default. Biases start at 0. */
  readonly initializer?: Initializer;
  /** What the initializer draws from; the default generator unless given. */
  readonly generator?: Generator;
  /** float32 by default. */
  readonly dtype?: DType;
}

/** What goes from one moment to the next: at least the hidden units, [N, units]. */
export interface RecurrentState {
  readonly hidden: Tensor | Variable;
}

/** What a recurrent layer makes of sequences. */
export interface RecurrentRun<State> {
  /** The hidden units at each moment, [N, T, units]. */
  readonly output: Tensor;
  /** What the next moment would begin with. */
  readonly state: State;
}

/**
 * A layer that reads sequences moment by moment: [N, T, inputs] becomes [N, T, units]. Layers are stacked with
 * `Sequential`. The gates' weights stand one below another, as PyTorch stores them.
 */
export abstract class Recurrent<State extends RecurrentState> extends Module {
  /** [gates · units, inputs]. */
  readonly inputWeight: Variable;
  /** [gates · units, units]. */
  readonly hiddenWeight: Variable;
  /** [gates · units]. */
  readonly inputBias: Variable;
  /** [gates · units]. */
  readonly hiddenBias: Variable;

  constructor(
    private readonly kind: { readonly name: string; readonly gates: number },
    readonly inputs: number,
    readonly units: number,
    { initializer = lecunUniform, generator, dtype = 'float32' }: RecurrentOptions,
  ) {
    super();
    checkExtents(kind.name, { inputs, units });
    const rows = kind.gates * units;
    const fans = { fanIn: units, fanOut: units, generator, dtype };
    this.inputWeight = variable(initializer([rows, inputs], fans), { name: 'inputWeight' });
    this.hiddenWeight = variable(initializer([rows, units], fans), { name: 'hiddenWeight' });
    this.inputBias = variable(zeros([rows], { dtype }), { name: 'inputBias' });
    this.hiddenBias = variable(zeros([rows], { dtype }), { name: 'hiddenBias' });
  }

  /** The state before the first moment of `count` sequences: zeros. */
  abstract start(count: number): State;

  /** The next state, from the gates' sums over the inputs and over the hidden units, [N, gates · units] each. */
  protected abstract next(fromInput: Tensor, fromHidden: Tensor, state: State): State;

  /** The hidden units at each moment, [N, T, units], beginning with nothing in mind. */
  override forward(x: Tensor | Variable): Tensor {
    return this.run(x).output;
  }

  /** Reads [N, T, inputs] from a state on: all outputs and the state at the end. */
  run(x: Tensor | Variable, state: State = this.start(x.shape[0] ?? 0)): RecurrentRun<State> {
    if (x.rank !== 3 || x.shape[1] === 0) this.refuse('[N, T, inputs] with T of at least 1', x);
    const fromInput = this.project(x);
    const states = [state];
    for (let moment = 0; moment < x.shape[1]; moment++) {
      states.push(this.advance(fromInput.slice(undefined, moment), states[moment]));
    }
    const output = stack(
      states.slice(1).map(({ hidden }) => hidden),
      { axis: 1 },
    );
    return { output, state: states[x.shape[1]] };
  }

  /** One moment: from its inputs, [N, inputs], and the state before it, the state after. For writing captions word by word. */
  step(x: Tensor | Variable, state: State): State {
    if (x.rank !== 2) this.refuse('[N, inputs]', x);
    return this.advance(this.project(x), state);
  }

  private project(x: Tensor | Variable): Tensor {
    if (x.shape.at(-1) !== this.inputs) this.refuse(`[..., ${this.inputs}]`, x);
    return x.matmul(this.inputWeight.transpose()).add(this.inputBias);
  }

  private advance(fromInput: Tensor, state: State): State {
    const count = fromInput.shape[0];
    for (const [name, { shape }] of Object.entries(state) as [string, Tensor][]) {
      if (shape[0] === count && shape[1] === this.units && shape.length === 2) continue;
      throw new ShapeError(
        `${this.kind.name}(${this.inputs}, ${this.units}): expected a state with ${name} of ` +
          `${formatShape([count, this.units])}, got ${formatShape(shape)}`,
      );
    }
    return this.next(
      fromInput,
      state.hidden.matmul(this.hiddenWeight.transpose()).add(this.hiddenBias),
      state,
    );
  }

  private refuse(expected: string, x: Tensor | Variable): never {
    throw new ShapeError(
      `${this.kind.name}(${this.inputs}, ${this.units}): expected ${expected}, got ${formatShape(x.shape)}`,
    );
  }
}
