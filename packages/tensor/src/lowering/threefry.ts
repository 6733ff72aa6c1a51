import { binary, constantOf } from './expression.js';
import type { Expression } from './program.js';

/** The rotation distances of Threefry-2x32 (Salmon et al. 2011, table 4), eight rounds' worth. */
const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24];
/** The key-schedule parity constant of Threefish with 32-bit words. */
const PARITY = 0x1bd11bda;
const ROUNDS = 20;

/** The two words of Threefry-2x32 with 20 rounds, as expressions on int32. */
export function threefry(
  key: readonly Expression[],
  counter: readonly Expression[],
): readonly [Expression, Expression] {
  const word = (value: number): Expression => constantOf(value | 0, 'int32');
  const apply = (name: 'wordAdd' | 'wordXor' | 'rotateLeft', a: Expression, b: Expression): Expression =>
    binary(name, a, b, 'int32');
  const keys = [key[0], key[1], apply('wordXor', apply('wordXor', key[0], key[1]), word(PARITY))];
  let first = apply('wordAdd', counter[0], keys[0]);
  let second = apply('wordAdd', counter[1], keys[1]);
  for (let round = 0; round < ROUNDS; round++) {
    first = apply('wordAdd', first, second);
    second = apply('wordXor', apply('rotateLeft', second, word(ROTATIONS[round % 8])), first);
    if (round % 4 === 3) {
      const step = (round + 1) / 4;
      first = apply('wordAdd', first, keys[step % 3]);
      second = apply('wordAdd', second, apply('wordAdd', keys[(step + 1) % 3], word(step)));
    }
  }
  return [first, second];
}
