import type { FunctionBuilder } from './assembler.js';
import { CONTROL } from './control.js';

/** Turns of waiting awake: some hundred microseconds, what parts of a kernel differ by. Waking up a thread that sleeps takes as long. */
const SPINS = 100_000;
const SECOND = 1_000_000_000n;
/** Seconds after which a thread that has not come is given up. */
const PATIENCE = 30;

/** Writes a function (control, threads) → () that returns when all threads have called it; it traps if one never does. */
export function writeBarrier(f: FunctionBuilder): void {
  const [control, threads] = [0, 1];
  const [opened, turns] = [f.local('i32'), f.local('i32')];
  const at = (word: number): number => 4 * word;
  const isShut = (): void => {
    f.get(control).memory('i32.atomic.load', at(CONTROL.opened)).get(opened).op('i32.eq');
  };
  f.get(control).memory('i32.atomic.load', at(CONTROL.opened)).set(opened);
  f.get(control).i32Const(1).memory('i32.atomic.rmw.add', at(CONTROL.arrived));
  f.plus(1).get(threads).op('i32.eq').if();
  // The last one opens it.
  f.get(control).i32Const(0).memory('i32.atomic.store', at(CONTROL.arrived));
  f.get(control).i32Const(1).memory('i32.atomic.rmw.add', at(CONTROL.opened)).op('drop');
  f.get(control).memory('i32.atomic.load', at(CONTROL.asleep)).if();
  f.get(control).i32Const(-1).memory('memory.atomic.notify', at(CONTROL.opened)).op('drop').end();
  f.else();
  f.i32Const(SPINS).set(turns);
  f.whileLoop(
    () => {
      isShut();
      f.get(turns).i32Const(0).op('i32.ne').op('i32.and');
    },
    () => f.get(turns).i32Const(1).op('i32.sub').set(turns),
  );
  f.i32Const(PATIENCE).set(turns);
  f.whileLoop(isShut, () => {
    f.get(control).i32Const(1).memory('i32.atomic.rmw.add', at(CONTROL.asleep)).op('drop');
    f.get(control).get(opened).i64Const(SECOND).memory('memory.atomic.wait32', at(CONTROL.opened));
    f.op('drop');
    f.get(control).i32Const(1).memory('i32.atomic.rmw.sub', at(CONTROL.asleep)).op('drop');
    f.get(turns).i32Const(1).op('i32.sub').tee(turns).op('i32.eqz');
    f.get(control).memory('i32.atomic.load', at(CONTROL.failed)).op('i32.or');
    // Woken or not, the barrier may have opened meanwhile: only one that is still shut is given up.
    isShut();
    f.op('i32.and').if().op('unreachable').end();
  });
  f.end();
}
