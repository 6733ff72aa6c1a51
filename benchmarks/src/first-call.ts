import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Figures } from './figures.js';
import { measureMachine, overRounds, partOfFullPeak, type Machine } from './machine.js';
import { median } from './median.js';
import { judge, type Section } from './section.js';

/** What a fresh process found: the first call traces, lowers, emits and compiles, the second only runs. */
export interface FirstCall {
  readonly firstMilliseconds: number;
  readonly secondMilliseconds: number;
  readonly losses: readonly number[];
}

const works = {
  lenet: { title: 'LeNet step, batch 64', limit: 150, runs: 5 },
  resnet50: { title: 'ResNet-50 step, 2 images of 3x64x64', limit: 3000, runs: 3 },
} as const;
export type FirstCallWork = keyof typeof works;

/** How long the first call of a compiled step takes, in processes of their own. */
export async function measureFirstCalls(): Promise<Section> {
  const machines: Machine[] = [];
  const sections = [];
  for (const [name, { title, limit, runs }] of Object.entries(works)) {
    const found: FirstCall[] = [];
    const before = machines.length;
    for (let i = 0; i < runs; i++) {
      machines.push(await measureMachine('flops'));
      found.push(await inNewProcess(name));
    }
    const figures = new Figures(overRounds(machines.slice(before)), []);
    const first = median(found.map(({ firstMilliseconds }) => firstMilliseconds));
    const second = median(found.map(({ secondMilliseconds }) => secondMilliseconds));
    const falls = found.every(({ losses }) => losses[losses.length - 1] < losses[0]);
    sections.push({
      row: {
        title,
        value: first,
        unit: 'ms',
        remark: `the second call took ${second.toFixed(0)} ms${falls ? '' : '; does not count: the loss did not fall'}`,
      },
      bar: judge(
        {
          goal: `${title}: ${limit} ms (more where the peak is below 55 GF/s)`,
          unit: 'ms',
          measured: () => (falls ? first : undefined),
          atMost: ({ machine }) => limit / partOfFullPeak(machine),
        },
        figures,
      ),
    });
  }
  return {
    name: 'first-call',
    description:
      'the first call of a training step on wasm: tracing, lowering, emitting, compiling and running',
    machine: overRounds(machines),
    rows: sections.map(({ row }) => row),
    bars: sections.map(({ bar }) => bar),
  };
}

async function inNewProcess(name: string): Promise<FirstCall> {
  const child = fileURLToPath(new URL('first-call-run.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, child, name]);
  return JSON.parse(stdout) as FirstCall;
}
