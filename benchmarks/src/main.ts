import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineCommand, runMain } from 'citty';
import { Contender, contenderNames } from './contender.js';
import { drawChart } from './chart.js';
import { measureFirstCalls } from './first-call.js';
import { forgetProgram } from './machine.js';
import { measure } from './measure.js';
import { measureMemory } from './memory.js';
import { formatBars, formatSection } from './report.js';
import { sectionOf, type Section } from './section.js';
import { type Work } from './work.js';
import * as works from './works/index.js';

const timed: readonly Work[] = [
  ...[works.matmul, works.convolution, works.mlp, works.lenet, works.cifar, works.vgg],
  ...[works.chain, works.sum, works.adam, works.oneImage, works.tiny],
].flat();
const others: Readonly<Record<string, () => Promise<Section>>> = {
  'first-call': measureFirstCalls,
  memory: measureMemory,
};

/** `matmul 256` is one of the works that are called `matmul`. */
const familyOf = ({ name }: Work): string => name.split(' ')[0];
const families = [...new Set([...timed.map(familyOf), ...Object.keys(others)])];

async function* sections(
  chosen: readonly string[],
  contenders: readonly Contender[],
): AsyncGenerator<Section> {
  for (const work of timed.filter((work) => chosen.includes(familyOf(work)))) {
    const able = contenders.filter(({ name: { kinds } }) => kinds?.includes(work.task.kind) ?? true);
    yield sectionOf(work, await measure(work, able));
  }
  for (const name of chosen) if (Object.hasOwn(others, name)) yield others[name]();
}

async function store(name: string, title: string, found: readonly Section[]): Promise<void> {
  const folder = new URL('../results/', import.meta.url);
  await mkdir(folder, { recursive: true });
  const run = { title, date: new Date().toISOString(), sections: found };
  await writeFile(new URL(`${name}.json`, folder), `${JSON.stringify(run, undefined, 2)}\n`);
  await writeFile(new URL(`${name}.svg`, folder), drawChart(title, found));
  console.log(`\n${fileURLToPath(new URL(name, folder))}.json and .svg`);
}

const command = defineCommand({
  meta: { name: 'npm run bench --', description: 'Times Downhill beside its peers on the same work.' },
  args: {
    only: { type: 'string', description: `measure only these, with commas between: ${families.join(', ')}` },
  },
  async run({ args: { only } }) {
    const chosen = only?.split(',') ?? families;
    const unknown = chosen.filter((name) => !families.includes(name));
    if (unknown.length > 0) {
      throw new Error(`--only: expected some of ${families.join(', ')}, got ${unknown.join(', ')}`);
    }
    const flags = process.execArgv.length === 0 ? 'without engine flags' : process.execArgv.join(' ');
    const title = `Node ${process.version} ${flags}, ${cpus().length} x ${cpus()[0]?.model.trim()}, float32`;
    console.log(`${title}; threads in parentheses`);
    const contenders = contenderNames.map((name) => new Contender(name));
    const found: Section[] = [];
    try {
      for await (const section of sections(chosen, contenders)) {
        found.push(section);
        console.log(formatSection(section));
      }
    } finally {
      for (const contender of contenders) contender.stop();
      await forgetProgram();
    }
    console.log(`\n${formatBars(found)}`);
    const major = process.versions.node.split('.')[0];
    await store(['node', major, ...(only === undefined ? [] : chosen)].join('-'), title, found);
  },
});

await runMain(command);
