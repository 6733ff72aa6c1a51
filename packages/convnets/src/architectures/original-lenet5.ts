import {
  concat,
  mul,
  random,
  reshape,
  square,
  sub,
  sum,
  take,
  tanh,
  tensor,
  unsqueeze,
  variable,
  zeros,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import { Flatten, Linear, Module, type Initializer } from '@downhill/layers';
import { averagePool2d } from '../average-pooling.js';
import { alongChannels, conv2d, Conv2d } from '../convolution.js';
import type { PerAxis } from '../sliding.js';
import type { ArchitectureOptions } from './options.js';

type Shared = Pick<ArchitectureOptions, 'generator' | 'dtype'>;

/** Which maps of S2 each of the 16 maps of C3 sees: table I of the paper. */
const TABLE: readonly (readonly number[])[] = [
  [0, 1, 2],
  [1, 2, 3],
  [2, 3, 4],
  [3, 4, 5],
  [0, 4, 5],
  [0, 1, 5],
  [0, 1, 2, 3],
  [1, 2, 3, 4],
  [2, 3, 4, 5],
  [0, 3, 4, 5],
  [0, 1, 4, 5],
  [0, 1, 2, 5],
  [0, 1, 3, 4],
  [1, 2, 4, 5],
  [0, 2, 3, 5],
  [0, 1, 2, 3, 4, 5],
];

/** The digits as they look, 7 by 12: what the 84 units of F6 are to show. The drawings are ours, after figure 3. */
const DRAWINGS = [
  '..###.. ...##.. .#####. .#####. ....##. ####### ..####. ####### .#####. .#####.',
  '.##.##. ..###.. ##...## ##...## ...###. ##..... .##.... ##...## ##...## ##...##',
  '##...## .####.. ##...## .....## ..####. ##..... ##..... .....## ##...## ##...##',
  '##...## ...##.. .....## .....## .##.##. ##..... ##..... ....##. ##...## ##...##',
  '##...## ...##.. ....##. .....## ##..##. ######. ######. ....##. ##...## ##...##',
  '##...## ...##.. ...##.. ..####. ##..##. .....## ##...## ...##.. .#####. .######',
  '##...## ...##.. ..##... .....## ####### .....## ##...## ...##.. ##...## .....##',
  '##...## ...##.. .##.... .....## ....##. .....## ##...## ..##... ##...## .....##',
  '##...## ...##.. ##..... .....## ....##. .....## ##...## ..##... ##...## .....##',
  '.##.##. ...##.. ##..... ##...## ....##. ##...## ##...## ..##... ##...## ....##.',
  '..###.. .###### ####### .#####. ....##. .#####. .#####. ..##... .#####. .####..',
  '....... ....... ....... ....... ....... ....... ....... ....... ....... .......',
];

/** Uniform over ±2.4 / fanIn: appendix A. */
const lecunUniform: Initializer = (shape, { fanIn = 1, dtype, generator } = {}) =>
  random.uniform(shape, { low: -2.4 / fanIn, high: 2.4 / fanIn, dtype, generator });

/** 1.7159 tanh(2x/3), which is ±1 at ±1, where it bends most: appendix A. */
function squash(x: Tensor): Tensor {
  return tanh(x.mul(2 / 3)).mul(1.7159);
}

/** The sum over squares of 2 by 2, times a coefficient, plus a bias, both learnt, one of each a map. */
class Subsampling extends Module {
  readonly weight: Variable;
  readonly bias: Variable;

  constructor(maps: number, shared: Shared) {
    super();
    this.weight = variable(lecunUniform([maps], { fanIn: 4, ...shared }), { name: 'weight' });
    this.bias = variable(zeros([maps], { dtype: shared.dtype }), { name: 'bias' });
  }

  override forward(x: Tensor | Variable): Tensor {
    const sums = averagePool2d(x, { kernelSize: 2 }).mul(4);
    return mul(sums, alongChannels(this.weight, 2)).add(alongChannels(this.bias, 2));
  }
}

/** A convolution in which each output sees only some of the inputs: those that `table` lists for it. */
class TableConvolution extends Module {
  /** One kernel for each entry of the table, [entries, size, size]. */
  readonly weight: Variable;
  readonly bias: Variable;
  /** For each pair of output and input its kernel, counted from 1, or 0 for none; [outputs · inputs]. */
  private readonly places: Tensor;

  constructor(
    readonly table: readonly (readonly number[])[],
    readonly inputs: number,
    readonly size: number,
    shared: Shared,
  ) {
    super();
    const fans = table.flatMap((seen) => seen.map(() => seen.length * size ** 2));
    const within = random.uniform([fans.length, size, size], { low: -2.4, high: 2.4, ...shared });
    const bounds = reshape(tensor(fans, { dtype: shared.dtype }), [fans.length, 1, 1]);
    this.weight = variable(within.div(bounds), { name: 'weight' });
    this.bias = variable(zeros([table.length], { dtype: shared.dtype }), { name: 'bias' });
    let entry = 0;
    const places = table.flatMap((seen) =>
      Array.from({ length: inputs }, (_, input) => (seen.includes(input) ? ++entry : 0)),
    );
    this.places = tensor(places, { dtype: 'int32' });
  }

  override forward(x: Tensor | Variable): Tensor {
    const { table, inputs, size, weight, bias } = this;
    const none = zeros([1, size, size], { dtype: weight.dtype });
    const kernels = take(concat([none, weight]), this.places);
    return conv2d(x, reshape(kernels, [table.length, inputs, size, size]), { bias });
  }
}

/** The squared distance to each of a number of codes that stay as they are; negative, so that the largest is the answer. */
class RadialBasis extends Module {
  /** [classes, units], ±1; not trainable. */
  readonly codes: Variable;

  constructor(codes: Tensor) {
    super();
    this.codes = variable(codes, { name: 'codes', trainable: false });
  }

  override forward(x: Tensor | Variable): Tensor {
    return sum(square(sub(unsqueeze(x, 1), this.codes)), { axis: -1 }).neg();
  }
}

function codesOf(drawings: readonly string[], dtype: ArchitectureOptions['dtype']): Tensor {
  const rows = drawings.map((row) => row.split(' '));
  const codes = rows[0].map((_, digit) =>
    rows.flatMap((row) => [...row[digit]].map((mark) => (mark === '#' ? 1 : -1))),
  );
  return tensor(codes, { dtype });
}

/** See {@link originalLenet5}. */
class OriginalLenet5 extends Module {
  readonly c1: Conv2d;
  readonly s2: Module;
  readonly c3: Module;
  readonly s4: Module;
  readonly c5: Conv2d;
  readonly f6: Linear;
  readonly output: Module;

  constructor({ padding = 0, generator, dtype }: OriginalLenet5Options) {
    super();
    const shared = { generator, dtype };
    const dense = { ...shared, initializer: lecunUniform };
    this.c1 = new Conv2d(1, 6, { kernelSize: 5, padding, ...dense });
    this.s2 = new Subsampling(6, shared);
    this.c3 = new TableConvolution(TABLE, 6, 5, shared);
    this.s4 = new Subsampling(16, shared);
    this.c5 = new Conv2d(16, 120, { kernelSize: 5, ...dense });
    this.f6 = new Linear(120, 84, dense);
    this.output = new RadialBasis(codesOf(DRAWINGS, dtype));
  }

  override forward(x: Tensor | Variable): Tensor {
    const maps = [this.c1, this.s2, this.c3, this.s4, this.c5];
    const features = maps.reduce<Tensor | Variable>((value, layer) => squash(layer.forward(value)), x);
    const drawing = squash(this.f6.forward(new Flatten().forward(features)));
    return this.output.forward(drawing);
  }
}

export interface OriginalLenet5Options extends Pick<ArchitectureOptions, 'generator' | 'dtype'> {
  /** Around the images: 0 by default, for 32 × 32 as in the paper; 2 for 28 × 28. */
  readonly padding?: PerAxis;
}

/**
 * LeNet-5 as first published: scaled tanh, sub-sampling that is learnt, maps of the third layer that see only some of those
 * before (table I), and an output that measures how far the 84 units of F6 are from a drawing of each digit. One channel of
 * 32 × 32, ten digits, 60,000 parameters. LeCun, Bottou, Bengio & Haffner (1998), section II.B.
 *
 * The scores are the distances of equation 7, negative, so that `crossEntropy` is the loss of equation 9 without its constant.
 */
export function originalLenet5(options: OriginalLenet5Options = {}): Module {
  return new OriginalLenet5(options);
}
