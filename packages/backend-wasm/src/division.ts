import type { FunctionBuilder, Operand } from './assembler.js';
import type { CodeContext, Share } from './code-context.js';
import { CONTROL, LINE_WORDS } from './control.js';
import type { PlainOp } from './opcodes.js';

/** Part of a loop: locals with the first turn and with the end. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** From here on, a division counts as even. */
const EVEN = 0.9;

/** What divides most evenly among threads that share its equal pieces: the first that does well, else the best. */
export function mostEven<Choice>(
  choices: readonly Choice[],
  threads: number,
  piecesOf: (choice: Choice) => number,
): Choice {
  const parts = choices.map((choice) => {
    const pieces = piecesOf(choice);
    return pieces / (Math.ceil(pieces / threads) * threads);
  });
  const good = parts.findIndex((part) => part > EVEN);
  return choices[good >= 0 ? good : parts.indexOf(Math.max(...parts))];
}

/** What is divided: a loop, and how. */
export interface Division {
  readonly extent: number;
  /** Pieces are multiples of it, but for the last. */
  readonly unit?: number;
  /** Whether a thread that has finished its part takes pieces of others': not where each piece repeats work of all. */
  readonly helps?: boolean;
}

/**
 * Divides a loop of the kernel among threads: `emit` is given this thread's part. All
 * have parts of one size, but cores differ, and other programs keep them from work: a thread takes half of what is left of its
 * part at a time, and one that has finished goes on with what is left of others' parts.
 */
export function emitDivided(
  c: CodeContext,
  share: Share,
  { extent, unit = 1, helps = true }: Division,
  emit: (part: Range) => void,
): void {
  const { f } = c;
  const units = Math.ceil(extent / unit);
  const part = { from: c.local('i32'), to: c.local('i32') };
  const emitPart = (): void => {
    for (const end of [part.from, part.to]) {
      f.get(end).times(unit).set(end);
      emitAtMost(f, end, extent);
    }
    c.divided(() => {
      emit(part);
    });
  };
  // What is claimed is counted once from barrier to barrier.
  if (helps && share.helps && c.isOutermost && !c.isDivided) {
    const claim = c.shared.function('claim', ['i32', 'i32', 'i32', 'i32', 'i32'], writeClaim, ['i32', 'i32']);
    const last = c.local('i32');
    f.i32Const(-1).set(last);
    f.whileLoop(() => {
      f.get(share.control).get(share.thread).get(share.threads).i32Const(units).get(last).call(claim);
      f.set(part.to).tee(last).set(part.from).get(last).i32Const(units).op('i32.lt_u');
    }, emitPart);
    f.release(last);
  } else {
    emitMost(f, share.threads, units);
    f.tee(part.to).get(share.thread).op('i32.mul').tee(part.from).get(part.to).op('i32.add').set(part.to);
    emitPart();
  }
  f.release(part.from, part.to);
}

/** Emits the units of each thread, but for the last ones. */
function emitMost(f: FunctionBuilder, threads: number, units: Operand): void {
  f.operand(units).get(threads).op('i32.add').i32Const(1).op('i32.sub').get(threads).op('i32.div_u');
}

/** Lowers a local to a limit it is above, both unsigned. */
export function emitAtMost(f: FunctionBuilder, local: number, limit: Operand): void {
  emitLimited(f, local, limit, 'i32.lt_u');
}

/** Raises a local to a limit it is below, both signed. */
export function emitAtLeast(f: FunctionBuilder, local: number, limit: Operand): void {
  emitLimited(f, local, limit, 'i32.gt_s');
}

function emitLimited(f: FunctionBuilder, local: number, limit: Operand, keeps: PlainOp): void {
  f.get(local).operand(limit).get(local).operand(limit).op(keeps).op('select').set(local);
}

/** How often what is left of a part is halved. */
const HALVINGS = 5;

/** Bits of a word of claims that count pieces; those above are of the number of the barrier before the kernel. */
const COUNTED = 3;

/**
 * Writes a function (control, thread, threads, units, last) → (from, to): the next units this thread is to do. `last` is
 * where those before began, -1 at first; where nothing is left, both results are at least `units`. The last piece of a part is
 * left to its owner: what that is about to do itself would only move from the memory near it to another's.
 */
export function writeClaim(f: FunctionBuilder): void {
  const [control, thread, threads, units, last] = [0, 1, 2, 3, 4];
  const [most, owner, line, kernel, seen, taken] = Array.from({ length: 6 }, () => f.local('i32'));
  const [from, to, end, searches] = Array.from({ length: 4 }, () => f.local('i32'));
  emitMost(f, threads, () => f.get(units));
  f.set(most);
  f.get(threads).i32Const(1).op('i32.eq').if();
  // Alone: all at once.
  f.i32Const(0).get(units).get(last).i32Const(0).op('i32.lt_s').op('select').set(from);
  f.get(units).set(to);
  f.else();
  f.get(control)
    .memory('i32.atomic.load', 4 * CONTROL.opened)
    .i32Const(COUNTED)
    .op('i32.shl')
    .set(kernel);
  f.get(thread).get(last).get(most).op('i32.div_u').get(last).i32Const(0).op('i32.lt_s').op('select');
  f.set(owner);
  f.i32Const(1).set(searches);
  f.whileLoop(
    () => f.get(searches),
    () => {
      f.get(control)
        .get(owner)
        .times(4 * LINE_WORDS)
        .op('i32.add')
        .set(line);
      // What has been claimed of an earlier kernel does not count.
      f.get(line)
        .memory('i32.atomic.load', 4 * CONTROL.claims)
        .tee(seen)
        .get(kernel)
        .op('i32.sub')
        .tee(taken);
      f.i32Const(0)
        .get(taken)
        .i32Const(1 << COUNTED)
        .op('i32.lt_u')
        .op('select')
        .set(taken);
      f.get(owner).plus(1).get(most).op('i32.mul').set(end);
      // What is left before and after this piece.
      for (const [place, pieces] of [
        [from, 0],
        [to, 1],
      ])
        f.get(end)
          .get(most)
          .get(taken)
          .plus(pieces)
          .op('i32.shr_u')
          .i32Const(0)
          .get(taken)
          .i32Const(HALVINGS + 1 - pieces)
          .op('i32.lt_u')
          .op('select')
          .op('i32.sub')
          .set(place);
      emitAtMost(f, end, () => f.get(units));
      emitAtMost(f, to, () => f.get(end));
      f.get(from).get(to).get(owner).get(thread).op('i32.eq').op('select').get(end).op('i32.lt_u').if();
      f.get(line).get(seen).get(kernel).get(taken).op('i32.add').plus(1);
      f.memory('i32.atomic.rmw.cmpxchg', 4 * CONTROL.claims)
        .get(seen)
        .op('i32.ne')
        .set(searches);
      f.else();
      // The next one's part, until all have been asked.
      f.get(owner).plus(1).get(threads).op('i32.rem_s').tee(owner).get(thread).op('i32.ne').tee(searches);
      f.op('i32.eqz').if();
      f.get(units).tee(from).set(to).end();
      f.end();
    },
  );
  f.end();
  f.get(from).get(to);
}
