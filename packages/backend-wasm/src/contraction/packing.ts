import type { FunctionBuilder } from '../assembler.js';
import type { CodeContext } from '../code-context.js';
import { LANES } from '../vector.js';
import type { Level } from './levels.js';
import { writeLevels } from './levels.js';

/** Lines of a factor to be copied side by side. Distances are in bytes. */
export interface Packing {
  /** Lines that are there. */
  readonly lines: number;
  /** Lines that are written: zeros where there are none. */
  readonly width: number;
  /** From line to line. */
  readonly across: number;
  /** The loops along the lines, from source (left) to target (right); how often the outermost runs is an argument. */
  readonly levels: readonly Level[];
}

/**
 * The function that packs, (source, target, count) → (): for each point of the levels the lines' elements lie side by
 * side in the target, one point after the other.
 */
export function packingFunction({ shared }: CodeContext, packing: Packing): number {
  return shared.function(`pack ${JSON.stringify(packing)}`, ['i32', 'i32', 'i32'], (f) => {
    writePacking(f, packing);
  });
}

function writePacking(f: FunctionBuilder, { lines, width, across, levels }: Packing): void {
  const [source, target, count] = [0, 1, 2];
  const block = { lines, width, across };
  // Along lines that lie in one piece, four elements of four lines at a time are turned in registers.
  const along = levels[levels.length - 1].leftStep === 4 && across !== 4;
  const turns = along && lines >= LANES && width % LANES === 0;
  writeLevels(f, levels, { left: source, right: target, count }, turns ? LANES : 1, (points) => {
    if (points === 1) copyPoint(f, source, target, block);
    else turnPoints(f, source, target, block);
  });
}

type Lines = Pick<Packing, 'lines' | 'width' | 'across'>;

/** Copies one element of each line. */
function copyPoint(
  f: FunctionBuilder,
  source: number,
  target: number,
  { lines, width, across }: Lines,
): void {
  // A step backwards cannot be an immediate.
  const at = (line: number): number => {
    f.get(source);
    if (across >= 0) return line * across;
    f.plus(line * across);
    return 0;
  };
  for (let line = 0; line < width; line++) {
    f.get(target);
    if (across === 4 && line + LANES <= lines) {
      f.get(source)
        .memory('v128.load', line * 4)
        .memory('v128.store', line * 4);
      line += LANES - 1;
    } else if (line < lines) {
      f.memory('f32.load', at(line)).memory('f32.store', line * 4);
    } else {
      f.f32Const(0).memory('f32.store', line * 4);
    }
  }
}

/** Copies four elements of each line, by turning squares of four by four. */
function turnPoints(
  f: FunctionBuilder,
  source: number,
  target: number,
  { lines, width, across }: Lines,
): void {
  const bytes = width * 4;
  const line = [0, 1, 2, 3].map(() => f.local('v128'));
  const half = [0, 1, 2, 3].map(() => f.local('v128'));
  for (let first = 0; first < width; first += LANES) {
    for (let lane = 0; lane < LANES; lane++) {
      if (first + lane < lines) {
        f.get(source);
        if (across < 0) f.plus((first + lane) * across);
        f.memory('v128.load', across < 0 ? 0 : (first + lane) * across);
      } else f.f32x4Const(0);
      f.set(line[lane]);
    }
    f.get(line[0]).get(line[1]).shuffle32(0, 4, 1, 5).set(half[0]);
    f.get(line[0]).get(line[1]).shuffle32(2, 6, 3, 7).set(half[1]);
    f.get(line[2]).get(line[3]).shuffle32(0, 4, 1, 5).set(half[2]);
    f.get(line[2]).get(line[3]).shuffle32(2, 6, 3, 7).set(half[3]);
    for (let point = 0; point < LANES; point++) {
      const from = point < 2 ? [half[0], half[2]] : [half[1], half[3]];
      f.get(target).get(from[0]).get(from[1]);
      if (point % 2 === 0) f.shuffle32(0, 1, 4, 5);
      else f.shuffle32(2, 3, 6, 7);
      f.memory('v128.store', point * bytes + first * 4);
    }
  }
  f.release(...line, ...half);
}
