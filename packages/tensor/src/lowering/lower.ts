import type { DType } from '../dtype.js';
import { bytesPerElement } from '../dtype.js';
import { ShapeError } from '../errors.js';
import { MOST_ELEMENTS, sizeOf } from '../shape.js';
import type { Access } from './accesses.js';
import { binary, constantOf, forgetExpressions, load, nextName } from './expression.js';
import type { Graph } from './graph.js';
import type { Draft } from './grouping.js';
import { isFull, join, loadsOf, order, readsSamePoint } from './grouping.js';
import { axisIndex } from './index-expression.js';
import type { Group } from './kernels.js';
import { buildKernel, unite } from './kernels.js';
import { chooseMaterialized, descend, isLeaf, SOME_ELEMENTS } from './materialize.js';
import type { Lifetime } from './memory.js';
import { planMemory } from './memory.js';
import type { Buffer, Expression, Program } from './program.js';
import type { Root } from './roots.js';
import { RootBuilder } from './roots.js';
import { simplify } from './simplify.js';

/** Operations whose result holds all the numbers of their input and no others. */
const SAME_ELEMENTS = new Set(['reshape', 'permute', 'expand', 'cast']);

/** How many of the last kernels a root that needs none of them may still join. */
const RECENT = 8;

/** A buffer before memory is planned. */
interface BufferDraft {
  role: Buffer['role'];
  readonly slot: number;
  readonly dtype: DType;
  length: number;
}

/** Turns a graph into a program: simplify, choose what is stored, group into kernels, order them, plan memory. */
export function lower(original: Graph): Program {
  forgetExpressions();
  const lowering = new Lowering(simplify(original));
  return lowering.run();
}

class Lowering {
  readonly #graph: Graph;
  readonly #buffers: BufferDraft[] = [];
  readonly #bufferOf = new Map<number, number>();
  /** For each resident, the buffer that reads what it held before. */
  readonly #oldValue = new Map<number, number>();
  /** For each resident that is assigned, the buffer that writes it: the same memory under another number. */
  readonly #newValue = new Map<number, number>();
  readonly #checks: string[] = [];
  readonly #indexExtents = new Map<number, number>();
  readonly #scalarsBuffer: number;
  readonly #outputBuffers: number[] = [];

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#scalarsBuffer = this.#addBuffer('scalars', 0, 'float64', graph.scalars);
  }

  #addBuffer(role: Buffer['role'], slot: number, dtype: DType, length: number): number {
    if (length > MOST_ELEMENTS) {
      throw new ShapeError(
        `a tensor of ${length} elements cannot be stored: it has more than ${MOST_ELEMENTS}`,
      );
    }
    return this.#buffers.push({ role, slot, dtype, length }) - 1;
  }

  run(): Program {
    const { nodes, inputs } = this.#graph;
    const inputBuffers = inputs.map(({ shape, dtype }, slot) =>
      this.#addBuffer('input', slot, dtype, sizeOf(shape)),
    );
    nodes.forEach(({ operation }, id) => {
      if (operation.name === 'input') this.#bufferOf.set(id, inputBuffers[operation.slot]);
      if (operation.name === 'resident') this.#bufferOf.set(id, this.#residentBuffer(operation.slot));
    });
    const stored = [...chooseMaterialized(this.#graph)].sort((a, b) => a - b);
    const targets = this.#chooseTargets(stored);
    const builder = new RootBuilder(this.#graph, {
      bufferOf: this.#bufferOf,
      scalarsBuffer: this.#scalarsBuffer,
      addBuffer: (dtype, length, instead = this.#buffers.length) => {
        this.#buffers[instead] = { role: 'intermediate', slot: 0, dtype, length };
        return instead;
      },
    });
    const roots = [...targets].flatMap(([node, buffers]) => builder.build(node, buffers));
    // Checks read what others store, so they come last.
    roots.push(...this.#buildChecks(builder));
    const drafts = this.#group(roots);
    this.#orderOverwrites(drafts);
    const sorted = sortDrafts(drafts).map(unite);
    return this.#planned(sorted, inputBuffers);
  }

  #residentBuffer(slot: number): number {
    const { dtype, length } = this.#graph.residents[slot];
    const buffer = this.#oldValue.get(slot) ?? this.#addBuffer('resident', slot, dtype, length);
    this.#oldValue.set(slot, buffer);
    return buffer;
  }

  /** The buffers each node is stored into, its own (from which it is read) first. */
  #chooseTargets(stored: readonly number[]): Map<number, number[]> {
    const { nodes, outputs, assignments, residents } = this.#graph;
    const targets = new Map<number, number[]>(stored.map((node) => [node, []]));
    const add = (node: number, buffer: number): void => {
      targets.set(node, [...(targets.get(node) ?? []), buffer]);
    };
    outputs.forEach((node, slot) => {
      const buffer = this.#addBuffer('output', slot, nodes[node].dtype, sizeOf(nodes[node].shape));
      this.#outputBuffers.push(buffer);
      add(node, buffer);
    });
    for (const { node, resident } of assignments) {
      // A variable assigned what it holds already stays as it is.
      if (this.#bufferOf.has(node) && this.#bufferOf.get(node) === this.#oldValue.get(resident)) continue;
      const { dtype, length } = residents[resident];
      const buffer = this.#addBuffer('resident', resident, dtype, length);
      this.#newValue.set(resident, buffer);
      add(node, buffer);
    }
    for (const [node, buffers] of targets) {
      if (buffers.length === 0)
        buffers.push(this.#addBuffer('intermediate', 0, nodes[node].dtype, sizeOf(nodes[node].shape)));
      if (!isLeaf(nodes[node])) this.#bufferOf.set(node, buffers[0]);
    }
    return targets;
  }

  /** Range checks of indices and checks the graph asks for, each a pass of its own; those of inputs are the host's. */
  #buildChecks(builder: RootBuilder): Root[] {
    const { nodes } = this.#graph;
    const roots: Root[] = [];
    const addCheck = (node: number, message: string, test: (value: Expression) => Expression): void => {
      roots.push(builder.buildCheck(node, this.#checks.push(message) - 1, test));
    };
    const ranged = new Map<number, number>();
    nodes.forEach(({ operation, inputs, shape }) => {
      if (operation.name === 'check') addCheck(inputs[1], operation.message, (value) => value);
      if (operation.name !== 'gather' && operation.name !== 'scatterAdd') return;
      const gathers = operation.name === 'gather';
      const extent = gathers ? nodes[inputs[0]].shape[operation.axis] : shape[operation.axis];
      // Not through slices: what they leave out need not be an index.
      const base = descend(nodes, gathers ? inputs[1] : inputs[0], SAME_ELEMENTS, (each) =>
        this.#bufferOf.has(each),
      );
      ranged.set(base, Math.min(extent, ranged.get(base) ?? Infinity));
    });
    for (const [node, extent] of ranged) {
      const own = nodes[node].operation;
      if (own.name === 'input') {
        this.#indexExtents.set(own.slot, extent);
        continue;
      }
      const { operation, shape, inputs } = nodes[descend(nodes, node, SOME_ELEMENTS)];
      const { name } = operation;
      const places =
        name === 'argsort' || name === 'iota'
          ? shape[shape.length - 1]
          : name === 'argMax' || name === 'argMin'
            ? nodes[inputs[0]].shape[operation.axis]
            : Infinity;
      if (places <= extent) continue;
      addCheck(node, `an index is outside 0 to ${extent - 1}`, (value) =>
        binary(
          'and',
          binary('lessEqual', constantOf(0, 'int32'), value, 'bool'),
          binary('less', value, constantOf(extent, 'int32'), 'bool'),
          'bool',
        ),
      );
    }
    return roots;
  }

  #group(roots: readonly Root[]): Draft[] {
    const drafts: Draft[] = [];
    const producer = new Map<number, Draft>();
    const writesResident = ({ buffers }: Root): boolean =>
      buffers.some((buffer) => this.#buffers[buffer].role === 'resident');
    for (const root of roots) {
      const loads = new Set(loadsOf(root).map(({ buffer }) => buffer));
      const needs = new Set([...loads].flatMap((buffer) => producer.get(buffer) ?? []));
      const candidates = [...needs, ...drafts.slice(-RECENT).filter((draft) => !needs.has(draft))].reverse();
      let home = candidates.find((draft) => join(draft, root, { drafts, needs, writesResident }));
      if (!home) {
        const before = new Set([...needs].flatMap((need) => [need, ...need.before]));
        home = { roots: [root], prefix: root.axes.length, before };
        drafts.push(home);
      }
      for (const buffer of root.buffers) producer.set(buffer, home);
    }
    return drafts;
  }

  /** Overwriting a variable comes after everything that reads what it held; where that cannot be, it takes a detour. */
  #orderOverwrites(drafts: Draft[]): void {
    const readsOf = this.#buffers.map((): { draft: Draft; root: Root; read: Access }[] => []);
    const writers = new Map<number, { draft: Draft; root: Root }>();
    for (const draft of drafts) {
      for (const root of draft.roots) {
        for (const read of loadsOf(root)) readsOf[read.buffer].push({ draft, root, read });
        for (const buffer of root.buffers) writers.set(buffer, { draft, root });
      }
    }
    for (const [slot, target] of this.#newValue) {
      const old = this.#oldValue.get(slot);
      const writer = writers.get(target);
      if (old === undefined || !writer) continue;
      const reads = readsOf[old];
      const inPlace = reads.every(({ draft, root, read }) =>
        draft === writer.draft
          ? !writer.root.statements && isFull(draft) && readsSamePoint(read, root, writer.root)
          : order(drafts, draft, writer.draft),
      );
      if (inPlace) continue;
      this.#buffers[target].role = 'intermediate';
      const { length, dtype } = this.#buffers[target];
      const axis = nextName();
      const index = axisIndex(axis, length);
      const copy: Root = {
        axes: length === 1 ? [] : [{ axis, extent: length }],
        reductions: [],
        value: load(target, index, dtype),
        buffers: [old],
        index,
        names: ['copy'],
        nodes: [],
      };
      const draft: Draft = { roots: [copy], prefix: copy.axes.length, before: new Set() };
      drafts.push(draft);
      for (const earlier of [writer, ...reads].map((each) => each.draft)) order(drafts, earlier, draft);
    }
  }

  #planned(sorted: readonly Group[], inputBuffers: readonly number[]): Program {
    this.#addBuffer('flags', 0, 'int32', this.#checks.length);
    const uses = this.#buffers.map((): number[] => []);
    const needed = new Set<number>();
    sorted.forEach(({ roots }, i) => {
      for (const root of roots) {
        for (const { buffer } of loadsOf(root)) {
          needed.add(buffer);
          uses[buffer].push(i);
        }
        for (const buffer of root.buffers) uses[buffer].push(i);
      }
    });
    // Intermediates that nobody reads, because their only readers take the value from a register.
    const unread = new Set<number>();
    this.#buffers.forEach((buffer, number) => {
      if (buffer.role !== 'intermediate' || needed.has(number)) return;
      unread.add(number);
      buffer.length = 0;
    });
    const lifetimes = this.#buffers.map(({ role, dtype, length }, buffer): Lifetime => {
      const fromHost = role === 'input' || role === 'scalars' || role === 'flags';
      return {
        bytes: role === 'resident' ? 0 : length * bytesPerElement(dtype),
        first: fromHost ? -1 : (uses[buffer].at(0) ?? 0),
        last: role === 'output' || role === 'flags' ? sorted.length : (uses[buffer].at(-1) ?? -1),
      };
    });
    const kernels = sorted.map(({ roots, prefix }) => {
      const kept = roots.map((root) => ({
        ...root,
        buffers: root.buffers.filter((each) => !unread.has(each)),
      }));
      return buildKernel({ roots: kept, prefix });
    });
    const { offsets, bytes } = planMemory(lifetimes);
    const { nodes, outputs, inputs, residents, scalars } = this.#graph;
    return {
      graph: this.#graph,
      buffers: this.#buffers.map((buffer, i) => ({ ...buffer, offset: offsets[i] })),
      kernels,
      arenaBytes: bytes,
      inputs: inputs.map((input, slot) => ({
        ...input,
        buffer: inputBuffers[slot],
        indexExtent: this.#indexExtents.get(slot),
      })),
      outputs: outputs.map((node, slot) => {
        const { shape, dtype } = nodes[node];
        return { shape, dtype, buffer: this.#outputBuffers[slot] };
      }),
      residents: residents.length,
      scalars,
      checks: this.#checks,
    };
  }
}

/** Kernels in an order in which each follows what it needs, otherwise as the graph was written. */
function sortDrafts(drafts: readonly Draft[]): Draft[] {
  const done = new Set<Draft>();
  while (done.size < drafts.length) {
    for (const draft of drafts) if ([...draft.before].every((each) => done.has(each))) done.add(draft);
  }
  return [...done];
}
